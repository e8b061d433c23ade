"""The body of the final frame: the description of the status, and its trailers."""

from __future__ import annotations

from collections.abc import Iterator

#: Limit of the trailers that are read; the rest is dropped.
_MAX_TRAILERS = 256
_LENGTH_DELIMITED = 2
_LONGEST_LENGTH_BYTES = 5


def read_final_status(data: bytes) -> tuple[str, list[tuple[str, str | bytes]]] | None:
    """
    The description and the trailers in their order. A key that ends in ``-bin`` has bytes, any other one text.

    Returns None when the body can't be read: the code of the status stands in the header.
    """
    description = ""
    trailers: list[tuple[str, str | bytes]] = []
    try:
        for field, value in _fields(data):
            if field == 1:
                description = value.decode(errors="replace")
            elif field == 2 and len(trailers) < _MAX_TRAILERS:
                entry = dict(_fields(value))
                key = entry.get(1, b"").decode("latin-1")
                raw = entry.get(2, b"")
                trailers.append((key, raw if key.endswith("-bin") else raw.decode("latin-1")))
    except ValueError:
        return None
    return description, trailers


def _fields(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Length-delimited fields, one after the other; anything else is a ValueError."""
    at = 0
    while at < len(data):
        key = data[at]
        at += 1
        length = 0
        for i in range(_LONGEST_LENGTH_BYTES):
            if at == len(data):
                raise ValueError("no length")
            byte = data[at]
            at += 1
            length |= (byte & 0x7F) << (7 * i)
            if byte < 0x80:
                break
        if key & 7 != _LENGTH_DELIMITED or length > len(data) - at:
            raise ValueError("no field")
        yield key >> 3, data[at : at + length]
        at += length
