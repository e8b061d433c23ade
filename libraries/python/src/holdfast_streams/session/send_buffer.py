"""The messages that the server has not processed."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from ..wire.frame_header import HALF_CLOSE
from .buffer_budget import BufferBudget

#: Limit of a first message that is kept for a hand-over; with a larger one the stream ends with MOVED.
_MAX_FIRST_BYTES = 64 * 1024


@dataclass(slots=True)
class SequencedMessage:
    """A message, half-close or final status at its position."""

    seq: int
    body: bytes
    flags: int = 0
    status: int = 0


class SendBuffer:
    """
    The messages that the server has not processed, by position: ``acked < low <= end + 1``.

    Positions begin at 1, ascend by one and are never reused. At its limits the buffer is not ready, at twice the limits it
    refuses a message; an accepted one stays until the server has processed it.
    """

    def __init__(self, limit_messages: int, limit_bytes: int, budget: BufferBudget) -> None:
        self._limit_messages = limit_messages
        self._limit_bytes = limit_bytes
        self._budget = budget
        self._messages: deque[SequencedMessage] = deque()
        #: Lowest position held; one more than the last when there is none.
        self.low = 1
        #: Highest position given so far.
        self.end = 0
        self.acked = 0
        #: Highest position that was written to a server.
        self.sent = 0
        self.held_bytes = 0
        #: Bytes that the server has processed since the session was attached.
        self._flowed = 0
        #: Whether the half-close was given a position.
        self.is_finished = False
        self._told_full = False
        #: Whether the first message is kept after its ack, and that message once it was released.
        self._keeps_first = False
        self._first: SequencedMessage | None = None

    def keep_first(self) -> None:
        """Keeps the first message until the end, unless it has more than 64 KiB, so that it can be sent again."""
        self._keeps_first = True

    @property
    def may_rewind(self) -> bool:
        """Whether all that was sent, a first message and a half-close, can be sent again."""
        return self.end <= 2 and (self._first or self.at(1)) is not None

    def rewind(self) -> None:
        """Begins at position 1 again, with the first message and the half-close."""
        again = self._first or self.at(1)
        if again is None:
            raise RuntimeError("the first message was released")
        finished = self.is_finished
        self.clear()
        self.low = 1
        self.end = 0
        self.acked = 0
        self.sent = 0
        self.is_finished = False
        self._append(again.body, again.flags)
        if finished:
            self.finish()

    @property
    def held(self) -> int:
        """The number of messages held."""
        return len(self._messages)

    def is_ready(self) -> bool:
        """Whether the buffer is below its limits."""
        full = (
            self.held >= self._limit_messages
            or self.held_bytes >= self._limit_bytes
            or not self._has_room(self.held_bytes)
        )
        return not self.is_finished and not full

    def ask_ready(self) -> bool:
        """As ``is_ready``, for an application that is to be told when there is room again."""
        ready = self.is_ready()
        self._told_full |= not ready
        return ready

    def take_ready_again(self) -> bool:
        """Whether the application is to be told that there is room again; true once."""
        again = self._told_full and self.is_ready()
        self._told_full &= not again
        return again

    def offer(self, body: bytes) -> bool:
        """Takes a message, unless twice the limits are reached."""
        fits = (
            self.held < 2 * self._limit_messages
            and self.held_bytes + len(body) <= 2 * self._limit_bytes
            and self._has_room(self.held_bytes // 2)
        )
        taken = not self.is_finished and (fits or self.held == 0)
        if taken:
            self._append(body, 0)
        self._told_full |= not self.is_ready()
        return taken

    def finish(self) -> None:
        """Takes the half-close, which always fits; only the first one counts."""
        if not self.is_finished:
            self._append(b"", HALF_CLOSE)
            self.is_finished = True

    def ack(self, up_to: int) -> bool:
        """Releases what the server has processed; false when that was never sent."""
        if up_to > self.sent:
            return False
        self.acked = max(self.acked, up_to)
        before = self.held_bytes
        self.release(up_to)
        self._flowed += before - self.held_bytes
        return True

    def release(self, up_to: int) -> None:
        """Forgets positions that were written to a server that will never acknowledge."""
        while self.low <= up_to and self._messages:
            released = self._messages.popleft()
            if self.low == 1 and self._keeps_first and len(released.body) <= _MAX_FIRST_BYTES:
                self._first = released
            else:
                self._hold(-len(released.body))
            self.low += 1

    def clear(self) -> None:
        """Forgets everything, the first message that is kept included."""
        self.release(self.end)
        if self._first is not None:
            self._hold(-len(self._first.body))
            self._first = None

    def at(self, seq: int) -> SequencedMessage | None:
        """The message at a position; None when it is not held."""
        return self._messages[seq - self.low] if self.low <= seq <= self.end else None

    def on_sent(self, seq: int) -> None:
        """A position was written to a server."""
        self.sent = max(self.sent, seq)

    def on_detached(self) -> None:
        """The server processes nothing while the session is detached."""
        self._flowed = 0

    def _append(self, body: bytes, flags: int) -> None:
        self.end += 1
        self._messages.append(SequencedMessage(self.end, body, flags))
        self._hold(len(body))

    def _has_room(self, count: int) -> bool:
        # Who holds nothing may always take one, or it would wait for others.
        return not self._messages or self._budget.has_room(count, self._flowed)

    def _hold(self, count: int) -> None:
        self.held_bytes += count
        self._budget.take(count)
