"""Streams that wait between two attempts, and hear that their server welcomes others."""

from __future__ import annotations

import asyncio
import unittest
from functools import partial

from holdfast_streams.aio.resume_limiter import ResumeLimiter
from holdfast_streams.session import outputs as out
from holdfast_streams.wire.handshake import RefusalCode

from .played_session import NEXT_TOKEN, PlayedSession

_SERVER = "10.0.0.1:5000"
#: How close to its last failure the next attempt may come.
_LEAST_PAUSE = 2_000


def _after_an_outage() -> PlayedSession:
    """Its attempts came to nothing for so long that the next one is due in 16 s."""
    played = PlayedSession()
    played.welcome(token=_SERVER.encode() + NEXT_TOKEN, ttl=600_000)
    for failures in range(6):
        played.close(played.newest)
        played.pass_time(250 << failures)
    assert len(_attempts(played)) == 7 and played.session.paused_for is None
    played.close(played.newest)
    return played


def _attempts(played: PlayedSession) -> list[out.StartCall]:
    return played.all(out.StartCall)


class ReachableTest(unittest.TestCase):
    def test_next_attempt_is_brought_forward_to_a_pause_behind_the_last_failure(self) -> None:
        played = _after_an_outage()
        self.assertEqual(played.session.paused_for, _SERVER)
        played.pass_time(500)
        played.session.on_reachable(played.now)
        played.pass_time(_LEAST_PAUSE - 501)
        self.assertEqual(len(_attempts(played)), 7)
        played.pass_time(1)
        self.assertEqual(len(_attempts(played)), 8)
        played.session.on_reachable(played.now)
        played.drive()
        self.assertEqual(len(_attempts(played)), 8, "one attempt at a time")

    def test_busy_server_is_left_alone_for_the_time_that_it_asked_for(self) -> None:
        played = _after_an_outage()
        played.pass_time(16_000)
        self.assertEqual(len(_attempts(played)), 8)
        played.refuse(RefusalCode.BUSY, retry_after=9_000)
        played.pass_time(_LEAST_PAUSE)
        played.session.on_reachable(played.now)
        played.pass_time(9_000 - _LEAST_PAUSE - 1)
        self.assertEqual(len(_attempts(played)), 8)
        played.pass_time(1)
        self.assertEqual(len(_attempts(played)), 9)

    def test_welcome_wakes_who_waits_for_that_server_or_for_any(self) -> None:
        limiter = ResumeLimiter()
        woken: list[str] = []
        for name, server in (("a", _SERVER), ("b", "another"), ("c", ""), ("d", _SERVER)):
            limiter.pause(name, server, partial(woken.append, name))
        limiter.end_pause("d")

        limiter.on_welcome(_SERVER)
        self.assertEqual(woken, ["a", "c"])
        limiter.on_welcome(_SERVER)
        limiter.on_welcome("another")
        self.assertEqual(woken, ["a", "c", "b"])

    def test_server_that_does_not_answer_holds_back_its_own_streams_only(self) -> None:
        async def ask() -> None:
            limiter = ResumeLimiter()
            begun: list[str] = []
            permits = [
                limiter.ask(server, partial(begun.append, name))
                for server, name in (
                    (_SERVER, "silent"),
                    (_SERVER, "behind it"),
                    ("another", "other"),
                    ("another", "behind it too"),
                )
            ]
            await asyncio.sleep(0)
            self.assertEqual(begun, ["silent", "other"])

            permits[2].on_welcome()
            self.assertEqual(begun, ["silent", "other", "behind it too"])

            for permit in permits:
                permit.on_over()
            self.assertEqual(limiter.server_count, 0, "a server without attempts is forgotten")

        asyncio.run(ask())
