"""The encoder of a session's output on an attachment."""

from __future__ import annotations

from ..wire.frame_header import ECHO, FINAL, HALF_CLOSE, MOVED, SETTLED, FrameHeader
from .ack_schedule import AckSchedule
from .attachment import Attachment
from .deadlines import Deadlines
from .options import SessionOptions
from .outputs import HalfClose, Send
from .receive_buffer import ReceiveBuffer
from .refusal_detectors import PoisonMessageDetector
from .send_buffer import SendBuffer, SequencedMessage

_OF_A_POSITION = FINAL | HALF_CLOSE | MOVED
_PAUSED_HEARTBEAT_MILLIS = 1_000


class FrameWriter:
    """
    The encoder of a session's output on an attachment. New acks and credit go into the header of the next message, or into a
    frame without a message when they can't wait.
    """

    def __init__(
        self,
        options: SessionOptions,
        sent: SendBuffer,
        received: ReceiveBuffer,
        poison: PoisonMessageDetector,
        acks: AckSchedule,
    ) -> None:
        self._options = options
        self._sent = sent
        self._received = received
        self._poison = poison
        self._acks = acks

    def add_deadlines(self, deadlines: Deadlines, to: Attachment) -> None:
        """When a frame without a message is due."""
        # An attachment that can't be written to would be due for ever.
        if to.handshake_complete and to.outbound.writable:
            self._acks.add_deadlines(deadlines, to)
            if not to.outbound.sparing:
                deadlines.after(to.outbound.sent_at, self._heartbeat(to))

    def next(
        self, now: float, to: Attachment, message: SequencedMessage | None, wanted_flags: int
    ) -> Send | HalfClose | None:
        """
        The next frame, if there is one to write.

        ``message`` is the position that is next, if it may be sent; ``wanted_flags`` is what else is told once on each
        attachment.
        """
        if not to.outbound.writable:
            # A flag is told once, and what makes room may depend on it.
            told = not wanted_flags & ~to.outbound.sent_flags
            return None if told or not to.handshake_complete else self._control(now, to, wanted_flags)
        if message is not None:
            return self._message(now, to, message, wanted_flags)
        return self._control(now, to, wanted_flags) if to.handshake_complete else None

    def _message(
        self, now: float, to: Attachment, message: SequencedMessage, wanted_flags: int
    ) -> Send | HalfClose:
        outbound = to.outbound
        header = None
        # A server that has not answered sees the first header; the following messages take the next positions.
        if not to.plain and (to.handshake_complete or not outbound.first_header_sent):
            processed = self._received.processed
            header = FrameHeader(
                tag=to.tag,
                seq=message.seq,
                ack=processed if processed > outbound.sent_ack else 0,
                # Not with each message: a quarter of the window is soon enough.
                credit=self._received.credit() if self._is_credit_due(to, 4) else 0,
                flags=message.flags | (wanted_flags & ~outbound.sent_flags if to.handshake_complete else 0),
                probe=self._poison.probe(to, message.seq),
            )
            self._told(now, to, header)
        # Its answer, and an ack with it, is all that lets a small share of the buffers go on soon.
        to.probes.probe_due |= self._is_stopped(message)
        self._acks.on_frame(message=True)
        outbound.first_header_sent = True
        to.opening.touched = True
        outbound.cursor = message.seq + 1
        outbound.sent_at = now
        self._sent.on_sent(message.seq)
        if to.plain:
            self._sent.release(message.seq)
            if message.flags & HALF_CLOSE:
                outbound.half_closed = True
                return HalfClose(to)
        return Send(to, header, message.body)

    def _control(self, now: float, to: Attachment, wanted_flags: int) -> Send | None:
        """A frame without a message, if there is something to say."""
        flags = wanted_flags & ~to.outbound.sent_flags
        heartbeat = self._heartbeat(to)
        sparing = to.outbound.sparing
        beat = not sparing and heartbeat > 0 and now >= to.outbound.sent_at + heartbeat
        probes = to.probes
        asked = beat or probes.echo_due != 0 or probes.probe_due
        credit = (sparing or not to.outbound.half_closed) and self._is_credit_due(to, 2)
        if not flags and not asked and not credit and not self._acks.is_due(now, to):
            return None
        self._acks.on_frame(message=False)
        probe = 0
        if probes.echo_due:
            flags |= ECHO
            probe = probes.echo_due
            probes.echo_due = 0
        elif probes.probe_due or beat:
            # The answer keeps the other direction, when only this side knows of the path.
            probes.last_probe += 1
            probe = probes.last_probe
            probes.probe_due = False
        header = FrameHeader(
            tag=to.tag,
            ack=self._received.processed,
            credit=self._received.credit(),
            flags=flags,
            low=to.outbound.cursor - 1 if flags & SETTLED else 0,
            probe=probe,
        )
        self._told(now, to, header)
        return Send(to, header, b"")

    def _is_stopped(self, last: SequencedMessage) -> bool:
        """Whether no more may follow, and what was sent is too little for an ack by itself."""
        full = last.seq == self._sent.end and not self._sent.is_finished and not self._sent.is_ready()
        return full and not self._acks.is_enough(self._sent)

    def _heartbeat(self, to: Attachment) -> float:
        """A server that asks for signs of life gets some while its questions are not read."""
        own = self._options.heartbeat_millis
        return _PAUSED_HEARTBEAT_MILLIS if own == 0 and to.inbound.paused and to.probes.peer_probes else own

    def _is_credit_due(self, to: Attachment, part: int) -> bool:
        """Whether there is news of such a part of the window, or the server has used up what it has."""
        news = self._received.credit() - to.outbound.sent_credit
        used_up = to.outbound.sent_credit <= self._received.received
        return news > 0 and (part * news >= self._received.window() or used_up)

    def _told(self, now: float, to: Attachment, header: FrameHeader) -> None:
        outbound = to.outbound
        outbound.sent_at = now
        outbound.sent_ack = max(outbound.sent_ack, header.ack)
        if header.ack == self._received.processed:
            self._acks.on_all_told(to)
        if outbound.sent_ack >= to.probes.ack_requested_seq:
            to.probes.ack_requested_seq = 0
        outbound.sent_credit = max(outbound.sent_credit, header.credit)
        outbound.sent_flags |= header.flags & ~(ECHO | _OF_A_POSITION)
