"""The first attachment of a session, before anybody has answered it."""

from __future__ import annotations

import unittest

from holdfast_streams.session import outputs as out
from holdfast_streams.session.attachment import Attachment
from holdfast_streams.session.buffer_budget import BufferBudget
from holdfast_streams.session.client_session import ClientSession
from holdfast_streams.session.options import SessionOptions
from holdfast_streams.session.plain_peer import Peer

_BUDGET_BYTES = 256 << 20
_SILENCE = SessionOptions().assume_plain_millis


class FirstContactTest(unittest.TestCase):
    def tag(self) -> int:
        """As a SessionRandom."""
        return 1

    def delay(self, most: float) -> float:
        """As a SessionRandom."""
        return most

    def test_a_call_that_waits_for_a_connection_makes_no_server_silent(self) -> None:
        options = SessionOptions(first_message="after-welcome")
        session = ClientSession(bytes([1]) * 16, options, self, BufferBudget(_BUDGET_BYTES))
        session.start(0, 0, Peer.UNKNOWN)
        (first,) = [o.attachment for o in _outputs(session, 0) if isinstance(o, out.StartCall)]
        session.on_hello_unsent(first)
        self.assertTrue(session.offer(b"x"))
        connected = 3 * _SILENCE
        self.assertEqual(_written(session, first, connected), 0)

        session.on_hello_sent(connected, first)
        self.assertEqual(_written(session, first, connected + _SILENCE - 1), 0)
        self.assertEqual(session.next_deadline(), connected + _SILENCE)
        self.assertEqual(_written(session, first, connected + _SILENCE), 1)


def _outputs(session: ClientSession, now: float) -> list[out.SessionOutput]:
    outputs = []
    while (output := session.poll(now)) is not None:
        outputs.append(output)
    return outputs


def _written(session: ClientSession, on: Attachment, now: float) -> int:
    session.on_timeout(now)
    return sum(isinstance(o, out.Send) and o.attachment is on for o in _outputs(session, now))
