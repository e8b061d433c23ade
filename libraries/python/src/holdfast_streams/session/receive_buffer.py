"""The messages of the server that the application has not processed."""

from __future__ import annotations

from collections import deque
from enum import Enum, auto

from ..wire.frame_header import FINAL, MOVED
from ..wire.handshake import INITIAL_CREDIT
from .buffer_budget import BufferBudget
from .send_buffer import SequencedMessage

#: Each message makes the largest one before it count for so much less, one in so many.
_FORGETS = 16
#: The smallest window: one message is processed while the next one arrives.
_LEAST_WINDOW = 2
#: Above every position.
_NEVER = 1 << 64


class ReceiveResult(Enum):
    """What becomes of an arriving position."""

    ACCEPTED = auto()
    DUPLICATE = auto()
    #: An earlier position is missing.
    GAP = auto()
    #: Absent, behind the last one, or beyond the credit.
    VIOLATION = auto()


class ReceiveBuffer:
    """
    The messages of the server, by position: ``processed <= delivered <= received``.

    A position is received in order or not at all, delivered once, and processed when the application says so. Only what is
    processed is acknowledged.
    """

    def __init__(self, window_messages: int, limit_bytes: int, budget: BufferBudget) -> None:
        self._window_messages = window_messages
        self._limit_bytes = limit_bytes
        self._budget = budget
        self._waiting: deque[SequencedMessage] = deque()
        #: The sizes of what was delivered and not processed.
        self._in_hand: deque[int] = deque()
        self._waiting_bytes = 0
        self._in_hand_bytes = 0
        self.received = 0
        self._delivered = 0
        self.processed = 0
        #: Bytes of all that was processed so far.
        self.processed_bytes = 0
        self._last_seq = _NEVER
        #: Whether an owner that moves the session has sent its final frame, and no other owner is there.
        self.is_moved = False
        #: The position of an owner's final frame, behind which another owner goes on; 0 for none.
        self._moved_seq = 0
        self._demand = 0
        #: The largest message of late: credit is given in messages and meant in bytes.
        self._large_bytes = 0
        self._granted = self.window()

    @property
    def held_bytes(self) -> int:
        """Bytes that wait for the application, or that it has not processed."""
        return self._waiting_bytes + self._in_hand_bytes

    def receive(self, message: SequencedMessage) -> ReceiveResult:
        """Takes a position, if it is the next one."""
        if message.seq == 0:
            return ReceiveResult.VIOLATION
        if message.seq <= self.received:
            return ReceiveResult.DUPLICATE
        if message.seq > self.received + 1:
            return ReceiveResult.GAP
        invited = bool(message.flags & FINAL) or message.seq <= max(self._granted, INITIAL_CREDIT)
        if message.seq > self._last_seq or not invited:
            return ReceiveResult.VIOLATION
        self._accept(message)
        return ReceiveResult.ACCEPTED

    def accept_next(self, body: bytes) -> None:
        """Takes a message of a plain server, which knows no positions."""
        self._accept(SequencedMessage(self.received + 1, body))

    def request(self, messages: int) -> None:
        """The application wants so many messages more."""
        self._demand += messages

    def is_starved(self) -> bool:
        """Whether the application waits for a message that has not come."""
        return self._demand > 0 and not self._waiting

    def deliver(self, plain: bool) -> SequencedMessage | None:
        """The next position for the application, which counts as delivered; ``plain``: of a server without sessions."""
        if not self._waiting:
            return None
        message = self._waiting[0]
        last = bool(message.flags & FINAL)
        if not last:
            if self._demand == 0 or (self._in_hand_bytes >= self._limit_bytes and not plain):
                return None
            self._demand -= 1
        self._waiting.popleft()
        size = len(message.body)
        self._waiting_bytes -= size
        self._delivered = message.seq
        if last:
            self._budget.take(-size)
            self.process(self.processed)
        else:
            self._in_hand.append(size)
            self._in_hand_bytes += size
        return message

    def process(self, up_to: int) -> None:
        """The application has processed everything up to here, which it had been given."""
        if not self.processed <= up_to <= self._delivered:
            expected = f"processed {self.processed} <= up_to <= delivered {self._delivered}"
            raise ValueError(f"up_to: {up_to} (expected: {expected})")
        for _ in range(min(up_to - self.processed, len(self._in_hand))):
            size = self._in_hand.popleft()
            self._in_hand_bytes -= size
            self.processed_bytes += size
            self._budget.take(-size)
        # Nobody processes a status: it is processed with all messages before it. Two may follow each other, of two owners.
        self.processed = self._moved_seq if up_to + 1 == self._moved_seq else up_to
        if self.processed + 1 == self._last_seq and self._delivered == self._last_seq:
            self.processed = self._last_seq

    @property
    def may_go_on(self) -> bool:
        """Whether ``go_on`` is possible: the last position was delivered, and all before an earlier such one is processed."""
        return self.processed >= self._moved_seq and self._delivered == self._last_seq

    def go_on(self) -> None:
        """The last position was that of one owner only; the next one goes on behind it."""
        self._moved_seq = self._last_seq
        self._last_seq = _NEVER
        self.is_moved = False

    @property
    def first_needed(self) -> int:
        """
        The lowest position that the server must still hold. An owner that took the session over holds nothing of the owner
        before, though the application may have some of it in hand.
        """
        return max(self.processed, self._moved_seq) + 1

    def clear(self) -> None:
        """Forgets what the application was not given; what it has in hand counts no more."""
        self._budget.take(-self.held_bytes)
        self._waiting.clear()
        self._waiting_bytes = 0
        self._in_hand.clear()
        self._in_hand_bytes = 0

    def window(self) -> int:
        """Messages that the server may send ahead: as many as fit if they are as large as those of late."""
        fitting = INITIAL_CREDIT if self._large_bytes == 0 else self._limit_bytes // self._large_bytes
        return min(self._window_messages, max(_LEAST_WINDOW, fitting))

    def wants_more(self) -> bool:
        """Whether the call may be asked for one more message, however large."""
        idle = not self._waiting and not self._in_hand
        return idle or (self._has_room() and (len(self._waiting) <= 1 or self._waiting_bytes < 2 * self._limit_bytes))

    def credit(self) -> int:
        """The highest position that may come; it never goes back."""
        if self._has_room() and self._waiting_bytes < self._limit_bytes:
            self._granted = max(self._granted, self.processed + self.window())
        elif not self._waiting:
            # One at a time goes on, or this session would wait for others.
            self._granted = max(self._granted, self.processed + 1)
        return self._granted

    def _accept(self, message: SequencedMessage) -> None:
        size = len(message.body)
        self.received = message.seq
        self._waiting.append(message)
        self._waiting_bytes += size
        self._large_bytes = max(self._large_bytes - self._large_bytes // _FORGETS, 1 + size)
        self._budget.take(size)
        if message.flags & FINAL:
            self._last_seq = message.seq
            self.is_moved = bool(message.flags & MOVED)

    def _has_room(self) -> bool:
        return self._budget.has_room(self.held_bytes, self.processed_bytes)
