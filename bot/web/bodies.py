"""Reading request bodies within bounds, before and after decompression."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator

from starlette.requests import ClientDisconnect, Request

from core.errors import TooLarge, Unreadable

_CHUNK = 1 << 20
_WINDOWS = {"gzip": 31, "x-gzip": 31, "deflate": 15}
"""Content-Encoding → window size by which zlib reads it, checksums included. HTTP's deflate is the zlib format (RFC 9110, 8.4.1)."""
_RAW = -15
"""Window size of deflate without that format's head, which some send all the same."""


def _unweighed(_: int) -> None:
    """For a body whose limit is bound enough."""


async def read_body(request: Request, limit: int, weigh: Callable[[int], None] = _unweighed) -> bytes:
    """The whole body, decompressed when it says gzip or deflate.

    Args:
      weigh: told the size of every part before it is kept; may raise.

    Raises:
      TooLarge: more than `limit` bytes, counted after decompression; reading stops there.
      Unreadable: gzip or deflate that is none, an encoding that is not understood, or a sender that hung up.
    """
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > limit:
        raise _too_large(limit)
    encoding = request.headers.get("content-encoding", "identity").strip().lower()
    if encoding not in ("identity", "", *_WINDOWS):
        raise Unreadable(f"Content-Encoding {encoding[:20]} is not understood; send gzip, deflate or none.")
    unpacker = _Unpacker(_WINDOWS[encoding]) if encoding in _WINDOWS else None
    parts: list[bytes] = []
    size = 0
    try:
        async for chunk in request.stream():
            for part in unpacker.parts(chunk) if unpacker else (chunk,):
                size += len(part)
                if size > limit:
                    raise _too_large(limit)
                weigh(len(part))
                parts.append(part)
    except zlib.error as broken:
        raise Unreadable(f"The body says {encoding}, but it is not: {broken}.") from broken
    except ClientDisconnect as gone:
        raise Unreadable("The sender hung up before the body was complete; nothing of it was recorded.") from gone
    if unpacker and parts and not unpacker.is_complete:
        raise Unreadable(f"The {encoding} body ends too early; nothing of it was recorded.")
    return b"".join(parts)


class _Unpacker:
    """Decompresses as it comes, in parts of at most `_CHUNK` bytes, so that a bomb is noticed before it is unpacked."""

    def __init__(self, window: int) -> None:
        self._window = window
        self._member = zlib.decompressobj(wbits=window)
        self._is_fresh = True

    @property
    def is_complete(self) -> bool:
        return self._member.eof

    def parts(self, chunk: bytes) -> Iterator[bytes]:
        """What this chunk adds. Raises zlib.error."""
        if self._is_fresh and chunk:
            self._is_fresh = False
            if self._window > 0 and self._window < 16 and not _has_zlib_head(chunk):
                self._window = _RAW
                self._member = zlib.decompressobj(wbits=_RAW)
        part = b""
        while chunk or len(part) == _CHUNK:
            if self._member.eof:
                if not chunk:
                    return
                # gzip files joined end to end are one gzip file (RFC 1952, section 2.2).
                self._member = zlib.decompressobj(wbits=self._window)
            part = self._member.decompress(chunk, _CHUNK)
            chunk = self._member.unconsumed_tail or self._member.unused_data
            yield part


def _has_zlib_head(start: bytes) -> bool:
    """By RFC 1950: method 8, and a multiple of 31. Of a first part of one byte only the method can be seen."""
    return start[0] & 0x0F == 8 and (len(start) < 2 or (start[0] << 8 | start[1]) % 31 == 0)


def _too_large(limit: int) -> TooLarge:
    return TooLarge(f"The body is larger than {limit // (1 << 20)} MiB. Send the events in several requests.")
