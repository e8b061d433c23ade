"""The attachments of a session: opened, suspected, raced, replaced and given up."""

from __future__ import annotations

import math
from typing import Protocol

from ..wire.handshake import MAX_MILLIS, Hello
from .attachment import Attachment
from .attachment_schedule import AttachmentSchedule, SessionRandom
from .client_handover import ClientHandover
from .deadlines import Deadlines, is_over
from .half_duplex_path import HalfDuplexPath
from .inbound_flow import InboundFlow
from .options import SessionOptions
from .outputs import (
    CONNECTION_LOST,
    CallClosure,
    CloseReason,
    Restarted,
    Resumed,
    SessionOutput,
    StartCall,
    Waiting,
)
from .plain_peer import FallbackStep, MethodKind, Peer, PlainPeerDetector
from .receive_buffer import ReceiveBuffer
from .send_buffer import SendBuffer
from .session_state import SessionState


class AttachedSession(Protocol):
    """The part of a session that its attachments read and change."""

    id: bytes
    options: SessionOptions
    sent: SendBuffer
    received: ReceiveBuffer
    inbound_flow: InboundFlow
    #: Carries the session, or did so last until it is known to be gone.
    current: Attachment | None
    deadline: float | None

    @property
    def state(self) -> SessionState:
        """The state of the session."""
        ...

    @property
    def is_ended(self) -> bool:
        """Whether the application knows an end."""
        ...

    @property
    def is_settled(self) -> bool:
        """Whether nothing is left to send: no message that is not acknowledged, and nothing that is told once."""
        ...

    def transition_to(self, following: SessionState) -> None:
        """Changes the state."""
        ...

    def put(self, output: SessionOutput) -> None:
        """Adds something to do."""
        ...

    def close(self, attachment: Attachment, why: CloseReason) -> None:
        """Ends a physical call."""
        ...

    def pending_closed(self, now: float, attachment: Attachment, how: CallClosure) -> None:
        """An attachment that nobody answered ended."""
        ...

    def current_closed(self, now: float, attachment: Attachment, how: CallClosure) -> None:
        """The attachment that carried the session ended."""
        ...

    def on_silence(self, opening: Attachment, step: FallbackStep) -> None:
        """Nobody has answered the first attachment for a while."""
        ...

    def end_requests(self, opening: Attachment) -> None:
        """Nobody answers an attachment of a half-duplex path before its request side ends."""
        ...


