"""What came for the reader of a stream."""

from __future__ import annotations

import asyncio
import unittest

import grpc

from holdfast_streams import StreamError
from holdfast_streams.aio.arrivals import Arrivals
from holdfast_streams.session.outputs import Deliver, Restarted


class ArrivalsTest(unittest.IsolatedAsyncioTestCase):
    async def test_gives_all_in_order_and_then_the_end(self) -> None:
        arrivals = Arrivals()
        given: list[Deliver | Restarted] = [Deliver(1, b"x"), Restarted(1), Deliver(3, b"x")]
        for arrival in given:
            arrivals.put(arrival)
        arrivals.end(None)
        self.assertEqual([await arrivals.take() for _ in range(4)], [*given, None])

    async def test_raises_the_error_behind_what_came(self) -> None:
        arrivals = Arrivals()
        arrivals.put(Deliver(1, b"x"))
        arrivals.end(StreamError(grpc.StatusCode.INTERNAL, "out of order"))
        self.assertEqual(await arrivals.take(), Deliver(1, b"x"))
        for _ in range(2):
            with self.assertRaisesRegex(StreamError, "out of order"):
                await arrivals.take()

    async def test_reader_that_is_cancelled_loses_nothing(self) -> None:
        arrivals = Arrivals()
        reader = asyncio.ensure_future(arrivals.take())
        await asyncio.sleep(0)
        self.assertTrue(arrivals.is_awaited)
        arrivals.put(Deliver(1, b"x"))
        reader.cancel()
        with self.assertRaises(asyncio.CancelledError):
            await reader
        self.assertFalse(arrivals.is_awaited)
        self.assertEqual(await arrivals.take(), Deliver(1, b"x"))


if __name__ == "__main__":
    unittest.main()
