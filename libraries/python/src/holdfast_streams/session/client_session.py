"""The client side of a session (docs/duplex-v1.md)."""

from __future__ import annotations

from collections import deque

from ..wire.frame_header import CANCEL, DRAIN, ECHO, FINAL, HALF_CLOSE, LEAVING, MOVED, SETTLED, FrameHeader
from ..wire.handshake import INITIAL_CREDIT, Refusal, RefusalCode, Welcome, owner_of
from .ack_schedule import AckSchedule
from .attachment import Attachment
from .attachment_schedule import SessionRandom
from .attachments import Attachments
from .buffer_budget import BufferBudget
from .deadlines import Deadlines, is_over
from .frame_writer import FrameWriter
from .inbound_flow import InboundFlow
from .options import SessionOptions
from .outputs import (
    CONNECTION_LOST,
    UNAVAILABLE,
    CallClosure,
    CloseReason,
    Deliver,
    EndCall,
    Ended,
    EndKind,
    HalfClose,
    Ready,
    Request,
    Scope,
    SessionEnd,
    SessionOutput,
)
from .plain_peer import FallbackStep, MethodKind, Peer
from .receive_buffer import ReceiveBuffer, ReceiveResult
from .refusal_detectors import OversizedMessageDetector, PoisonMessageDetector
from .send_buffer import SendBuffer, SequencedMessage
from .session_state import SessionState

_LOST = {
    RefusalCode.UNKNOWN: EndKind.LOST_UNKNOWN,
    RefusalCode.EXPIRED: EndKind.LOST_EXPIRED,
    RefusalCode.GAP: EndKind.LOST_GAP,
    RefusalCode.DENIED: EndKind.LOST_DENIED,
}


