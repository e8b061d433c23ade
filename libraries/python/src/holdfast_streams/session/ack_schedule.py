"""When to acknowledge."""

from __future__ import annotations

from ..wire.handshake import Welcome
from .attachment import Attachment
from .deadlines import Deadlines, is_over
from .options import SessionOptions
from .receive_buffer import ReceiveBuffer
from .send_buffer import SendBuffer

#: The most that a welcome can ask for; with more the client takes these.
_MAX_EVERY = 65_536
_MAX_DELAY_MILLIS = 10_000


class AckSchedule:
    """
    The schedule of acks: after a number of messages or a delay, as the newest welcome says, after a number of bytes, and
    when the server has asked for an ack or missed one.
    """

    def __init__(self, options: SessionOptions, received: ReceiveBuffer) -> None:
        self._options = options
        self._received = received
        self._bytes = options.ack_bytes
        #: The bytes while messages are answered: the next answer carries the ack, and a frame is saved.
        self._answered_bytes = options.answered_ack_bytes
        self._every = options.ack_every
        self._delay = options.ack_delay_millis
        self._due_at: float | None = None
        #: The bytes of processed messages that acks have covered.
        self._acked_bytes = 0
        #: Whether a message went out since an ack had to go by itself: the next may carry one.
        self._answers = False

    def follow(self, welcome: Welcome) -> None:
        """Follows the server's welcome, where it asks for something."""
        self._every = min(welcome.ack_every, _MAX_EVERY) or self._options.ack_every
        self._delay = min(welcome.ack_delay, _MAX_DELAY_MILLIS) or self._options.ack_delay_millis

    def on_processed(self, now: float, to: Attachment | None) -> None:
        """There may be something new to acknowledge, within the delay."""
        if to is None or self._due_at is not None or not to.handshake_complete:
            return
        if self._received.processed > to.outbound.sent_ack:
            self._due_at = now + self._delay

    def restart(self) -> None:
        """Another attachment: its handshake has said all there was."""
        self._due_at = None
        self._acked_bytes = self._received.processed_bytes

    def on_frame(self, message: bool) -> None:
        """A message was written, or a frame without one."""
        self._answers = message

    def on_all_told(self, to: Attachment) -> None:
        """The server has been told of all that was processed."""
        to.outbound.ack_repeat_due = False
        self.restart()

    def add_deadlines(self, deadlines: Deadlines, to: Attachment) -> None:
        """When an ack is due by the delay."""
        deadlines.at(self._sparing_due_at(to) if to.outbound.sparing else self._due_at)

    def is_due(self, now: float, to: Attachment) -> bool:
        """Whether an ack can wait no longer."""
        if to.outbound.sparing:
            return is_over(now, self._sparing_due_at(to))
        processed = self._received.processed
        asked = 0 < to.probes.ack_requested_seq <= processed
        news = processed > to.outbound.sent_ack and (is_over(now, self._due_at) or asked)
        return to.outbound.ack_repeat_due or self._is_enough_unsaid(to) or news

    def _sparing_due_at(self, to: Attachment) -> float | None:
        """
        When an ack is due that costs an attachment. A server whose buffer is full waits for an ack by number or bytes, and
        sends nothing; while it sends, credit is soon enough.
        """
        return to.inbound.heard_at + self._delay if self._is_enough_unsaid(to) else None

    def _is_enough_unsaid(self, to: Attachment) -> bool:
        """Whether an ack is due by number or by bytes."""
        unsaid = self._received.processed - to.outbound.sent_ack
        most_bytes = self._answered_bytes if self._answers else self._bytes
        large = self._received.processed_bytes - self._acked_bytes >= most_bytes
        return unsaid >= self._every or (unsaid > 0 and large)

    def is_enough(self, sent: SendBuffer) -> bool:
        """Whether a peer with the same schedule would acknowledge so much by itself, without delay."""
        return sent.held >= self._every or sent.held_bytes >= self._answered_bytes
