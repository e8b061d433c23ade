"""Streams to the Java server of examples, through a relay that cuts; scripts/stream-clients starts that server."""

from __future__ import annotations

import asyncio
import os
import random
import struct
import unittest
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import grpc
import grpc.aio

from holdfast_streams import LostError, MovedError, ResumableChannel, ResumableStream, SessionOptions, StreamError
from holdfast_streams.wire.fields import FieldReader, write_number

from .cutting_relay import CuttingRelay

_PORT = int(os.environ.get("HOLDFAST_TELEMETRY_PORT", "0"))
_CUTS = int(os.environ.get("HOLDFAST_CUTS", "300"))
_OPTIONS = SessionOptions(
    handshake_millis=1_000, backoff_base_millis=10, backoff_cap_millis=50, first_message="after-welcome"
)
#: A channel that is not slowed down by its own failures.
_QUICK = (
    ("grpc.initial_reconnect_backoff_ms", 20),
    ("grpc.max_reconnect_backoff_ms", 50),
)


def _reading(number: int) -> bytes:
    """A reading of value 1."""
    out = bytearray()
    write_number(out, 2, number)
    return bytes(out) + b"\x19" + struct.pack("<d", 1.0)


def _receipt(message: bytes) -> tuple[int, float]:
    """The number of the reading and the sum so far."""
    reader = FieldReader(message, 0, len(message) - 9)
    assert reader.next() == 1
    return reader.varint(), struct.unpack("<d", message[-8:])[0]


_Report = ResumableStream[int, tuple[int, float]]


class Reports:
    """Streams of ``Telemetry.Report`` through a relay."""

    def __init__(self, relay: CuttingRelay, channel: ResumableChannel) -> None:
        self.relay = relay
        self._report = channel.stream_stream("/holdfast.examples.v1.Telemetry/Report", _reading, _receipt)

    def open(self) -> _Report:
        """Opens a stream."""
        return self._report()

    async def make_known(self) -> None:
        """Shows the channel that its server has sessions."""
        async with self.open() as stream:
            await stream.write(1)
            await anext(stream)


@asynccontextmanager
async def _reports() -> AsyncIterator[Reports]:
    relay = await CuttingRelay.to(_PORT)
    async with grpc.aio.insecure_channel(relay.address, options=_QUICK) as channel:
        resumable = ResumableChannel(channel, _OPTIONS)
        yield Reports(relay, resumable)
        resumable.close()
    relay.close()


@unittest.skipUnless(_PORT, "no Java server (expected: HOLDFAST_TELEMETRY_PORT, as scripts/stream-clients sets it)")
class JavaServerTest(unittest.IsolatedAsyncioTestCase):
    async def test_each_message_arrives_once_and_in_order_through_cuts(self) -> None:
        async with _reports() as reports:
            relay = reports.relay
            # gRPC can miss for seconds that a young connection was reset. A server that is known to have sessions is asked
            # again then; one that may have none would be written to, and the next cut would lose the stream.
            await reports.make_known()
            stream = reports.open()
            answered = 0

            async def write() -> int:
                written = 0
                # As long as there are cuts to come; then the half-close.
                while relay.cuts < _CUTS:
                    written += 1
                    await stream.write(written)
                    if written % 50 == 0:
                        await asyncio.sleep(0.001)
                stream.done_writing()
                return written

            async def cut() -> None:
                while relay.cuts < _CUTS:
                    before = answered
                    await asyncio.sleep(0.001 + random.random() * 0.02)
                    # A cut without progress in between is a cut of the handshake, of which there are some as well.
                    if answered > before or random.random() < 0.2:
                        relay.cut()

            writer = asyncio.create_task(write())
            cutter = asyncio.create_task(cut())
            async for receipt in stream:
                answered += 1
                self.assertEqual(receipt, (answered, float(answered)))
            await cutter
            self.assertEqual(answered, await writer)
            self.assertGreaterEqual(relay.cuts, _CUTS)

    async def test_many_streams_of_one_channel_come_back_together(self) -> None:
        async with _reports() as reports:
            streams = [reports.open() for _ in range(50)]

            async def echo(stream: _Report, number: int) -> None:
                await stream.write(number)
                self.assertEqual(await anext(stream), (number, float(number)))

            for number in range(1, 6):
                await asyncio.gather(*(echo(stream, number) for stream in streams))
                reports.relay.cut()

    async def test_a_cancel_reaches_the_server_through_a_cut(self) -> None:
        async with _reports() as reports:
            stream = reports.open()
            await stream.write(1)
            await anext(stream)
            reports.relay.cut()
            stream.cancel()
            with self.assertRaises(StreamError) as cancelled:
                await anext(stream)
            self.assertEqual(cancelled.exception.code(), grpc.StatusCode.CANCELLED)
            # The client goes on until the server knows.
            while stream.state != "CLOSED":
                await asyncio.sleep(0.005)

    async def test_a_message_that_a_cancelled_reader_did_not_get_goes_to_the_next_one(self) -> None:
        async with _reports() as reports:
            stream = reports.open()
            with self.assertRaises(TimeoutError):
                await asyncio.wait_for(anext(stream), 0.01)
            await stream.write(1)
            await stream.write(2)
            self.assertEqual(await anext(stream), (1, 1.0))
            self.assertEqual(await anext(stream), (2, 2.0))


class ErrorsTest(unittest.TestCase):
    def test_errors_have_the_status_unavailable_and_the_positions(self) -> None:
        moved = MovedError(3, 2)
        self.assertIsInstance(moved, StreamError)
        self.assertNotIsInstance(moved, LostError)
        self.assertEqual((moved.code(), moved.processed_by_peer), (grpc.StatusCode.UNAVAILABLE, 3))


if __name__ == "__main__":
    unittest.main()
