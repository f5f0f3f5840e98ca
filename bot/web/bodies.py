"""Reading request bodies within bounds, before and after decompression."""

from __future__ import annotations

import zlib

from starlette.requests import ClientDisconnect, Request

from core.errors import TooLarge, Unreadable

_CHUNK = 1 << 20


async def read_body(request: Request, limit: int) -> bytes:
    """The whole body, decompressed when it says gzip.

    Raises:
      TooLarge: more than `limit` bytes, counted after decompression; reading stops there.
      Unreadable: gzip that is none, an encoding that is not understood, or a sender that hung up.
    """
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > limit:
        raise _too_large(limit)
    encoding = request.headers.get("content-encoding", "identity").strip().lower()
    if encoding not in ("identity", "", "gzip"):
        raise Unreadable(f"Content-Encoding {encoding[:20]} is not understood; send gzip or none.")
    unpacker = zlib.decompressobj(wbits=31) if encoding == "gzip" else None
    parts: list[bytes] = []
    size = 0
    try:
        async for chunk in request.stream():
            rest = chunk
            while rest:
                part = unpacker.decompress(rest, _CHUNK) if unpacker else rest
                rest = unpacker.unconsumed_tail if unpacker else b""
                size += len(part)
                if size > limit:
                    raise _too_large(limit)
                parts.append(part)
    except zlib.error as broken:
        raise Unreadable(f"The body says gzip, but it is not: {broken}.") from broken
    except ClientDisconnect as gone:
        raise Unreadable("The sender hung up before the body was complete; nothing of it was recorded.") from gone
    if unpacker and parts and not unpacker.eof:
        raise Unreadable("The gzip body ends too early; nothing of it was recorded.")
    return b"".join(parts)


def _too_large(limit: int) -> TooLarge:
    return TooLarge(f"The body is larger than {limit // (1 << 20)} MiB. Send the events in several requests.")
