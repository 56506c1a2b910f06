"""Callers of a cloud: so many at once, each with one connection, for some seconds.

A process of its own, `python -m tests.bench.callers URL KEY CALLERS SECONDS`, which prints what
each answer took and how many were refused, as JSON.
"""

import asyncio
import json
import sys
from time import perf_counter
from urllib.parse import urlsplit

from tests.bench.questions import QUESTIONS


def main() -> None:
    """Call, and print `{"ms": [...], "refused": n, "seconds": s}`."""
    url, key, callers, seconds = sys.argv[1:]
    print(json.dumps(asyncio.run(_all(url, key, int(callers), float(seconds)))))


async def _all(url: str, key: str, callers: int, seconds: float) -> dict[str, object]:
    host = urlsplit(url).netloc
    request = _request(host, key)
    taken: list[float] = []
    started = perf_counter()
    refused = await asyncio.gather(
        *(_one(host, request, taken, started + seconds) for _ in range(callers))
    )
    return {"ms": taken, "refused": sum(refused), "seconds": perf_counter() - started}


def _request(host: str, key: str) -> bytes:
    event = QUESTIONS[0].event
    body: str = event["body"]
    head = (
        f"POST {event['path']} HTTP/1.1\r\nHost: {host}\r\nx-api-key: {key}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return (head + body).encode()


async def _one(host: str, request: bytes, taken: list[float], end: float) -> int:
    """Call again and again until `end`; the number of answers that were none."""
    name, _, port = host.partition(":")
    reader, writer = await asyncio.open_connection(name, int(port))
    refused = 0
    while (asked := perf_counter()) < end:
        writer.write(request)
        status, *headers = (await reader.readuntil(b"\r\n\r\n")).lower().split(b"\r\n")
        length = next(line for line in headers if line.startswith(b"content-length:"))
        await reader.readexactly(int(length.partition(b":")[2]))
        if b" 200 " in status + b" ":
            taken.append((perf_counter() - asked) * 1000)
        else:
            refused += 1
    writer.close()
    return refused


if __name__ == "__main__":
    main()
