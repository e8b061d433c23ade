"""Protobuf fields in ascending order, each once and in its shortest encoding."""

from __future__ import annotations

from enum import Enum

_VARINT = 0
_LENGTH_DELIMITED = 2
#: The longest encoding of a value below 2^63: nine times seven bits.
_VARINT_BYTES = 9
#: The highest position, and the highest number of a probe.
HIGHEST = (1 << 63) - 1


class WireViolation(Enum):
    """The reason why bytes of a peer were refused."""

    TRUNCATED = "TRUNCATED"
    TOO_LONG = "TOO_LONG"
    NOT_CANONICAL = "NOT_CANONICAL"
    UNKNOWN_FIELD = "UNKNOWN_FIELD"
    BAD_VALUE = "BAD_VALUE"


class WireError(Exception):
    """Bytes of a peer that do not follow docs/duplex-v1.md."""

    def __init__(self, violation: WireViolation, message: str) -> None:
        super().__init__(message)
        self.violation = violation


class FieldReader:
    """A reader of fields; each value has a single valid encoding, so its length is that of the encoding."""

    def __init__(self, data: bytes, offset: int, end: int) -> None:
        self._data = data
        self._at = offset
        self._end = end
        self._number = 0
        self._wire_type = 0

    def next(self) -> int:
        """The number of the next field; 0 at the end."""
        if self._at == self._end:
            return 0
        key = self._data[self._at]
        self._at += 1
        # One byte: the protocol's own fields have numbers up to 15.
        number = key >> 3
        if key >= 0x80 or number == 0:
            raise WireError(WireViolation.UNKNOWN_FIELD, f"key {key}")
        if number <= self._number:
            raise WireError(WireViolation.NOT_CANONICAL, f"field {number} after {self._number}")
        self._number = number
        self._wire_type = key & 7
        return number

    def varint(self, most: int = HIGHEST) -> int:
        """The varint of this field, from 1 to ``most``, as what is zero is absent."""
        value = self._read(_VARINT)
        if value > most:
            raise WireError(WireViolation.BAD_VALUE, f"field {self._number}: {value} > {most}")
        return value

    def data(self, most: int) -> bytes:
        """The bytes of this field, from 1 to ``most`` of them."""
        length = self._read(_LENGTH_DELIMITED)
        if length > most:
            raise WireError(WireViolation.TOO_LONG, f"field {self._number}: {length} > {most}")
        if length > self._end - self._at:
            raise WireError(WireViolation.TRUNCATED, f"field {self._number}")
        self._at += length
        return bytes(self._data[self._at - length : self._at])

    def unknown_field(self) -> WireError:
        """The error for a field that this version does not have."""
        return WireError(WireViolation.UNKNOWN_FIELD, f"field {self._number}")

    def _read(self, wire_type: int) -> int:
        if self._wire_type != wire_type:
            raise WireError(WireViolation.UNKNOWN_FIELD, f"field {self._number} of type {self._wire_type}")
        value = 0
        for i in range(_VARINT_BYTES):
            if self._at == self._end:
                raise WireError(WireViolation.TRUNCATED, f"field {self._number}")
            byte = self._data[self._at]
            self._at += 1
            value |= (byte & 0x7F) << (7 * i)
            if byte < 0x80:
                if byte == 0:
                    what = "not the shortest" if i > 0 else "zero"
                    raise WireError(WireViolation.NOT_CANONICAL, f"field {self._number}: {what}")
                return value
        raise WireError(WireViolation.BAD_VALUE, f"field {self._number}: larger than 2^63-1")


def write_varint(out: bytearray, value: int) -> None:
    """Appends a varint."""
    while value >= 0x80:
        out.append((value & 0x7F) | 0x80)
        value >>= 7
    out.append(value)


def write_number(out: bytearray, field: int, value: int) -> None:
    """Appends a field, unless it is zero."""
    if value:
        out.append(field << 3 | _VARINT)
        write_varint(out, value)


def write_bytes(out: bytearray, field: int, value: bytes) -> None:
    """Appends a field, unless it is empty."""
    if value:
        out.append(field << 3 | _LENGTH_DELIMITED)
        write_varint(out, len(value))
        out += value
