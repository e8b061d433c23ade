"""When an attachment is asked for one more message."""

from __future__ import annotations

from .attachment import Attachment
from .deadlines import Deadlines
from .receive_buffer import ReceiveBuffer
from .send_buffer import SendBuffer

_FIRST_PATIENCE_MILLIS = 1_000
_LONGEST_PATIENCE_MILLIS = 30_000


class InboundFlow:
    """
    The backpressure of the receiving side.

    Credit can't be taken back, and a server may fill old credit with large messages. So nothing is read while too much
    waits for the application, and the rest stays in HTTP/2's flow-control window. Acks can't be read meanwhile either: when
    they are awaited for long the attachment is replaced, because a handshake acknowledges too.
    """

    def __init__(self, received: ReceiveBuffer, sent: SendBuffer) -> None:
        self._received = received
        self._sent = sent
        self._paused_at: float = 0
        self._patience: float = _FIRST_PATIENCE_MILLIS

    def is_due(self, now: float, source: Attachment) -> bool:
        """Whether to ask for one more message now; if so it counts as asked for."""
        inbound = source.inbound
        if inbound.requested > 0 or not (source.handshake_complete or source.plain):
            return False
        if source.plain:
            # It knows no credit, and gets the application's own demand.
            inbound.requested = int(self._received.is_starved())
            return inbound.requested > 0
        # What was received before is dropped, and what stands in its header is read.
        repeated = inbound.last_seq < self._received.received
        if not self._received.wants_more() and not repeated:
            if not inbound.paused:
                inbound.paused = True
                self._paused_at = now
            return False
        if inbound.paused:
            inbound.paused = False
            # Nothing could be heard meanwhile, which says nothing of the path.
            inbound.heard_at = now
            self._patience = _FIRST_PATIENCE_MILLIS
        inbound.requested = 1
        return True

    def is_held_up(self, now: float, on: Attachment) -> bool:
        """Whether acks have been held up for so long that another attachment should bring them."""
        if not self._may_be_held_up(on) or now < self._paused_at + self._patience:
            return False
        self._paused_at = now
        self._patience = min(2 * self._patience, _LONGEST_PATIENCE_MILLIS)
        return True

    def add_deadlines(self, deadlines: Deadlines, on: Attachment) -> None:
        """When acks have been held up for too long."""
        if self._may_be_held_up(on):
            deadlines.after(self._paused_at, self._patience)

    def _may_be_held_up(self, on: Attachment) -> bool:
        return on.inbound.paused and self._sent.acked < self._sent.sent
