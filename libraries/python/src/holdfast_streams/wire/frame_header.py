"""The header before the bytes of a message: one protobuf field of the number 536870911."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntFlag

from .fields import FieldReader, WireError, WireViolation, write_number

#: Varint of ``536870911 << 3 | 2``.
_KEY = bytes((0xFA, 0xFF, 0xFF, 0xFF, 0x0F))
_PREFIX_BYTES = len(_KEY) + 1
#: Limit of a header's content; a longer one breaks the attachment.
_MAX_CONTENT_BYTES = 80
#: A header never takes more; limits of messages have to leave so much room.
LARGEST_HEADER_BYTES = _PREFIX_BYTES + _MAX_CONTENT_BYTES
#: The highest tag of an attachment.
HIGHEST_TAG = 0xFFFF_FFFF
_ALL_FLAGS = 255
_HIGHEST_STATUS = 16


class Flag(IntFlag):
    """The flags of a frame, of which a header has the sum."""

    #: The final status, at position ``seq``; the body is its description and trailers. Of a server.
    FINAL = 1
    #: The half-close of the client, at position ``seq``; there is no body.
    HALF_CLOSE = 2
    #: The client's application cancelled; without a position, and repeated until it is answered.
    CANCEL = 4
    #: The server wants this attachment replaced by another one.
    DRAIN = 8
    #: With DRAIN: the instance and its sessions end, so send nothing new and settle.
    LEAVING = 16
    #: The client's answer to LEAVING: nothing was sent after position ``low``.
    SETTLED = 32
    #: The frame answers the peer's ``probe``.
    ECHO = 64
    #: With FINAL: the settled end of a session whose instance leaves, instead of a status.
    MOVED = 128


# Plain numbers, as the operators of an enumeration are slow.
FINAL = int(Flag.FINAL)
HALF_CLOSE = int(Flag.HALF_CLOSE)
CANCEL = int(Flag.CANCEL)
DRAIN = int(Flag.DRAIN)
LEAVING = int(Flag.LEAVING)
SETTLED = int(Flag.SETTLED)
ECHO = int(Flag.ECHO)
MOVED = int(Flag.MOVED)
_OF_SERVER = FINAL | DRAIN | LEAVING | ECHO | MOVED


@dataclass(slots=True)
class FrameHeader:
    """A header; what is zero is absent on the wire."""

    #: Tag of the attachment, 1 to 2^32-1; a header with another one is somebody else's unknown field.
    tag: int
    #: Position of this message, half-close or final status; 0 in a frame without one.
    seq: int = 0
    #: The sender has committed everything up to this position.
    ack: int = 0
    #: The sender is ready for positions up to this one.
    credit: int = 0
    flags: int = 0
    #: With SETTLED: the last position that the client sent; 0 otherwise.
    low: int = 0
    #: With FINAL: the gRPC status code.
    status: int = 0
    #: A number that the peer sends back with ECHO; 0 asks nothing.
    probe: int = 0

    def is_of_server(self) -> bool:
        """Whether it says nothing that only a client may say."""
        status_fits = self.flags & FINAL or (self.status == 0 and not self.flags & MOVED)
        return not self.flags & ~_OF_SERVER and self.low == 0 and bool(status_fits)


def write_frame(header: FrameHeader, body: bytes) -> bytes:
    """The bytes of a gRPC message: the header, then the body."""
    out = bytearray(_KEY)
    out.append(0)
    write_number(out, 1, header.tag)
    write_number(out, 2, header.seq)
    write_number(out, 3, header.ack)
    write_number(out, 4, header.credit)
    write_number(out, 5, header.flags)
    write_number(out, 6, header.low)
    write_number(out, 7, header.status)
    write_number(out, 8, header.probe)
    out[len(_KEY)] = len(out) - _PREFIX_BYTES
    out += body
    return bytes(out)


def read_frame(data: bytes) -> tuple[FrameHeader, bytes] | None:
    """
    Reads the header at the beginning of a message, and what is behind it.

    Returns None when the message does not begin with such a field. Raises WireError when it does, and the field is not
    a header.
    """
    if not data.startswith(_KEY):
        return None
    if len(data) == len(_KEY):
        raise WireError(WireViolation.TRUNCATED, "header without a length")
    content = data[len(_KEY)]
    if content > _MAX_CONTENT_BYTES:
        raise WireError(WireViolation.TOO_LONG, f"header of more than {_MAX_CONTENT_BYTES} bytes")
    end = _PREFIX_BYTES + content
    if end > len(data):
        raise WireError(WireViolation.TRUNCATED, f"header of {content} bytes")
    return _read_content(FieldReader(data, _PREFIX_BYTES, end)), data[end:]


def _read_content(reader: FieldReader) -> FrameHeader:
    header = FrameHeader(tag=0)
    while field := reader.next():
        match field:
            case 1:
                header.tag = reader.varint(HIGHEST_TAG)
            case 2:
                header.seq = reader.varint()
            case 3:
                header.ack = reader.varint()
            case 4:
                header.credit = reader.varint()
            case 5:
                header.flags = reader.varint(_ALL_FLAGS)
            case 6:
                header.low = reader.varint()
            case 7:
                header.status = reader.varint(_HIGHEST_STATUS)
            case 8:
                header.probe = reader.varint()
            case _:
                raise reader.unknown_field()
    if header.tag == 0:
        raise WireError(WireViolation.BAD_VALUE, "tag: 0 (expected: >= 1)")
    return header
