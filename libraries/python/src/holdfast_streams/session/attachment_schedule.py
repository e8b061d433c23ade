"""The time, the address and the number of the next attachment."""

from __future__ import annotations

from typing import Protocol

from ..wire.handshake import Welcome
from .attachment import Attachment
from .deadlines import Deadlines, is_over
from .options import SessionOptions

#: Redirections that are followed at once, in a row.
_MAX_MOVES = 3
#: Doublings of the time that a resume may wait for its answer, one for each that was met by silence.
_MAX_PATIENCE_DOUBLINGS = 2
#: Between an attempt that failed and the next one, when a server that may be reached again brings it forward.
_LEAST_PAUSE_MILLIS = 2_000
#: An outage that is shorter is no news to the application.
_TELL_AFTER_MILLIS = 2_000
#: Doublings of the first delay; the cap is reached before.
_MAX_DELAY_DOUBLINGS = 40


class SessionRandom(Protocol):
    """The source of chance of a session."""

    def tag(self) -> int:
        """The tag of an attachment, 1 to 2^32-1."""
        ...

    def delay(self, most: float) -> float:
        """A delay, evenly from 0 to ``most`` milliseconds."""
        ...


class AttachmentSchedule:
    """
    The time, the address and the number of the next attachment, and when to give up.

    Delays have full jitter, plus a part of the server's spread. Only a message that was acknowledged, or that is new, begins
    the delays anew.
    """

    def __init__(self, options: SessionOptions, random: SessionRandom) -> None:
        self._options = options
        self._random = random
        self.ttl = options.ttl_millis
        self._numbers = 0
        self._failures = 0
        self._spread = 0
        #: The address of the next attempt; "" for the channel's own choice.
        self.address = ""
        self._moves = 0
        self._silences = 0
        self._retry_at: float | None = None
        #: How far the next attempt can be brought forward.
        self._earliest_at = 0.0
        self._alone_at: float | None = None

    @property
    def handshake(self) -> float:
        """The most time between an attachment's begin and its welcome."""
        return self._options.handshake_millis * (1 << self._silences)

    def next(self, now: float) -> Attachment:
        """A new attachment, with a number above all before."""
        self._retry_at = None
        self._numbers += 1
        return Attachment(self._numbers, self._random.tag(), now)

    def on_progress(self) -> None:
        """Something was acknowledged, or a new message came."""
        self._failures = 0

    def on_welcome(self, welcome: Welcome) -> None:
        """A server welcomed the attachment."""
        self.ttl = welcome.ttl
        self._spread = welcome.spread
        self.on_answered()

    def on_answered(self) -> None:
        """A server took the attachment."""
        self._retry_at = None
        self._alone_at = None
        self._moves = 0
        self._silences = 0

    def on_silence(self) -> None:
        """A resume was not answered in time: a server with many of them needs more."""
        self._silences = min(_MAX_PATIENCE_DOUBLINGS, self._silences + 1)

    def follow(self, address: str) -> bool:
        """Whether a redirection is followed at once."""
        self._moves += 1
        self.address = address
        return self._moves <= _MAX_MOVES

    def on_failed(self) -> None:
        """An attempt failed: the next one goes wherever the channel leads."""
        self.address = ""
        self._moves = 0

    def begin_elsewhere(self, now: float) -> None:
        """The next attempt is due at once, wherever the channel leads; the ones before say nothing of it."""
        self.on_failed()
        self.on_progress()
        self._retry_at = now

    def alone(self, now: float) -> None:
        """There is no attachment from now on."""
        if self._alone_at is None:
            self._alone_at = now

    def later(self, now: float, at_least: float) -> None:
        """The next attempt is due after a delay."""
        delay = self.next_delay()
        asked = at_least + self._random.delay(self._spread)
        self._retry_at = now + asked + delay
        self._earliest_at = now + max(asked, _LEAST_PAUSE_MILLIS)

    def bring_forward(self, now: float) -> None:
        """The server can be reached: the delay that outages made is not waited for."""
        if self._retry_at is not None:
            self._retry_at = min(self._retry_at, max(now, self._earliest_at))

    def soon(self, now: float) -> None:
        """A working attachment is to be replaced: at once, or within the server's spread."""
        self._retry_at = now + self._random.delay(self._spread)

    def next_delay(self) -> float:
        """The delay before the next attempt; counts as one more that failed."""
        doublings = 1 << min(self._failures, _MAX_DELAY_DOUBLINGS)
        self._failures += 1
        return self._random.delay(min(self._options.backoff_cap_millis, self._options.backoff_base_millis * doublings))

    def is_due(self, now: float) -> bool:
        """Whether the next attempt is due."""
        return is_over(now, self._retry_at)

    def is_waiting(self, now: float) -> bool:
        """Whether there has been no attachment for so long that the application should know."""
        return self._alone_at is not None and now >= self._alone_at + _TELL_AFTER_MILLIS

    def left(self, now: float) -> float:
        """Milliseconds until attempts end."""
        alone_at = now if self._alone_at is None else self._alone_at
        return max(0.0, alone_at + self._patience() - now)

    def is_hopeless(self, now: float) -> bool:
        """Whether a server would no longer hold the session, with one attempt more."""
        return self._alone_at is not None and now >= self._alone_at + self._patience()

    def add_deadlines(self, deadlines: Deadlines, opening: bool, told: bool) -> None:
        """When an attempt is due, or the end of them."""
        if not opening:
            deadlines.at(self._retry_at)
        if self._alone_at is not None:
            deadlines.after(self._alone_at, self._patience())
            if not told:
                deadlines.after(self._alone_at, _TELL_AFTER_MILLIS)

    def _patience(self) -> float:
        return self.ttl + self._options.backoff_cap_millis + self._options.handshake_millis
