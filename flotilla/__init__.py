"""What users of a Flotilla install: `flotilla.client`.

It knows the HTTP API and nothing else of this repository; `pip install "flotilla[client]"` brings
httpx with it, and no more.
"""
