"""The pacing of the sessions of one channel that resume together."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from functools import partial

#: Resumes of one channel at one server that wait for their answers at the same time; more of them wait for their turn.
_MAX_AT_ONCE = 256
#: The time that a resume waits behind others of its channel and server; then it is tried with them.
_LONGEST_WAIT_SECONDS = 45


class ResumePermit:
    """An attempt to resume: it waits, is under way, and is over."""

    def __init__(self, resumes: _ServerResumes, begin: Callable[[], None]) -> None:
        self._resumes = resumes
        self.begin = begin
        self.is_begun = False
        self.is_over = False
        self.timer: asyncio.TimerHandle | None = None

    def on_welcome(self) -> None:
        """The server has let it in."""
        self._resumes.end(self, let_in=True)

    def on_over(self) -> None:
        """It failed or is no longer wanted; harmless after ``on_welcome``."""
        self._resumes.end(self, let_in=False)


class ResumeLimiter:
    """
    The pacing of the sessions of one channel that resume together.

    Those of each server are paced by themselves: a server that does not answer holds back its own sessions only.
    """

    def __init__(self) -> None:
        #: The servers with attempts; "" is the channel's own choice.
        self._servers: dict[str, _ServerResumes] = {}
        #: Streams between two attempts: where the next one goes, "" for any, and how to wake them.
        self._paused: dict[object, tuple[str, Callable[[], None]]] = {}

    def ask(self, server: str, begin: Callable[[], None]) -> ResumePermit:
        """Runs ``begin``, an attempt at this server, when it is due, soon at the earliest."""
        resumes = self._servers.get(server)
        if resumes is None:
            # What the server could take the last time says nothing about this time.
            resumes = _ServerResumes(partial(self._forget, server))
            self._servers[server] = resumes
        return resumes.ask(begin)

    def _forget(self, server: str, resumes: _ServerResumes) -> None:
        if self._servers.get(server) is resumes:
            del self._servers[server]

    @property
    def server_count(self) -> int:
        """How many servers have attempts."""
        return len(self._servers)

    def pause(self, stream: object, server: str, wake: Callable[[], None]) -> None:
        """Remembers a stream whose attempt came to nothing, until it tries again."""
        self._paused[stream] = (server, wake)

    def end_pause(self, stream: object) -> None:
        """Forgets a stream that tries again, or is over."""
        self._paused.pop(stream, None)

    def on_welcome(self, server: str) -> None:
        """
        Wakes the streams that wait for a server which welcomes again.

        They need not wait out the delays that its outage has left them. Their attempts are paced as all are.
        """
        woken = [(stream, wake) for stream, (waits_for, wake) in self._paused.items() if waits_for in ("", server)]
        for stream, _ in woken:
            del self._paused[stream]
        for _, wake in woken:
            wake()


class _ServerResumes:
    """
    The resumes at one server, against a thundering herd.

    One session asks first, each welcome admits two more, and a failed attempt halves the number of those that ask at once.
    """

    def __init__(self, on_idle: Callable[[_ServerResumes], None]) -> None:
        self._on_idle = on_idle
        self._waiting: deque[ResumePermit] = deque()
        self._under_way = 0
        self._at_once = 1

    def ask(self, begin: Callable[[], None]) -> ResumePermit:
        """Runs ``begin`` when it is due, soon at the earliest."""
        permit = ResumePermit(self, begin)
        loop = asyncio.get_running_loop()
        permit.timer = loop.call_later(_LONGEST_WAIT_SECONDS, self._begin, permit)
        self._waiting.append(permit)
        loop.call_soon(self._begin_due)
        return permit

    def end(self, permit: ResumePermit, let_in: bool) -> None:
        """Ends an attempt, also one that never began."""
        if permit.is_over:
            return
        permit.is_over = True
        if permit.timer is not None:
            permit.timer.cancel()
        if permit.is_begun:
            self._under_way -= 1
            self._at_once = min(_MAX_AT_ONCE, self._at_once + 1) if let_in else max(1, self._at_once // 2)
        else:
            self._waiting.remove(permit)
        self._begin_due()
        if not self._under_way:
            self._on_idle(self)

    def _begin_due(self) -> None:
        while self._waiting and self._under_way < self._at_once:
            self._begin(self._waiting[0])

    def _begin(self, permit: ResumePermit) -> None:
        self._waiting.remove(permit)
        if permit.timer is not None:
            permit.timer.cancel()
        permit.is_begun = True
        self._under_way += 1
        permit.begin()
