"""Sessions through random cuts and hand-overs, in virtual time; HOLDFAST_SEEDS is the number of seeds."""

from __future__ import annotations

import heapq
import itertools
import os
import random
import unittest
from collections import Counter
from collections.abc import Callable
from functools import partial

from holdfast_streams.session import outputs as out
from holdfast_streams.session.attachment import Attachment
from holdfast_streams.session.buffer_budget import BufferBudget
from holdfast_streams.session.client_session import ClientSession
from holdfast_streams.session.options import SessionOptions
from holdfast_streams.session.plain_peer import MethodKind, Peer
from holdfast_streams.wire.frame_header import HIGHEST_TAG, FrameHeader
from holdfast_streams.wire.handshake import Hello, Refusal, RefusalCode, Welcome
from holdfast_streams.wire.session_handover import OFFER, SessionHandover

from .model_server import Frame, ModelServer, ServerWord

_SEEDS = int(os.environ.get("HOLDFAST_SEEDS", "120"))
_MESSAGES = 60
_FAULTS_END_MILLIS = 20_000
_LONGEST_MILLIS = 400_000
#: Steps of a run; one that takes more does nothing again and again, without time passing.
_MOST_STEPS = 100_000
#: Hand-overs of a session, at the most.
_MOST_MOVES = 6
_BUDGET_BYTES = 256 << 20
#: In place of a cursor the next handler begins anew.
_RESTART = 2

#: Rare paths, with the times that they were taken: the run fails when one of them never was.
_PATHS = (
    "hand-over taken",
    "hand-over busy",
    "hand-over cut",
    "welcome of a hand-over lost",
    "messages kept for the next owner",
    "message in hand at a hand-over",
    "request sent again",
    "restart told",
    "restart unnoticed",
    "restart refused",
)


