"""The handshake of an attachment: hello, welcome and refusal, each one binary metadata value."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from .fields import WireError, WireViolation, write_bytes, write_number
from .frame_header import HIGHEST_TAG
from .versioned_fields import INT_MAX, VERSION, open_versioned, require

#: The metadata key of hello (request headers), welcome (response headers) and refusal (trailers).
HANDSHAKE_KEY = "holdfast-stream-bin"
#: Positions that a client may send before it knows the server's credit.
INITIAL_CREDIT = 16
#: Limit of a duration in a handshake, 100 days; more is refused.
MAX_MILLIS = 100 * 24 * 3600 * 1000

_MAX_BYTES = 1024
_MAX_TOKEN_BYTES = 320
_MAX_ADDRESS_BYTES = 255
_SESSION_BYTES = 16
_SIGNATURE_BYTES = 32


@dataclass(slots=True)
class Hello:
    """The handshake of a client at the beginning of each attachment."""

    #: Id of the session: 16 random bytes.
    session: bytes
    #: Number of the attachment, from 1, strictly ascending: the fencing token.
    attach: int
    #: Tag in the frames of this attachment, 1 to 2^32-1.
    tag: int
    #: The client has committed everything up to here.
    watermark: int
    #: Lowest position that the client still holds; one more than the last when it holds none.
    low: int
    credit: int
    #: Milliseconds until the deadline of the session; 0 for none.
    remaining: int = 0
    #: Whether no server can have got a message of an earlier attachment.
    untouched: bool = False
    token: bytes = b""
    #: The most milliseconds that will have passed since the session began; 0 when nothing depends on it.
    age: int = 0
    #: Number of the attachment that got messages and was not welcomed; 0 when there is none.
    touched_by: int = 0

    def to_bytes(self) -> bytes:
        """The metadata value."""
        out = bytearray()
        write_number(out, 1, VERSION)
        write_bytes(out, 2, self.session)
        write_number(out, 3, self.attach)
        write_number(out, 4, self.tag)
        write_number(out, 5, self.watermark)
        write_number(out, 6, self.low)
        write_number(out, 7, self.credit)
        write_number(out, 8, self.remaining)
        write_number(out, 9, int(self.untouched))
        write_bytes(out, 10, self.token)
        write_number(out, 11, self.age)
        write_number(out, 12, self.touched_by)
        return bytes(out)

    @staticmethod
    def parse(data: bytes) -> Hello:
        """Decodes a hello, as a server does. Raises WireError when it is malformed."""
        reader = open_versioned(data, _MAX_BYTES)
        hello = Hello(b"", 0, 0, 0, 0, 0)
        while field := reader.next():
            match field:
                case 2:
                    hello.session = reader.data(_SESSION_BYTES)
                case 3:
                    hello.attach = reader.varint()
                case 4:
                    hello.tag = reader.varint(HIGHEST_TAG)
                case 5:
                    hello.watermark = reader.varint()
                case 6:
                    hello.low = reader.varint()
                case 7:
                    hello.credit = reader.varint()
                case 8:
                    hello.remaining = reader.varint(MAX_MILLIS)
                case 9:
                    hello.untouched = reader.varint(1) == 1
                case 10:
                    hello.token = reader.data(_MAX_TOKEN_BYTES)
                case 11:
                    hello.age = reader.varint(MAX_MILLIS)
                case 12:
                    hello.touched_by = reader.varint()
                case _:
                    raise reader.unknown_field()
        require(len(hello.session) == _SESSION_BYTES, f"session: {len(hello.session)} bytes (expected: 16)")
        require(hello.attach > 0, "attach: 0 (expected: >= 1)")
        require(hello.tag > 0, "tag: 0 (expected: >= 1)")
        require(hello.low > 0, "low: 0 (expected: >= 1)")
        return hello


@dataclass(slots=True)
class Welcome:
    """The acceptance of an attachment by a server."""

    token: bytes
    #: The server has committed everything up to here.
    watermark: int
    #: Lowest position that the server still holds; one more than the last when it holds none.
    low: int
    credit: int
    #: Milliseconds for which a session without an attachment is kept.
    ttl: int
    #: The client acknowledges after so many messages; 0: as its own options say.
    ack_every: int = 0
    #: The client acknowledges after so many milliseconds; 0: as its own options say.
    ack_delay: int = 0
    #: The client adds a random part of so many milliseconds to its next delays.
    spread: int = 0

    @staticmethod
    def parse(data: bytes) -> Welcome:
        """Decodes a welcome. Raises WireError when it is malformed."""
        reader = open_versioned(data, _MAX_BYTES)
        welcome = Welcome(b"", 0, 0, 0, 0)
        while field := reader.next():
            match field:
                case 2:
                    welcome.token = reader.data(_MAX_TOKEN_BYTES)
                case 3:
                    welcome.watermark = reader.varint()
                case 4:
                    welcome.low = reader.varint()
                case 5:
                    welcome.credit = reader.varint()
                case 6:
                    welcome.ttl = reader.varint(MAX_MILLIS)
                case 7:
                    welcome.ack_every = reader.varint(INT_MAX)
                case 8:
                    welcome.ack_delay = reader.varint(MAX_MILLIS)
                case 9:
                    welcome.spread = reader.varint(MAX_MILLIS)
                case _:
                    raise reader.unknown_field()
        require(bool(welcome.token), "token: none")
        require(welcome.low > 0, "low: 0 (expected: >= 1)")
        require(welcome.ttl > 0, "ttl: 0 (expected: >= 1)")
        return welcome


class RefusalCode(IntEnum):
    """The reason of a refusal."""

    UNKNOWN = 1
    EXPIRED = 2
    GAP = 3
    FENCED = 4
    MOVED = 5
    BUSY = 6
    DENIED = 7


@dataclass(slots=True)
class Refusal:
    """The refusal of an attachment by a server."""

    code: RefusalCode
    #: With MOVED: host:port of the instance that holds the session; "" otherwise.
    address: str = ""
    #: With BUSY: milliseconds before the next attempt.
    retry_after: int = 0
    #: Last position of the client known to be processed; 0 when it is not known.
    processed: int = 0

    @staticmethod
    def parse(data: bytes) -> Refusal:
        """Decodes a refusal. Raises WireError when it is malformed."""
        reader = open_versioned(data, _MAX_BYTES)
        code = 0
        address = b""
        retry_after = 0
        processed = 0
        while field := reader.next():
            match field:
                case 2:
                    code = reader.varint(len(RefusalCode))
                case 3:
                    address = reader.data(_MAX_ADDRESS_BYTES)
                case 4:
                    retry_after = reader.varint(MAX_MILLIS)
                case 5:
                    processed = reader.varint()
                case _:
                    raise reader.unknown_field()
        require(code > 0, "code: 0 (expected: 1 to 7)")
        require((code == RefusalCode.MOVED) == bool(address), "address: with MOVED and only with it")
        try:
            text = address.decode()
        except UnicodeDecodeError:
            raise WireError(WireViolation.BAD_VALUE, "address: no UTF-8") from None
        return Refusal(RefusalCode(code), text, retry_after, processed)


def owner_of(token: bytes) -> str:
    """The address of the instance that a token names; "" when any instance will do."""
    return token[:-_SIGNATURE_BYTES].decode(errors="replace")
