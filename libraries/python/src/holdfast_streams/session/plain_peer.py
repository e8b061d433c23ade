"""How a client decides whether a silent server has sessions."""

from __future__ import annotations

from enum import Enum, auto

from ..wire.frame_header import HALF_CLOSE
from ..wire.handshake import INITIAL_CREDIT
from .attachment import Attachment
from .deadlines import Deadlines
from .options import SessionOptions
from .send_buffer import SendBuffer


class Peer(Enum):
    """
    What is known of the server before the first attachment, from earlier sessions of its channel, and of the same method when
    it is not bidirectional.
    """

    UNKNOWN = auto()
    HOLDFAST = auto()
    LIKELY_PLAIN = auto()


class MethodKind(Enum):
    """
    The cardinality of a method, as the application sees it. The wire does not carry it: it decides what a client says before
    it knows whether its server has sessions, because one without them may answer only when it has heard everything.
    """

    BIDIRECTIONAL = auto()
    SERVER_STREAMING = auto()
    CLIENT_STREAMING = auto()


class FallbackStep(Enum):
    """What is done after a time of silence."""

    #: Give up: the application is done, and nobody has to be told.
    GIVE_UP = auto()
    #: Write before the welcome, although the first message was to wait for it.
    WRITE = auto()
    #: Half-close the request side, with nothing else left to send.
    HALF_CLOSE = auto()
    #: Write beyond the initial credit, and keep everything.
    WRITE_ON = auto()
    #: Take the server for one without sessions.
    PLAIN = auto()


class PlainPeerDetector:
    """
    The steps by which a client decides whether a silent server has sessions. One without sessions may send nothing until it
    gets messages for which one with sessions would not have to wait. In a method in one direction the steps are taken
    at once, unless the same method has found sessions before.
    """

    def __init__(self, options: SessionOptions) -> None:
        self._options = options
        self.may_be_plain = False
        self._peer = Peer.HOLDFAST
        self._kind = MethodKind.BIDIRECTIONAL

    def begin(self, peer: Peer, kind: MethodKind) -> None:
        """Starts with what is known of the server."""
        self._peer = peer
        self._kind = kind
        # An instance without the method's sessions may stand beside those with them, and would wait for ever.
        may_differ = self._is_one_direction and self._options.first_message == "at-once"
        self.may_be_plain = peer is not Peer.HOLDFAST or may_differ

    def end(self) -> None:
        """The server has shown that it knows sessions."""
        self.may_be_plain = False

    def may_stay_silent(self, opening: Attachment) -> bool:
        """A plain server's headers may come with its first message, whenever that is."""
        return opening.plain or (opening.opening.first and self.may_be_plain)

    def is_plain_calls_end(self, now: float, opening: Attachment) -> bool:
        """
        Whether the end of an attachment that nobody answered is that of a plain server's call: such a server answers a method
        in one direction late, one with sessions at once.
        """
        options = self._options
        silence = options.handshake_millis if self._peer is Peer.HOLDFAST else options.assume_plain_millis
        late = self._is_likely or _is_silent(now, opening, silence)
        return self.may_be_plain and self._is_one_direction and late

    def next(self, opening: Attachment, sent: SendBuffer, ended: bool) -> FallbackStep | None:
        """The next step if the server of a first attachment stays silent."""
        if not opening.opening.first or not self.may_be_plain or opening.plain:
            return None
        if ended:
            return FallbackStep.GIVE_UP
        if opening.outbound.half_closed:
            return None
        if not opening.opening.may_write_before_welcome:
            return FallbackStep.WRITE if sent.end > 0 else None
        waiting = sent.at(opening.outbound.cursor)
        if waiting is not None and waiting.flags & HALF_CLOSE:
            return FallbackStep.HALF_CLOSE
        if not opening.opening.may_exceed_initial_credit:
            held = waiting is not None and opening.outbound.cursor > INITIAL_CREDIT
            return FallbackStep.WRITE_ON if held or not sent.is_ready() else None
        return FallbackStep.PLAIN if waiting is None and not sent.is_ready() else None

    def is_due(self, now: float, opening: Attachment, step: FallbackStep) -> bool:
        """Whether it is time for a step."""
        patience = self._patience(step)
        if patience == 0:
            return True
        if step is FallbackStep.GIVE_UP:
            return now >= opening.opened_at + patience
        return _is_silent(now, opening, patience)

    def add_deadlines(self, deadlines: Deadlines, opening: Attachment, step: FallbackStep) -> None:
        """When ``is_due`` may be true."""
        patience = self._patience(step)
        if step is FallbackStep.GIVE_UP or patience == 0:
            deadlines.after(opening.opened_at, patience)
        elif not opening.opening.hello_unsent:
            deadlines.after(opening.opening.silent_since, patience)

    def _patience(self, step: FallbackStep) -> float:
        """The time of silence before a step; 0 for none."""
        assume_plain = self._options.assume_plain_millis
        client_streaming = self._kind is MethodKind.CLIENT_STREAMING
        at_once = {
            FallbackStep.WRITE: False,
            FallbackStep.GIVE_UP: self._is_one_direction and self._is_likely,
            FallbackStep.HALF_CLOSE: self._ends_requests_at_once,
            FallbackStep.WRITE_ON: client_streaming,
            FallbackStep.PLAIN: client_streaming and self._is_likely,
        }
        if at_once[step]:
            return 0
        # A welcome that takes longer than any handshake may is not waited for.
        awaited = self._peer is Peer.HOLDFAST if self._is_one_direction else not self._is_likely
        longer = step is FallbackStep.PLAIN and awaited
        return max(self._options.handshake_millis, assume_plain) if longer else assume_plain

    @property
    def _ends_requests_at_once(self) -> bool:
        """
        Whether the half-close follows the last message. A server-streaming call keeps its request side open where sessions
        are expected, for acks; a client-streaming one has one answer to acknowledge, which another attachment can do.
        """
        if self._kind is MethodKind.SERVER_STREAMING:
            return self._peer is not Peer.HOLDFAST
        return self._kind is MethodKind.CLIENT_STREAMING

    @property
    def _is_one_direction(self) -> bool:
        return self._kind is not MethodKind.BIDIRECTIONAL

    @property
    def _is_likely(self) -> bool:
        return self._peer is Peer.LIKELY_PLAIN


def _is_silent(now: float, opening: Attachment, silence: float) -> bool:
    """While a call waits for a connection, its silence says nothing of a server."""
    return not opening.opening.hello_unsent and now >= opening.opening.silent_since + silence