class World:
    """A client, instances of a server, and a network that delays and cuts. A run repeats by its seed."""

    def __init__(self, test: unittest.TestCase, seed: int, kind: MethodKind, reached: Counter[str]) -> None:
        self._test = test
        self._reached = reached
        self._random = random.Random(seed)
        self._lists = kind is MethodKind.SERVER_STREAMING
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()
        self._now: float = 0
        self._cut: set[Attachment] = set()
        self._live: list[Attachment] = []
        #: The attachments that show a hand-over, and were not welcomed.
        self._showing: list[Attachment] = []
        self._quiet_until: dict[tuple[Attachment, str], float] = {}
        #: All instances that ever had the session, by their number.
        self._instances: list[ModelServer] = []
        self._owners: dict[Attachment, ModelServer] = {}
        #: The newest attachment of each instance: of one that it replaced an instance reads nothing.
        self._newest: dict[int, Attachment] = {}
        self._processed: list[bytes] = []
        self._got: list[bytes] = []
        self._given = 0
        self._offered = 0
        self._ends: list[out.SessionEnd] = []
        #: The position at which the session has to end as moved.
        self._moved_at = 0
        self._moves = 0.05 if self._chance(0.7) else 0
        self._begin(OFFER)
        options = SessionOptions(
            send_messages=self._random.randint(1, 30),
            receive_messages=self._random.randint(1, 30),
            rotate_millis=3_000 if self._chance(0.3) else 0,
            first_message="at-once" if self._chance(0.5) else "after-welcome",
        )
        self._session = ClientSession(bytes([seed % 256]) * 16, options, self, BufferBudget(_BUDGET_BYTES))
        self._accepts_restart = self._chance(0.6)
        if self._accepts_restart:
            self._session.accept_restart()
        self._kind = kind

    def tag(self) -> int:
        """As a SessionRandom."""
        return self._random.randint(1, HIGHEST_TAG)

    def delay(self, most: float) -> float:
        """As a SessionRandom."""
        return self._random.uniform(0, most)

    def run(self) -> None:
        """Runs to the end of the session."""
        test = self._test
        session = self._session
        session.request(1)
        session.start(0, 0, Peer.HOLDFAST, self._kind)
        if self._lists:
            test.assertTrue(session.offer(b"request"))
            session.half_close()
            self._at(1, self._work)
        else:
            self._at(1, self._offer)
        self._drive()
        self._at(self.delay(500), self._disturb)
        steps = 0
        while not session.is_over and self._now < _LONGEST_MILLIS:
            steps += 1
            assert steps < _MOST_STEPS, f"{steps} steps until {self._now}"
            due = session.next_deadline()
            if self._events and (due is None or self._events[0][0] <= due):
                self._now, _, event = heapq.heappop(self._events)
                event()
            else:
                assert due is not None, "nothing is due, and the session is not over"
                self._now = max(self._now, due)
                session.on_timeout(self._now)
            self._drive()
            self._check()
        test.assertEqual(len(self._ends), 1)
        (end,) = self._ends
        if self._moved_at:
            test.assertEqual(end.kind, out.EndKind.MOVED)
            # Or it has a message in hand.
            test.assertIn(end.processed_here, (self._moved_at, self._moved_at - 2))
            return
        test.assertEqual(end.kind, out.EndKind.FINISHED)
        test.assertEqual(len(self._got), _MESSAGES)
        test.assertTrue(any(instance.is_over and not instance.is_moved for instance in self._instances))

    def _check(self) -> None:
        # Each message once and in order, at both ends.
        for got in (self._got,) if self._lists else (self._got, self._processed):
            self._test.assertEqual(got, [bytes([i]) for i in range(len(got))])
        if not self._lists:
            self._test.assertLessEqual(self._session.sent.acked, len(self._processed) + 1)

    def _chance(self, probability: float) -> bool:
        return self._random.random() < probability

    def _offer(self) -> None:
        while self._offered < _MESSAGES and self._session.is_ready():
            self._test.assertTrue(self._session.offer(bytes([self._offered])))
            self._offered += 1
            if self._chance(0.3):
                break
        if self._offered == _MESSAGES:
            self._session.half_close()
        else:
            self._at(self._now + self.delay(200), self._offer)

    def _work(self) -> None:
        """The handler of the newest owner goes on."""
        owner = self._instances[-1]
        if not owner.is_over and owner.index in self._newest:
            self._say(self._newest[owner.index], owner.work(self._random.randint(0, 3)))
        self._at(self._now + self.delay(300), self._work)

    def _disturb(self) -> None:
        """Cuts an attachment, until faults end."""
        if self._now >= _FAULTS_END_MILLIS:
            return
        if candidates := self._live + self._showing:
            victim = self._random.choice(candidates)
            self._reached["hand-over cut"] += victim in self._showing
            self._forget(victim)
            self._cut.add(victim)
            ends_at = self._now + self.delay(100)
            self._at(ends_at, lambda: self._session.on_closed(self._now, victim, out.CONNECTION_LOST))
        self._at(self._now + self.delay(1_500), self._disturb)

    def _drive(self) -> None:
        while (output := self._session.poll(self._now)) is not None:
            self._act(output)

    def _act(self, output: out.SessionOutput) -> None:
        match output:
            case out.StartCall(attachment, hello, _, handover):
                # A first attachment that is cut before its welcome would be lost by rule 4 of the server: nobody cuts it.
                if handover.is_present:
                    self._showing.append(attachment)
                    self._reached["message in hand at a hand-over"] += hello.watermark < handover.position
                    self._test.assertEqual((hello.token, hello.untouched), (b"", False))
                self._deliver(attachment, "up", lambda: self._on_hello(attachment, hello, handover))
            case out.Send(attachment, header, body):
                self._test.assertNotIn(attachment, self._showing, "a frame before the welcome of the next owner")
                self._deliver(attachment, "up", lambda: self._on_message(attachment, header, body))
            case out.Deliver(seq, body):
                self._got.append(body)
                self._given += 1
                self._at(self._now + self.delay(50), lambda: self._take(seq))
            case out.Restarted(messages):
                self._reached["restart told"] += 1
                self._test.assertEqual(messages, self._given)
                self._got.clear()
            case out.EndCall(attachment, why):
                self._forget(attachment)
                if why is not out.CloseReason.DONE:
                    self._cut.add(attachment)
            case out.Ended(end):
                self._ends.append(end)
            case _:
                pass

    def _take(self, seq: int) -> None:
        self._session.processed(self._now, seq)
        self._session.request(1)

    def _forget(self, attachment: Attachment) -> None:
        self._live = [other for other in self._live if other is not attachment]
        self._showing = [other for other in self._showing if other is not attachment]

    def _begin(self, taken: SessionHandover) -> ModelServer:
        window = 17 + self._random.randint(0, 40)
        rows = _MESSAGES if self._lists else 0
        instance = ModelServer(len(self._instances), window, self._processed, taken, rows)
        self._instances.append(instance)
        return instance

    def _on_hello(self, attachment: Attachment, hello: Hello, handover: SessionHandover) -> None:
        if handover.is_present and self._chance(0.3):
            self._reached["hand-over busy"] += 1
            self._deliver(attachment, "down", lambda: self._refuse(attachment))
            return
        if handover.is_present and not self._instances[-1].is_moved:
            # It was welcomed, and does not know: this one is a third instance.
            self._test.assertFalse(self._instances[-1].is_started)
            self._reached["welcome of a hand-over lost"] += 1
        # A token leads to its owner, and a hand-over to an instance that has never heard of the session.
        owner = self._begin(handover) if handover.is_present else self._instances[hello.token[0] if hello.token else 0]
        words = owner.on_hello(hello)
        if words is not None:
            self._owners[attachment] = owner
            self._newest[owner.index] = attachment
            self._say(attachment, words)

    def _refuse(self, attachment: Attachment) -> None:
        self._forget(attachment)
        self._session.on_refused(self._now, attachment, Refusal(RefusalCode.BUSY, retry_after=50))

    def _on_message(self, attachment: Attachment, header: FrameHeader | None, body: bytes) -> None:
        owner = self._owners.get(attachment)
        if owner is None or self._newest[owner.index] is not attachment:
            return
        words = owner.on_message(header, body)
        if not owner.is_ended and len(self._instances) <= _MOST_MOVES and self._chance(self._moves):
            words += self._leave(owner)
        self._say(attachment, words)

    def _leave(self, owner: ModelServer) -> list[ServerWord]:
        # A cursor covers the request or not; before it came there is none.
        replay = self._random.randint(0, 2) if self._lists and owner.has_request else _RESTART * self._lists
        handover, words = owner.leave(replay)
        if handover.restarts and not handover.messages:
            self._reached["restart unnoticed"] += 1
        elif handover.restarts and not self._accepts_restart:
            self._reached["restart refused"] += 1
            self._moved_at = handover.position
        return words

    def _say(self, attachment: Attachment, words: list[ServerWord]) -> None:
        for word in words:
            self._deliver(attachment, "down", partial(self._hear, attachment, word))

    def _hear(self, attachment: Attachment, word: ServerWord) -> None:
        session = self._session
        match word:
            case Welcome():
                self._live.append(attachment)
                if attachment in self._showing:
                    self._showing.remove(attachment)
                    self._reached["hand-over taken"] += 1
                session.on_welcome(self._now, attachment, word)
                taken = attachment.number > 1 and word.watermark == 0
                self._reached["request sent again"] += self._lists and taken and session.sent.held > 0
                self._reached["messages kept for the next owner"] += not self._lists and session.sent.held > 0
            case Frame(header, body):
                session.on_frame(self._now, attachment, header, body)
            case _:
                session.on_closed(self._now, attachment, out.CallClosure(out.Scope.STATUS, 0))

    def _deliver(self, attachment: Attachment, direction: str, run: Callable[[], None]) -> None:
        """In order within an attachment and a direction, after a delay, unless it is cut before."""
        key = (attachment, direction)
        at = max(self._quiet_until.get(key, 0), self._now + self.delay(60))
        self._quiet_until[key] = at
        self._at(at, lambda: None if attachment in self._cut else run())

    def _at(self, at: float, event: Callable[[], None]) -> None:
        heapq.heappush(self._events, (at, next(self._order), event))


class SimulationTest(unittest.TestCase):
    def test_each_message_arrives_once_and_in_order_through_cuts_and_hand_overs(self) -> None:
        reached: Counter[str] = Counter()
        for seed in range(1, _SEEDS + 1):
            for kind in (MethodKind.BIDIRECTIONAL, MethodKind.SERVER_STREAMING):
                with self.subTest(seed=seed, kind=kind.name):
                    World(self, seed, kind, reached).run()
        for path in _PATHS:
            self.assertGreater(reached[path], 0, f"never reached: {path}")


if __name__ == "__main__":
    unittest.main()
