"""Counters of attachments that end at the same message again and again."""

from __future__ import annotations

from .attachment import Attachment
from .outputs import RESOURCE_EXHAUSTED, CallClosure, Scope
from .send_buffer import SendBuffer

#: A reset of the stream alone: three of them are the limit.
_STREAM_WEIGHT = 4
#: A broken connection takes all its streams, so it says less: twelve of them are the limit.
_CONNECTION_WEIGHT = 1
_TOO_MUCH = 3 * _STREAM_WEIGHT
_TOO_OFTEN = 3


class PoisonMessageDetector:
    """
    A counter of consecutive attachments that ended without progress after they had sent the same message, which some hop
    may be unable to take. A suspect message is sent with a probe, and the probe's echo proves that it arrived.
    """

    def __init__(self, sent: SendBuffer) -> None:
        self._sent = sent
        self._at = 0
        self._weight = 0

    def probe(self, to: Attachment, seq: int) -> int:
        """The probe with which a message is sent; 0 for none."""
        suspect = self._weight > 0 and seq == self._at and self._at == self._sent.acked + 1
        if not suspect or not to.handshake_complete:
            return 0
        to.probes.last_probe += 1
        to.probes.suspect_seq = seq
        to.probes.suspect_probe = to.probes.last_probe
        return to.probes.suspect_probe

    def on_echo(self, source: Attachment, probe: int) -> None:
        """A probe came back: what was sent with it, or before it, has arrived."""
        if source.probes.suspect_probe != 0 and probe >= source.probes.suspect_probe:
            source.probes.arrived_seq = source.probes.suspect_seq
            self._weight = 0

    def is_limit(self, ended: Attachment, how: CallClosure) -> bool:
        """An attachment ended; whether it was one too many."""
        head = self._sent.acked + 1
        sent_it = ended.inbound.received_any and ended.outbound.cursor > head
        if not sent_it or ended.probes.arrived_seq == head or head > self._sent.end:
            return False
        if self._at != head:
            self._weight = 0
        self._at = head
        connection = how.scope in (Scope.CONNECTION, Scope.UNREACHED)
        self._weight += _CONNECTION_WEIGHT if connection else _STREAM_WEIGHT
        return self._weight >= _TOO_MUCH


class OversizedMessageDetector:
    """
    A counter of consecutive attachments that ended with RESOURCE_EXHAUSTED before the next message came: that message is
    above the receiver's size limit. Once proves nothing, as a transport says the same when a peer asks it to be calmer.
    """

    def __init__(self) -> None:
        self._behind = -1
        self._times = 0

    def is_limit(self, how: CallClosure, received: int) -> bool:
        """An attachment ended; whether it was one too many."""
        here = how.scope is Scope.STREAM and how.status == RESOURCE_EXHAUSTED
        self._times = (self._times + 1 if received == self._behind else 1) if here else 0
        self._behind = received
        return self._times >= _TOO_OFTEN
