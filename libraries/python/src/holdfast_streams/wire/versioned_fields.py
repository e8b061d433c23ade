"""Metadata values whose first field is their version."""

from __future__ import annotations

from .fields import FieldReader, WireError, WireViolation

#: Field 1 of each value.
VERSION = 1
#: The highest number of a field that servers keep in 31 bits.
INT_MAX = (1 << 31) - 1


def open_versioned(data: bytes, most_bytes: int) -> FieldReader:
    """
    A reader of the fields behind the version.

    Raises WireError when the value has more than ``most_bytes`` bytes, or another version.
    """
    if len(data) > most_bytes:
        raise WireError(WireViolation.TOO_LONG, f"{len(data)} bytes > {most_bytes}")
    reader = FieldReader(data, 0, len(data))
    require(reader.next() == 1, "no version")
    version = reader.varint(INT_MAX)
    require(version == VERSION, f"version {version} (expected: {VERSION})")
    return reader


def require(holds: bool, what: str) -> None:
    """Raises WireError unless a condition of the protocol holds."""
    if not holds:
        raise WireError(WireViolation.BAD_VALUE, what)