class ClientSession:
    """
    The client side of a session: positions, unacknowledged messages, attachments, and the end.

    Pure: time comes with each input, chance from the SessionRandom. After every input the owner executes the outputs,
    ``poll`` until None, and calls ``on_timeout`` at ``next_deadline``. Times are milliseconds of one monotonic clock.
    """

    def __init__(self, session_id: bytes, options: SessionOptions, random: SessionRandom, budget: BufferBudget) -> None:
        self.id = session_id
        self.options = options
        self.sent = SendBuffer(options.send_messages, options.send_bytes, budget)
        self.received = ReceiveBuffer(options.receive_messages, options.receive_bytes, budget)
        self.inbound_flow = InboundFlow(self.received, self.sent)
        self.current: Attachment | None = None
        self.deadline: float | None = None
        #: The end that was reported to the application; None before.
        self.end: SessionEnd | None = None
        self._state = SessionState.NEW
        self._outputs: deque[SessionOutput] = deque()
        self._peer_credit = INITIAL_CREDIT
        self._kind = MethodKind.BIDIRECTIONAL
        self._welcomed = False
        #: Whether the last attempt to come back was answered by a status that may pass.
        self._resume_refused = False
        #: After its end the session lingers until then, so that the server hears of it.
        self._linger_until: float | None = None
        self._cancels = False
        self._acks = AckSchedule(options, self.received)
        self._poison = PoisonMessageDetector(self.sent)
        self._oversized = OversizedMessageDetector()
        self._writer = FrameWriter(options, self.sent, self.received, self._poison, self._acks)
        self._attachments = Attachments(self, random)

    @property
    def state(self) -> SessionState:
        """The state of the session."""
        return self._state

    @property
    def is_ended(self) -> bool:
        """Whether the application knows an end."""
        return self.end is not None

    @property
    def is_over(self) -> bool:
        """Whether nothing is left to do."""
        return self._state.is_terminal and not self._outputs

    # What the application does.

    def start(
        self, now: float, remaining_millis: float, peer: Peer, kind: MethodKind = MethodKind.BIDIRECTIONAL
    ) -> None:
        """Starts the session with its first attachment; ``remaining_millis`` until its deadline, 0 for none."""
        self._kind = kind
        if kind is MethodKind.SERVER_STREAMING:
            self.sent.keep_first()
        self.deadline = now + remaining_millis if remaining_millis > 0 else None
        self._attachments.open_first(now, peer, kind)

    def accept_restart(self) -> None:
        """
        The application takes the messages of a handler that begins anew, after the output Restarted. Without this such a
        hand-over is taken only before the first message.
        """
        self._attachments.handover.accept_restart()

    def offer(self, body: bytes) -> bool:
        """Takes a message, and keeps it until the server has processed it; false at twice the limits, or after the end."""
        return not self.is_ended and self.sent.offer(body)

    def is_ready(self) -> bool:
        """Whether more messages are welcome; the output Ready says when they are again."""
        return not self.is_ended and self.sent.ask_ready()

    def half_close(self) -> None:
        """The application will send no more."""
        if not self.is_ended:
            self.sent.finish()

    def request(self, messages: int) -> None:
        """The application wants so many messages more than it asked for so far."""
        self.received.request(messages)

    def processed(self, now: float, up_to: int) -> None:
        """The application has processed everything up to a position that was delivered to it, maybe after the end."""
        if not self._state.is_terminal and up_to > self.received.processed:
            self.received.process(up_to)
            self._acks.on_processed(now, self.current)

    def cancel(self, now: float) -> None:
        """The application wants no more: it is told so at once, and the server as soon as possible."""
        if not self.is_ended:
            self._cancels = True
            self._conclude(now, self._end_of(EndKind.CANCELLED))

    def abandon(self) -> None:
        """No attachment can follow, as the channel is closed: the server learns of it by the TTL."""
        if not self._state.is_terminal:
            self._report_end(self._end_of(EndKind.CANCELLED))
            self._finish()

    # What the calls tell.

    def on_writable(self, attachment: Attachment, writable: bool) -> None:
        """The call can take more, or can't."""
        attachment.outbound.writable = writable

    def on_resume_queued(self, attachment: Attachment) -> None:
        """The call of a resume waits for its turn among those of other sessions."""
        self._attachments.on_resume_queued(attachment)

    def on_hello_unsent(self, attachment: Attachment) -> None:
        """
        The call of an attachment has begun and may wait for a connection; ``on_hello_sent`` follows when it has one. The
        silence before is nobody's, so that the server is not taken for one without sessions.
        """
        self._attachments.on_hello_unsent(attachment)

    def on_hello_sent(self, now: float, attachment: Attachment) -> None:
        """The call of a resume begins, or its hello went out."""
        self._attachments.on_hello_sent(now, attachment)

    def on_reachable(self, now: float) -> None:
        """A server has welcomed another session of the channel, in the way of the next attempt here."""
        self._attachments.on_reachable(now)

    @property
    def paused_for(self) -> str | None:
        """The address of the server that the next attempt goes to, "" for any; None unless the session waits between two."""
        return owner_of(self._attachments.token) if self._state is SessionState.DETACHED else None

    def on_welcome(self, now: float, source: Attachment, welcome: Welcome) -> None:
        """The server's response headers came with a welcome."""
        attachments = self._attachments
        if source is not attachments.pending or self._state.is_terminal:
            return
        before = attachments.on_taken(source)
        # A server that forgot what it had acknowledged would want what is no longer held. On a call that was taken for a
        # plain one too early all that was let go is on its way.
        forgot = not source.plain and welcome.watermark < self.sent.low - 1
        fits = welcome.low <= self.received.first_needed and self._on_ack(welcome.watermark)
        if forgot or not fits:
            self._give_up(now, EndKind.LOST_GAP)
        if self.current is not None and self.current is not source:
            self.close(self.current, before)
        attachments.token = welcome.token
        attachments.schedule.on_welcome(welcome)
        self._acks.follow(welcome)
        self._welcomed = True
        self._resume_refused = False
        attachments.touched = True
        attachments.on_attached(now)
        if self._state is SessionState.DETACHED:
            self.transition_to(SessionState.RESUMING)
        attachments.plain_peer.end()
        self._adopt(now, source, welcome)
        # There is little to acknowledge of one response; but who wrote nothing has not said the half-close either.
        may_stay = self._kind is MethodKind.CLIENT_STREAMING and source.outbound.first_header_sent
        if source.outbound.half_closed and not source.outbound.sparing and not may_stay:
            # Acks need an open request side.
            attachments.drain(now, source)

    def on_plain_headers(self, now: float, source: Attachment) -> None:
        """The server's response headers came without a welcome: it knows no sessions."""
        attachments = self._attachments
        if source is not attachments.pending or self._state.is_terminal:
            return
        if self._cancels:
            self._finish()
        elif self._welcomed or attachments.touched:
            # Somebody else is there now, and the session is not.
            self._lose(EndKind.LOST_UNKNOWN)
        else:
            attachments.become_plain(source)
            self.current = source
            attachments.on_attached(now)
            attachments.schedule.on_answered()
            self.transition_to(SessionState.ATTACHED)

    def on_refused(self, now: float, source: Attachment, refusal: Refusal) -> None:
        """The server refused the attachment, or replaced it by another one."""
        attachments = self._attachments
        if self._state.is_terminal:
            return
        if source is not attachments.pending:
            self.on_closed(now, source, CONNECTION_LOST)
            return
        attachments.plain_peer.end()
        not_taken = refusal.code in (RefusalCode.BUSY, RefusalCode.MOVED)
        if self.is_ended and not not_taken:
            self._finish()
            return
        if not_taken:
            source.opening.touched = False
        if refusal.code in _LOST:
            self._lose(_LOST[refusal.code])
        elif refusal.code is RefusalCode.MOVED and attachments.schedule.follow(refusal.address):
            attachments.pending = None
            attachments.open(now)
        else:
            attachments.attempt_failed(now, refusal.retry_after)

    def on_frame(self, now: float, source: Attachment, header: FrameHeader | None, body: bytes) -> None:
        """A gRPC message came; without a header when there was none, or one with another tag: it is part of the body."""
        # Of an attachment that was replaced nothing is read any more: fencing on this side.
        if source is not self.current or self._state.is_terminal:
            return
        source.inbound.requested = max(0, source.inbound.requested - 1)
        source.inbound.heard_at = now
        source.inbound.received_any = True
        self._attachments.on_peer_activity()
        if header is None:
            self._on_message_without_header(now, source, body)
        elif not header.is_of_server() or (header.ack > 0 and not self._on_ack(header.ack)):
            self._on_protocol_violation(now, source)
        else:
            self._on_header(now, source, header, body)

    def on_closed(self, now: float, attachment: Attachment, how: CallClosure) -> None:
        """The physical call ended, for whatever reason."""
        if self._state.is_terminal:
            return
        if attachment is self._attachments.pending:
            self.pending_closed(now, attachment, how)
        elif attachment is self.current and attachment.plain:
            self.current = None
            self._end_plain(how)
        elif attachment is self.current:
            self.current_closed(now, attachment, how)

    def on_timeout(self, now: float) -> None:
        """Time has passed: due at ``next_deadline``, harmless at any other time."""
        if self._state.is_terminal:
            return
        if not self.is_ended and is_over(now, self.deadline):
            self._report_end(self._end_of(EndKind.DEADLINE))
            self._finish()
        elif is_over(now, self._linger_until):
            self._finish()
        elif self._attachments.schedule.is_hopeless(now):
            self._lose(EndKind.LOST_REFUSED if self._resume_refused else EndKind.LOST_UNREACHABLE)
        else:
            self._attachments.keep_attached(now)

    def next_deadline(self) -> float | None:
        """When ``on_timeout`` is due."""
        deadlines = Deadlines()
        if not self._state.is_terminal:
            if self.current is not None:
                self._writer.add_deadlines(deadlines, self.current)
                self.inbound_flow.add_deadlines(deadlines, self.current)
            self._attachments.add_deadlines(deadlines)
            deadlines.at(self._linger_until)
            deadlines.at(None if self.is_ended else self.deadline)
        return deadlines.earliest

    def poll(self, now: float) -> SessionOutput | None:
        """The next thing to do; None when there is nothing."""
        while True:
            if self._outputs:
                return self._outputs.popleft()
            current = self.current
            if current is not None and not self._state.is_terminal and self.inbound_flow.is_due(now, current):
                return Request(current)
            message = None if self.is_ended else self.received.deliver(current is not None and current.plain)
            if message is None:
                self._attachments.fall_back(now)
                if self._attachments.handover.is_due and not self.is_ended:
                    self._attachments.hand_over(now)
                frame = self._outputs.popleft() if self._outputs else self._next_frame(now)
                if frame is None and not self.is_ended and self.sent.take_ready_again():
                    return Ready()
                return frame
            if not message.flags & FINAL:
                return Deliver(message.seq, message.body)
            self._acks.on_processed(now, self.current)
            self._on_final(now, message)

    # What the attachments decide with the session.

    def put(self, output: SessionOutput) -> None:
        """Adds something to do."""
        self._outputs.append(output)

    def transition_to(self, following: SessionState) -> None:
        """Changes the state."""
        if self._state is following:
            return
        if not self._state.may_become(following):
            raise RuntimeError(f"{self.id.hex()}: {self._state.name} -> {following.name}")
        self._state = following
        if not following.is_attached:
            self.sent.on_detached()
        if following.is_terminal:
            self.sent.clear()
            self.received.clear()

    def close(self, attachment: Attachment, why: CloseReason) -> None:
        """Ends a physical call."""
        self.put(EndCall(attachment, why))

    def pending_closed(self, now: float, attachment: Attachment, how: CallClosure) -> None:
        """An attachment that nobody answered ended."""
        attachments = self._attachments
        if how.scope is Scope.UNREACHED:
            attachment.opening.touched = False
        touched = attachments.touched or attachment.opening.touched
        if touched and not self._welcomed:
            attachment.plain |= attachments.plain_peer.is_plain_calls_end(now, attachment)
        status = how.scope is Scope.STATUS and how.status != UNAVAILABLE
        self._resume_refused = self._welcomed and how.is_transient
        if self._welcomed and self.current is None and how.is_permanent and not how.is_transient:
            self._lose(EndKind.LOST_REFUSED)
        elif self.is_ended or self._welcomed or not (status or attachment.plain):
            attachments.attempt_failed(now, 0)
        else:
            attachments.plain_peer.end()
            attachments.pending = None
            self._end_plain(how)

    def current_closed(self, now: float, attachment: Attachment, how: CallClosure) -> None:
        """The attachment that carried the session ended."""
        if self.is_ended and how.scope is Scope.STATUS and how.status != UNAVAILABLE:
            self._finish()
            return
        # An owner that has moved the session has no say in it any more (H9).
        is_moved = self.received.is_moved
        if not is_moved and self._poison.is_limit(attachment, how):
            self._give_up(now, EndKind.LOST_STUCK)
        elif not is_moved and (how.is_permanent or self._oversized.is_limit(how, self.received.received)):
            self._give_up(now, EndKind.LOST_REFUSED)
        self.current = None
        if self._attachments.pending is None:
            self._attachments.detach(now, 0)
        else:
            self._attachments.schedule.alone(now)
            self.transition_to(SessionState.RESUMING)

    def on_silence(self, opening: Attachment, step: FallbackStep) -> None:
        """Nobody has answered the first attachment for a while."""
        match step:
            case FallbackStep.GIVE_UP:
                self._finish()
            case FallbackStep.WRITE:
                opening.opening.may_write_before_welcome = True
            case FallbackStep.HALF_CLOSE:
                # All is still held, so that a welcome may come as late as it likes.
                opening.outbound.half_closed = True
                opening.opening.touched = True
                self.sent.on_sent(opening.outbound.cursor)
                opening.outbound.cursor += 1
                self.put(HalfClose(opening))
            case FallbackStep.WRITE_ON:
                opening.opening.may_exceed_initial_credit = True
            case FallbackStep.PLAIN:
                self._attachments.become_plain(opening)

    def end_requests(self, opening: Attachment) -> None:
        """Nobody answers an attachment of a half-duplex path before its request side ends."""
        opening.outbound.half_closed = True
        self.put(HalfClose(opening))

    @property
    def is_settled(self) -> bool:
        """Whether nothing is left to send: no message that is not acknowledged, and nothing that is told once."""
        return self.sent.is_finished and self.sent.held == 0 and not self._wanted_flags

    @property
    def _wanted_flags(self) -> int:
        """What is told once on each attachment."""
        settled = SETTLED if self._attachments.server_leaving and not self.is_ended else 0
        return (CANCEL if self._cancels else 0) | settled

    def _adopt(self, now: float, following: Attachment, welcome: Welcome) -> None:
        early = following.opening.may_write_before_welcome
        cursor = following.outbound.cursor if early else welcome.watermark + 1
        self.current = following
        following.plain = False
        following.handshake_complete = True
        following.inbound.received_any = True
        following.inbound.heard_at = now
        following.outbound.sent_at = now
        following.outbound.cursor = max(cursor, self.sent.low)
        self._peer_credit = welcome.credit
        self._acks.restart()
        self.transition_to(SessionState.ATTACHED)
        self._acks.on_processed(now, following)

    def _on_header(self, now: float, source: Attachment, header: FrameHeader, body: bytes) -> None:
        self._peer_credit = max(self._peer_credit, header.credit)
        if header.flags & ECHO:
            self._poison.on_echo(source, header.probe)
        elif header.probe:
            source.probes.echo_due = header.probe
            source.probes.peer_probes = True
            source.probes.ack_requested_seq = self.received.received
        leaving = bool(header.flags & LEAVING)
        self._attachments.server_leaving |= leaving
        if header.flags & DRAIN and not leaving:
            self._attachments.drain(now, source)
        # A final status without a position is none: the buffer refuses it.
        if (header.seq or header.flags & FINAL) and source is self.current:
            source.inbound.last_seq = header.seq
            message = SequencedMessage(header.seq, body, header.flags & (FINAL | MOVED), header.status)
            self._receive(now, source, message)

    def _receive(self, now: float, source: Attachment, message: SequencedMessage) -> None:
        if self.is_ended:
            return
        match self.received.receive(message):
            case ReceiveResult.ACCEPTED:
                self._attachments.schedule.on_progress()
            case ReceiveResult.DUPLICATE:
                # A server that repeats it has missed the ack.
                source.outbound.ack_repeat_due = self.received.processed > 0
            case ReceiveResult.GAP | ReceiveResult.VIOLATION:
                self._on_protocol_violation(now, source)

    def _on_message_without_header(self, now: float, source: Attachment, body: bytes) -> None:
        if not source.plain:
            self._on_protocol_violation(now, source)
        elif not self.is_ended:
            self.received.accept_next(body)
            self._attachments.schedule.on_progress()

    def _on_protocol_violation(self, now: float, attachment: Attachment) -> None:
        """The attachment is given up, because the server broke the rules."""
        self.close(attachment, CloseReason.PROTOCOL_ERROR)
        self.current_closed(now, attachment, CallClosure(Scope.STREAM, UNAVAILABLE))

    def _on_final(self, now: float, message: SequencedMessage) -> None:
        if not message.flags & MOVED:
            self._conclude(now, self._end_of(EndKind.FINISHED, message.status, message.body))
        elif not self._attachments.handover.prepare(message):
            self._conclude(now, self._end_of(EndKind.MOVED))

    def _on_ack(self, up_to: int) -> bool:
        before = self.sent.acked
        if not self.sent.ack(up_to):
            return False
        if self.sent.acked > before:
            self._attachments.schedule.on_progress()
        return True

    def _next_frame(self, now: float) -> SessionOutput | None:
        to = self._writing()
        if to is None or self._state.is_terminal:
            return None
        if to.outbound.cursor:
            # While the transport was full, the peer may have processed what an older attachment had brought.
            to.outbound.cursor = max(to.outbound.cursor, self.sent.low)
        following = self.sent.at(to.outbound.cursor) if to.outbound.cursor and to.outbound.writable else None
        sendable = following if following is not None and self._may_send(to, following) else None
        output = self._writer.next(now, to, sendable, self._wanted_flags)
        if output is not None and to.outbound.half_closed and to.handshake_complete:
            # Its request side is closed: another attachment says it.
            self._attachments.drain(now, to)
            return self._outputs.popleft() if self._outputs else None
        return output

    def _writing(self) -> Attachment | None:
        """The current attachment, or one that may be written to before the server has answered."""
        if self.current is not None:
            return self.current
        pending = self._attachments.pending
        early = pending is not None and (pending.opening.may_write_before_welcome or pending.plain)
        return pending if early else None

    def _may_send(self, attachment: Attachment, message: SequencedMessage) -> bool:
        attachments = self._attachments
        if self.is_ended or attachments.server_leaving or attachments.handover.is_pending:
            return False
        half_close = bool(message.flags & HALF_CLOSE)
        if attachment.plain or (half_close and attachment.handshake_complete):
            return True
        unproved = attachment.opening.may_exceed_initial_credit and not attachment.handshake_complete
        return not half_close and (unproved or message.seq <= self._peer_credit)

    def _give_up(self, now: float, why: EndKind) -> None:
        """The session can't be kept: told at once, and to the server as a cancel, or it would wait."""
        if not self.is_ended:
            self._cancels = True
            self._report_end(self._end_of(why))
            self._linger_until = now + self._attachments.schedule.ttl

    def _conclude(self, now: float, end: SessionEnd) -> None:
        """The application knows the end; the server is still to hear of it."""
        self._report_end(end)
        server = self._welcomed or self._attachments.pending is not None
        if not server or (self.current is not None and self.current.plain):
            self._finish()
            return
        self._linger_until = now + self._attachments.schedule.ttl
        if self.current is not None:
            self.current.outbound.ack_repeat_due = self.received.processed > 0
            self.current.outbound.sparing = False

    def _end_plain(self, how: CallClosure) -> None:
        self._report_end(self._end_of(EndKind.PLAIN, how.status))
        self._finish()

    def _lose(self, why: EndKind) -> None:
        # When nobody takes the session over, the owner before has said exactly what it processed.
        self._report_end(self._end_of(EndKind.MOVED if self._attachments.handover.is_pending else why))
        self._finish()

    def _finish(self) -> None:
        self._attachments.close_all(CloseReason.UNNEEDED if self._linger_until is None else CloseReason.DONE)
        lost = self.end is not None and self.end.kind.is_lost
        self.transition_to(SessionState.LOST if lost else SessionState.CLOSED)

    def _report_end(self, end: SessionEnd) -> None:
        if self.end is None:
            self.end = end
            self.received.clear()
            self.put(Ended(end))

    def _end_of(self, kind: EndKind, status: int = 0, body: bytes = b"") -> SessionEnd:
        return SessionEnd(kind, self.sent.acked, self.received.processed, status, body)
