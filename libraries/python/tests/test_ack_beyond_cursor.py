"""Acks beyond what the attachment in use has sent: its transport was full, and an older one had brought more."""

from __future__ import annotations

import unittest

from holdfast_streams.session import outputs as out
from holdfast_streams.session.attachment import Attachment
from holdfast_streams.session.buffer_budget import BufferBudget
from holdfast_streams.session.client_session import ClientSession
from holdfast_streams.session.options import SessionOptions
from holdfast_streams.session.plain_peer import Peer
from holdfast_streams.wire.frame_header import FrameHeader
from holdfast_streams.wire.handshake import Welcome

_BUDGET_BYTES = 256 << 20


class AckBeyondCursorTest(unittest.TestCase):
    def setUp(self) -> None:
        self._tags = 0
        self._attachments: list[Attachment] = []
        self._sent: list[tuple[Attachment, int]] = []
        self._session = ClientSession(bytes([1]) * 16, SessionOptions(), self, BufferBudget(_BUDGET_BYTES))

    def tag(self) -> int:
        """As a SessionRandom."""
        self._tags += 1
        return self._tags

    def delay(self, most: float) -> float:
        """As a SessionRandom."""
        del most
        return 0

    def test_sending_continues_behind_them(self) -> None:
        self._session.start(0, 0, Peer.HOLDFAST)
        self._drive()
        first = self._attachments[-1]
        self._welcome(first)
        self._offer(4)
        self._session.on_closed(0, first, out.CONNECTION_LOST)
        self._session.on_timeout(0)
        self._drive()
        second = self._attachments[-1]
        self.assertIsNot(second, first)
        self._session.on_writable(second, False)
        self._welcome(second)
        self._session.on_frame(0, second, FrameHeader(second.tag, ack=3), b"")
        self._drive()
        self.assertEqual(self._sent_on(second), [])

        self._session.on_writable(second, True)
        self._drive()
        self._offer(1)

        self.assertEqual(self._session.sent.acked, 3)
        self.assertEqual(self._sent_on(second), [4, 5])

    def _welcome(self, attachment: Attachment) -> None:
        self._session.on_welcome(0, attachment, Welcome(bytes([1]) * 32, watermark=0, low=1, credit=256, ttl=60_000))
        self._drive()

    def _offer(self, count: int) -> None:
        for _ in range(count):
            self.assertTrue(self._session.offer(b"x"))
        self._drive()

    def _drive(self) -> None:
        while (output := self._session.poll(0)) is not None:
            match output:
                case out.StartCall(attachment):
                    self._attachments.append(attachment)
                case out.Send(attachment, header, body) if body:
                    self._sent.append((attachment, header.seq if header else 0))
                case _:
                    pass

    def _sent_on(self, attachment: Attachment) -> list[int]:
        return [seq for on, seq in self._sent if on is attachment]
