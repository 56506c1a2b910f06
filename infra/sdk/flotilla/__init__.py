"""What users of a Flotilla install: `flotilla.client`.

It knows the HTTP API and nothing else of this repository; the extra `client` brings httpx with it,
and no more.
"""
