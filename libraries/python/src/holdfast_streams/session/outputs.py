"""What a session asks its owner to do, and what ends it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

from ..wire.frame_header import FrameHeader
from ..wire.handshake import Hello
from ..wire.session_handover import SessionHandover
from .attachment import Attachment


class EndKind(Enum):
    """The kind of a session's end."""

    #: The final status of the server.
    FINISHED = "FINISHED"
    CANCELLED = "CANCELLED"
    DEADLINE = "DEADLINE"
    #: The server's instance leaves, and no other one takes the session; both sides know exactly what was processed.
    MOVED = "MOVED"
    #: The server knows no sessions, and its call ended with this status.
    PLAIN = "PLAIN"
    #: The server knows nothing of the session.
    LOST_UNKNOWN = "LOST_UNKNOWN"
    #: The session's time without an attachment was over.
    LOST_EXPIRED = "LOST_EXPIRED"
    #: A side no longer holds messages that the other one needs.
    LOST_GAP = "LOST_GAP"
    #: The server refused the token.
    LOST_DENIED = "LOST_DENIED"
    #: Several attachments in a row ended at the same message.
    LOST_STUCK = "LOST_STUCK"
    #: The stream was ended by a status that repeating can't change.
    LOST_REFUSED = "LOST_REFUSED"
    #: No server could be reached for as long as one would have kept the session.
    LOST_UNREACHABLE = "LOST_UNREACHABLE"

    @property
    def is_lost(self) -> bool:
        """Whether the application is told of a lost session."""
        return self.name.startswith("LOST_")


@dataclass(frozen=True, slots=True)
class SessionEnd:
    """The end of a session, reported to the application once."""

    kind: EndKind
    #: Everything up to here was processed by the server; later messages may have been, except with MOVED.
    processed_by_peer: int
    #: Everything up to here was processed by this side.
    processed_here: int
    #: The gRPC status code with FINISHED and PLAIN.
    status: int = 0
    #: The body of the final frame with FINISHED.
    body: bytes = b""


class Scope(Enum):
    """How much ended with a physical call."""

    #: The connection, or there was none.
    CONNECTION = auto()
    #: There was none, and certainly no server got anything of the call.
    UNREACHED = auto()
    #: The call alone, by a reset.
    STREAM = auto()
    #: The call, with a status of the server or of a hop.
    STATUS = auto()


#: The gRPC status codes that the session tells apart.
PERMISSION_DENIED = 7
RESOURCE_EXHAUSTED = 8
UNIMPLEMENTED = 12
UNAVAILABLE = 14
UNAUTHENTICATED = 16
_TRANSIENT = (RESOURCE_EXHAUSTED, UNAUTHENTICATED, PERMISSION_DENIED)


@dataclass(frozen=True, slots=True)
class CallClosure:
    """The end of an attachment's physical call."""

    scope: Scope
    status: int

    @property
    def is_transient(self) -> bool:
        """Whether the next attempt may well be let in, as with a load shedder."""
        return self.scope is Scope.STATUS and self.status in _TRANSIENT

    @property
    def is_permanent(self) -> bool:
        """Whether another attempt would end the same way."""
        return self.is_transient or (self.scope is Scope.STATUS and self.status == UNIMPLEMENTED)


CONNECTION_LOST = CallClosure(Scope.CONNECTION, UNAVAILABLE)


class CloseReason(Enum):
    """The reason why a session closes one of its attachments."""

    #: The session is over and the server knows: half-close, and read to the end of the call.
    DONE = "DONE"
    #: A newer attachment carries the session.
    REPLACED = "REPLACED"
    #: The server broke the protocol.
    PROTOCOL_ERROR = "PROTOCOL_ERROR"
    #: The server said nothing for too long.
    SILENT = "SILENT"
    #: The older attachment received data again, or the session ended.
    UNNEEDED = "UNNEEDED"


@dataclass(slots=True)
class StartCall:
    """Begin a call with this hello and hand-over; ``address`` is host:port, or "" for the channel's own choice."""

    attachment: Attachment
    hello: Hello
    address: str
    handover: SessionHandover


@dataclass(slots=True)
class Send:
    """Write one message; a plain server sees no header."""

    attachment: Attachment
    header: FrameHeader | None
    body: bytes


@dataclass(slots=True)
class Request:
    """Ask the call for one more message."""

    attachment: Attachment


@dataclass(slots=True)
class HalfClose:
    """Half-close the call, because a plain server may wait for it."""

    attachment: Attachment


@dataclass(slots=True)
class EndCall:
    """End the call."""

    attachment: Attachment
    why: CloseReason


@dataclass(slots=True)
class Deliver:
    """Hand a message to the application, which says by ``ClientSession.processed`` when it is done."""

    seq: int
    body: bytes


@dataclass(slots=True)
class Restarted:
    """The next message is the first one of a handler that began anew; handlers before it have sent so many."""

    messages: int


@dataclass(slots=True)
class Ready:
    """There is room for messages again."""


@dataclass(slots=True)
class Waiting:
    """There has been no attachment for a while; attempts go on for at most so many milliseconds."""

    left_millis: float


@dataclass(slots=True)
class Resumed:
    """After Waiting: an attachment carries the session again."""


@dataclass(slots=True)
class Ended:
    """The end of the session; comes once."""

    end: SessionEnd


#: An action; actions are executed in the order in which they are polled.
SessionOutput = StartCall | Send | Request | HalfClose | EndCall | Deliver | Restarted | Ready | Waiting | Resumed | Ended
