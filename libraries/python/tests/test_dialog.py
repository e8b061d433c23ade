"""The dialogs of a client in libraries/streams/vectors."""

from __future__ import annotations

import math
import unittest
from typing import Any

from holdfast_streams.session import outputs as out
from holdfast_streams.session.attachment import Attachment
from holdfast_streams.session.buffer_budget import BufferBudget
from holdfast_streams.session.client_session import ClientSession
from holdfast_streams.session.options import SessionOptions
from holdfast_streams.session.plain_peer import Peer
from holdfast_streams.wire.frame_header import read_frame, write_frame
from holdfast_streams.wire.handshake import Welcome

from .vectors import vectors

_SESSION = bytes.fromhex("0123456789abcdef1122334455667788")
_BUDGET_BYTES = 256 << 20
#: The vectors' random delays, which are chance, fall between two milliseconds.
_BETWEEN = 0.5

Step = dict[str, Any]


class Dialog:
    """Plays the steps of everybody else to a client session, and expects the steps of the client."""

    def __init__(self, test: unittest.TestCase, name: str, options: SessionOptions, shows_reads: bool) -> None:
        self._test = test
        self._steps: list[Step] = vectors(name)["steps"]
        self._hellos = [step for step in self._steps if "hello" in step]
        self._shows_reads = shows_reads
        self._attachments: list[Attachment] = []
        self._said: list[Step] = []
        self._budget = BufferBudget(_BUDGET_BYTES)
        self._now: float = 0
        self._session = ClientSession(_SESSION, options, self, self._budget)

    def tag(self) -> int:
        """The tag that fell in the vectors."""
        tag: int = self._hellos[len(self._attachments)]["hello"]["tag"]
        return tag

    def delay(self, most: float) -> float:
        """The delay that fell in the vectors, as far as it matters: until the next hello."""
        if most == 0:
            return 0
        following = self._hellos[len(self._attachments) :]
        return float(following[0]["ms"]) + _BETWEEN - self._now if following else 60_000

    def play(self, demand: int) -> None:
        """Plays all steps."""
        self._session.request(demand)
        self._session.start(0, self._hellos[0]["hello"]["remaining"], Peer.HOLDFAST)
        for index, step in enumerate(self._steps):
            if step["from"] == "client":
                self._time_to(step["ms"])
                expected = {name: step[name] for name in step if name not in ("hello", "frame", "filler")}
                self._test.assertEqual(self._said.pop(0) if self._said else None, expected, f"step {index}")
            else:
                self._test.assertEqual(self._said, [], f"before step {index}")
                self._time_to(step["ms"])
                self._apply(step)
                self._drive()
        self._test.assertEqual(self._said, [])

    def _time_to(self, millis: int) -> None:
        if not self._said and millis <= math.floor(self._now):
            self._drive()
        while not self._said and math.floor(self._now) < millis:
            due = self._session.next_deadline()
            self._now = millis + _BETWEEN if due is None else min(due, millis + _BETWEEN)
            self._session.on_timeout(self._now)
            self._drive()

    def _apply(self, step: Step) -> None:
        filler = step.get("filler", {"byte": "", "size": 0})
        data = bytes.fromhex(step.get("bytes", "")) + bytes.fromhex(filler["byte"]) * filler["size"]
        session = self._session
        number: int = step["attachment"]
        attachment = self._attachments[number - 1] if number else None
        match step["from"], step["what"], attachment:
            case "application", "message", _:
                self._test.assertTrue(session.offer(data))
            case "application", "half-close", _:
                session.half_close()
            case "application", "takes", _:
                session.request(step["messages"])
            case "process", "buffers full", _:
                self._budget.take(_BUDGET_BYTES)
            case "process", "buffers free", _:
                self._budget.take(-_BUDGET_BYTES)
            case "server", "welcome", Attachment() as source:
                session.on_welcome(self._now, source, Welcome.parse(data))
            case "server", "message", Attachment() as source:
                frame = read_frame(data)
                assert frame is not None and frame[0].tag == source.tag
                session.on_frame(self._now, source, *frame)
            case "server", "close", Attachment() as source:
                session.on_closed(self._now, source, out.CallClosure(out.Scope.STATUS, 0))
            case "network", "cut", Attachment() as source:
                session.on_closed(self._now, source, out.CONNECTION_LOST)
            case unknown:
                self._test.fail(f"unknown step: {unknown}")

    def _drive(self) -> None:
        while (output := self._session.poll(self._now)) is not None:
            match output:
                case out.Deliver(seq):
                    self._session.processed(self._now, seq)
                case out.StartCall(attachment, hello):
                    self._attachments.append(attachment)
                    self._say("hello", attachment.number, bytes=hello.to_bytes().hex())
                case out.Send(attachment, header, body):
                    data = body if header is None else write_frame(header, body)
                    self._say("message", attachment.number, bytes=data.hex())
                case out.Request(attachment):
                    if self._shows_reads:
                        self._say("reads one", attachment.number, bytes="")
                case out.EndCall(attachment, why):
                    how = "half-close" if why is out.CloseReason.DONE else "cancel"
                    self._say("close", attachment.number, how=how)
                case out.Ended(end):
                    self._say("ended", 0, end=end.kind.name)
                case _:
                    self._test.fail(f"unexpected: {output}")

    def _say(self, what: str, attachment: int, **others: str) -> None:
        millis = math.floor(self._now)
        self._said.append({"ms": millis, "from": "client", "what": what, "attachment": attachment, **others})


class DialogTest(unittest.TestCase):
    def test_goes_through_a_cut_to_the_final_status(self) -> None:
        Dialog(self, "client-dialog.json", SessionOptions(ack_every=16), shows_reads=False).play(9)

    def test_sends_heartbeats_and_races_an_attachment_that_fell_silent(self) -> None:
        beating = SessionOptions(ack_every=16, heartbeat_millis=10_000, suspect_millis=25_000, dead_millis=30_000)
        Dialog(self, "client-half-open.json", beating, shows_reads=False).play(9)

    def test_acknowledges_large_messages_by_bytes(self) -> None:
        Dialog(self, "acks-by-bytes.json", SessionOptions(receive_bytes=256 << 10), shows_reads=False).play(100)

    def test_lets_answers_carry_the_acks_of_large_messages(self) -> None:
        Dialog(self, "acks-of-answers.json", SessionOptions(), shows_reads=False).play(100)

    def test_gives_credit_by_size(self) -> None:
        Dialog(self, "credit-by-size.json", SessionOptions(receive_bytes=256 << 10), shows_reads=True).play(0)


class SessionOptionsTest(unittest.TestCase):
    def test_names_the_value_that_is_out_of_its_bounds(self) -> None:
        with self.assertRaisesRegex(ValueError, r"ack_every: 0 \(expected: 1 to 65536\)"):
            SessionOptions(ack_every=0)


if __name__ == "__main__":
    unittest.main()