class Attachments:
    """The attachments of a session, whose state they share."""

    def __init__(self, session: AttachedSession, random: SessionRandom) -> None:
        self._session = session
        self.schedule = AttachmentSchedule(session.options, random)
        self.plain_peer = PlainPeerDetector(session.options)
        self.handover = ClientHandover(session.sent, session.received)
        self._half_duplex = HalfDuplexPath()
        #: Begun and not answered; it may write before the answer only when it is the first.
        self.pending: Attachment | None = None
        #: Whether an attachment that nobody answered may have brought messages to a server.
        self.touched = False
        #: The token of the last welcome; empty before the first one.
        self.token = b""
        #: Whether the server's instance ends, and with it the session.
        self.server_leaving = False
        self._touched_by = 0
        self._started_at: float = 0
        self._attached_at: float = 0
        self._suspect_at: float = 0
        #: Whether the application knows that there is no attachment.
        self._wait_reported = False

    def open_first(self, now: float, peer: Peer, kind: MethodKind) -> None:
        """Starts the first attachment of the session."""
        self._started_at = now
        self.plain_peer.begin(peer, kind)
        self._half_duplex.begin(kind)
        self._session.transition_to(SessionState.OPENING)
        self.open(now)

    def open(self, now: float) -> None:
        """Begins an attachment, which is pending until it is answered."""
        session = self._session
        following = self.schedule.next(now)
        self.pending = following
        untouched = not self.touched and not self.token and not session.is_ended
        # One before that came to no server was none.
        following.opening.first = untouched and (following.number == 1 or self.plain_peer.may_be_plain)
        if following.opening.first:
            following.opening.may_write_before_welcome = session.options.first_message == "at-once"
            following.outbound.cursor = session.sent.low
        # Some server may have got a message, and none has welcomed the session.
        unanswered = self.touched and not self._comes_back
        hello = Hello(
            session=session.id,
            attach=following.number,
            tag=following.tag,
            watermark=session.received.processed,
            low=self.handover.low,
            credit=session.received.credit(),
            remaining=self._remaining(now),
            untouched=not self.touched,
            token=self.token,
            age=self._age(now) if unanswered else 0,
            touched_by=self._touched_by if unanswered else 0,
        )
        following.outbound.sent_credit = hello.credit
        following.outbound.sent_ack = hello.watermark
        session.put(StartCall(following, hello, self.schedule.address, self.handover.shown))

    def on_attached(self, now: float) -> None:
        """The pending attachment was answered and carries the session from now on."""
        if self.pending is not None:
            self._half_duplex.on_answered(now, self.pending, self._session.is_ended)
        self.pending = None
        self._attached_at = now
        if self._wait_reported:
            self._wait_reported = False
            self._session.put(Resumed())

    def on_resume_queued(self, attachment: Attachment) -> None:
        """The call of a resume waits for its turn among those of other sessions."""
        attachment.opening.queued = self._comes_back

    def on_hello_unsent(self, attachment: Attachment) -> None:
        """The call waits for a connection."""
        attachment.opening.hello_unsent = True

    def on_hello_sent(self, now: float, attachment: Attachment) -> None:
        """The call of a resume begins, or its hello went out: from now on an answer can be awaited."""
        attachment.opening.hello_unsent = False
        attachment.opening.silent_since = now
        attachment.opening.queued = False
        if self._comes_back:
            attachment.opening.hello_sent_at = now

    def on_reachable(self, now: float) -> None:
        """A server has welcomed another session that went the same way."""
        if self._session.state is SessionState.DETACHED:
            self.schedule.bring_forward(now)
            self.keep_attached(now)

    def hand_over(self, now: float) -> None:
        """Goes to another owner; the attachment of the one before stays for its ack, as far as it can still be reached."""
        session = self._session
        if session.current is not None:
            session.current.outbound.ack_repeat_due = True
            session.current.outbound.sparing = False
        self.handover.begin()
        self.token = b""
        self.server_leaving = False
        if self.pending is not None:
            session.close(self.pending, CloseReason.UNNEEDED)
            self.attempt_failed(now, 0)
        if session.state in (SessionState.ATTACHED, SessionState.SUSPECT):
            session.transition_to(SessionState.DRAIN)
        self.schedule.begin_elsewhere(now)
        self.keep_attached(now)

    def on_taken(self, by: Attachment) -> CloseReason:
        """
        A server has welcomed the session, and takes over what was handed over.

        Returns how the attachment before ends: a reset may overtake the ack for which the owner before waits.
        """
        taken = self.handover.finish()
        if taken is None:
            return CloseReason.REPLACED
        if taken.restarts and taken.messages > 0 and not self._session.is_ended:
            self._session.put(Restarted(taken.messages))
        # The owner before may have said so again after it had handed the session over.
        self.server_leaving = False
        # The handler starts with the first frame.
        by.probes.probe_due = True
        return CloseReason.DONE

    def on_peer_activity(self) -> None:
        """Something came from the server."""
        session = self._session
        if session.state in (SessionState.SUSPECT, SessionState.RACING):
            if self.pending is not None:
                session.close(self.pending, CloseReason.UNNEEDED)
                self.pending = None
            session.transition_to(SessionState.ATTACHED)

    def drain(self, now: float, attachment: Attachment) -> None:
        """An attachment that works is to be replaced before it ends."""
        session = self._session
        if attachment is session.current and session.state in (SessionState.ATTACHED, SessionState.SUSPECT):
            session.transition_to(SessionState.DRAIN)
            self.schedule.soon(now)
            self.keep_attached(now)

    def attempt_failed(self, now: float, at_least: float) -> None:
        """The pending attachment came to nothing."""
        session = self._session
        if self.pending is not None and self.pending.opening.touched:
            self.touched = True
            self._touched_by = self.pending.number
        self.pending = None
        self._half_duplex.on_failed()
        self.schedule.on_failed()
        if session.state is SessionState.RACING:
            session.transition_to(SessionState.SUSPECT)
            self._suspect_at = now + self.schedule.next_delay()
        elif session.state is SessionState.HANDOVER:
            session.transition_to(SessionState.DRAIN)
            self.schedule.later(now, at_least)
        else:
            self.detach(now, at_least)

    def detach(self, now: float, at_least: float) -> None:
        """No attachment is left; the next one is tried after a delay."""
        self.schedule.alone(now)
        self._session.transition_to(SessionState.DETACHED)
        self.schedule.later(now, at_least)

    def become_plain(self, attachment: Attachment) -> None:
        """The server knows no sessions: what was written to it is let go."""
        attachment.plain = True
        attachment.outbound.cursor = max(attachment.outbound.cursor, self._session.sent.low)
        self._session.sent.release(attachment.outbound.cursor - 1)

    def close_all(self, why: CloseReason) -> None:
        """Ends all calls of a session that is over."""
        session = self._session
        if session.current is not None:
            session.close(session.current, why)
        if self.pending is not None:
            session.close(self.pending, CloseReason.UNNEEDED)
        session.current = None
        self.pending = None

    def keep_attached(self, now: float) -> None:
        """Does what is due of opening, replacing and giving up."""
        session = self._session
        if not self._wait_reported and not session.is_ended and self.schedule.is_waiting(now):
            self._wait_reported = True
            session.put(Waiting(self.schedule.left(now)))
        if self.pending is not None:
            self._await_answer(now, self.pending)
        carrying = session.current
        if carrying is not None and carrying.handshake_complete:
            self._watch_silence(now, carrying)
            if session.current is carrying and session.inbound_flow.is_held_up(now, carrying):
                self.drain(now, carrying)
        if self.pending is None and self.schedule.is_due(now):
            handover = session.state is SessionState.DRAIN
            session.transition_to(SessionState.HANDOVER if handover else SessionState.RESUMING)
            self.open(now)

    def add_deadlines(self, deadlines: Deadlines) -> None:
        """When ``keep_attached`` has something to do."""
        session = self._session
        options = session.options
        self.schedule.add_deadlines(deadlines, self.pending is not None, self._wait_reported or session.is_ended)
        if self.pending is not None:
            if self._must_be_answered(self.pending):
                deadlines.after(self.pending.opening.hello_sent_at, self.schedule.handshake)
            step = self.plain_peer.next(self.pending, session.sent, session.is_ended)
            if step is not None:
                self.plain_peer.add_deadlines(deadlines, self.pending, step)
            if self._is_half_duplex_possible(self.pending):
                deadlines.after(self.pending.opening.hello_sent_at, options.assume_plain_millis)
        current = session.current
        if current is None or not current.handshake_complete:
            return
        if session.state is SessionState.ATTACHED:
            deadlines.after(self._attached_at, options.rotate_millis)
        elif session.state is SessionState.SUSPECT:
            deadlines.after(self._suspect_at, options.race_millis)
        if not current.inbound.paused:
            if session.state is SessionState.ATTACHED:
                deadlines.after(current.inbound.heard_at, options.suspect_millis)
            if self._may_be_dead():
                deadlines.after(current.inbound.heard_at, options.dead_millis)

    def _await_answer(self, now: float, opening: Attachment) -> None:
        session = self._session
        if self._must_be_answered(opening) and now >= opening.opening.hello_sent_at + self.schedule.handshake:
            session.close(opening, CloseReason.SILENT)
            if self._comes_back:
                self.schedule.on_silence()
            session.pending_closed(now, opening, CONNECTION_LOST)
        else:
            self.fall_back(now)

    def fall_back(self, now: float) -> None:
        """Takes the step that is due while a first attachment is not answered; there may be none."""
        session = self._session
        opening = self.pending
        if opening is None:
            return
        step = self.plain_peer.next(opening, session.sent, session.is_ended)
        if step is not None and self.plain_peer.is_due(now, opening, step):
            session.on_silence(opening, step)
        if self.pending is opening and self._is_half_duplex_possible(opening):
            silent_at = opening.opening.hello_sent_at + session.options.assume_plain_millis
            if self._half_duplex.is_proved(now) or now >= silent_at:
                session.end_requests(opening)

    def _is_half_duplex_possible(self, opening: Attachment) -> bool:
        session = self._session
        # The next owner of a session may get the request again, for which the request side stays open.
        goes_on = session.state is not SessionState.RACING and not self.handover.has_begun
        return goes_on and session.is_settled and self._half_duplex.may_help(opening)

    @property
    def _comes_back(self) -> bool:
        """Whether a server has welcomed this session, and maybe handed it over since."""
        return bool(self.token) or self.handover.has_begun

    def _must_be_answered(self, opening: Attachment) -> bool:
        return not opening.opening.queued and not self.plain_peer.may_stay_silent(opening)

    def _watch_silence(self, now: float, carrying: Attachment) -> None:
        session = self._session
        options = session.options
        if session.state is SessionState.ATTACHED:
            if carrying.is_silent(now, options.suspect_millis):
                session.transition_to(SessionState.SUSPECT)
                self._suspect_at = now
                carrying.probes.probe_due = True
            elif options.rotate_millis > 0 and now >= self._attached_at + options.rotate_millis:
                self.drain(now, carrying)
        elif session.state is SessionState.SUSPECT and is_over(now, self._suspect_at + options.race_millis):
            session.transition_to(SessionState.RACING)
            self.open(now)
        if self._may_be_dead() and carrying.is_silent(now, options.dead_millis):
            session.close(carrying, CloseReason.SILENT)
            session.current_closed(now, carrying, CONNECTION_LOST)

    def _may_be_dead(self) -> bool:
        """A healthy attachment is suspected first, and one without heartbeats may be silent for ever."""
        state = self._session.state
        if state in (SessionState.DRAIN, SessionState.HANDOVER):
            return self._session.options.suspect_millis > 0
        return state in (SessionState.SUSPECT, SessionState.RACING)

    def _age(self, now: float) -> int:
        return min(math.floor(now - self._started_at + self._session.options.handshake_millis), MAX_MILLIS)

    def _remaining(self, now: float) -> int:
        """A deadline that is too far away for a hello is said by a later one."""
        if self._session.deadline is None:
            return 0
        millis = max(1, math.floor(self._session.deadline - now))
        return 0 if millis > MAX_MILLIS else millis
