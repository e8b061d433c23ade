"""Streams to servers of grpc.aio without sessions."""

from __future__ import annotations

import asyncio
import unittest
from collections.abc import AsyncIterator
from typing import Any

import grpc
import grpc.aio

from holdfast_streams import ResumableChannel, ResumableStream, SessionOptions, StreamError

from .cutting_relay import CuttingRelay


async def _echo(requests: AsyncIterator[bytes], _: Any) -> AsyncIterator[bytes]:
    async for request in requests:
        # The first message has a header before it, which protobuf would skip.
        yield request[-4:]


async def _collect(requests: AsyncIterator[bytes], _: Any) -> AsyncIterator[bytes]:
    """Says nothing until its client half-closes."""
    count = 0
    async for _request in requests:
        count += 1
    yield str(count).encode()


async def _refuse(_: AsyncIterator[bytes], context: Any) -> AsyncIterator[bytes]:
    await context.abort(grpc.StatusCode.FAILED_PRECONDITION, "not now", (("reason", "tired"),))
    yield b""


async def _list(request: bytes, _: Any) -> AsyncIterator[bytes]:
    for i in range(1, 41):
        yield request[-4:] + f" {i}".encode()


async def _count(requests: AsyncIterator[bytes], _: Any) -> bytes:
    count = 0
    async for _request in requests:
        count += 1
    return str(count).encode()


_METHODS = {"Echo": _echo, "Collect": _collect, "Refuse": _refuse}


class PlainServerTest(unittest.IsolatedAsyncioTestCase):
    async def asyncSetUp(self) -> None:
        self._server = grpc.aio.server()
        handlers = {name: grpc.stream_stream_rpc_method_handler(method) for name, method in _METHODS.items()}
        handlers["List"] = grpc.unary_stream_rpc_method_handler(_list)
        handlers["Count"] = grpc.stream_unary_rpc_method_handler(_count)
        self._server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("test.Plain", handlers),))
        self._port = self._server.add_insecure_port("127.0.0.1:0")
        await self._server.start()
        self._channels: list[tuple[grpc.aio.Channel, ResumableChannel]] = []

    async def asyncTearDown(self) -> None:
        for channel, resumable in self._channels:
            resumable.close()
            await channel.close(None)
        await self._server.stop(None)

    def _open(
        self, method: str, options: SessionOptions | None = None, address: str = "", **settings: Any
    ) -> ResumableStream[str, str]:
        channel = grpc.aio.insecure_channel(
            address or f"127.0.0.1:{self._port}", options=(("grpc.initial_reconnect_backoff_ms", 100),)
        )
        resumable = ResumableChannel(channel, options)
        self._channels.append((channel, resumable))
        return resumable.stream_stream(f"/test.Plain/{method}", str.encode, bytes.decode)(**settings)

    async def test_runs_as_plain_grpc(self) -> None:
        for first_message in ("at-once", "after-welcome"):
            options = SessionOptions(first_message=first_message, assume_plain_millis=50)
            stream = self._open("Echo", options)
            for i in range(1000, 1005):
                await stream.write(f"message {i}")
                self.assertEqual(await anext(stream), str(i))
            stream.done_writing()
            self.assertEqual([message async for message in stream], [])
            self.assertEqual((await stream.status()).code, grpc.StatusCode.OK)

    async def test_sends_all_to_a_server_that_is_silent_until_the_half_close(self) -> None:
        options = SessionOptions(assume_plain_millis=50, handshake_millis=100, send_messages=30)
        stream = self._open("Collect", options)
        for i in range(200):
            await stream.write(f"message {i}")
        stream.done_writing()
        self.assertEqual([message async for message in stream], ["200"])

    async def test_methods_in_one_direction(self) -> None:
        channel = grpc.aio.insecure_channel(f"127.0.0.1:{self._port}")
        resumable = ResumableChannel(channel)
        self._channels.append((channel, resumable))
        list_call = resumable.unary_stream("/test.Plain/List", str.encode, bytes.decode)
        count_call = resumable.stream_unary("/test.Plain/Count", str.encode, bytes.decode)
        # The second time it is known that the server has no sessions.
        for _ in range(2):
            listed = [message async for message in list_call("ping")]
            self.assertEqual(listed, [f"ping {i}" for i in range(1, 41)])
            upload = count_call()
            for i in range(300):
                await upload.write(f"message {i}")
            upload.done_writing()
            self.assertEqual(await upload.response(), "300")

    async def test_raises_the_status_with_its_trailers(self) -> None:
        stream = self._open("Refuse")
        with self.assertRaises(StreamError) as refused:
            await anext(stream)
        self.assertEqual(refused.exception.code(), grpc.StatusCode.FAILED_PRECONDITION)
        self.assertEqual(refused.exception.details(), "not now")
        self.assertIn(("reason", "tired"), refused.exception.trailing_metadata())
        with self.assertRaises(StreamError):
            await stream.write("late")

    async def test_raises_unimplemented_for_a_method_that_nobody_has(self) -> None:
        with self.assertRaises(StreamError) as refused:
            await anext(self._open("Nobody"))
        self.assertEqual(refused.exception.code(), grpc.StatusCode.UNIMPLEMENTED)

    async def test_ends_with_unavailable_when_the_connection_is_cut(self) -> None:
        relay = await CuttingRelay.to(self._port)
        stream = self._open("Echo", address=relay.address)
        await stream.write("ping")
        self.assertEqual(await anext(stream), "ping")
        relay.cut()
        with self.assertRaises(StreamError) as cut:
            await anext(stream)
        self.assertEqual(cut.exception.code(), grpc.StatusCode.UNAVAILABLE)
        relay.close()

    async def test_waits_for_a_server_that_is_not_there_yet(self) -> None:
        relay = await CuttingRelay.to(self._port)
        address = relay.address
        relay.close()
        stream = self._open("Echo", address=address)
        await stream.write("ping")
        answer = asyncio.ensure_future(anext(stream))
        # The first attempt fails, and came to no server.
        while stream.state == "OPENING":
            await asyncio.sleep(0.001)
        again = await CuttingRelay.to(self._port, int(address.split(":")[1]))
        self.assertEqual(await answer, "ping")
        again.close()

    async def test_ends_with_its_deadline(self) -> None:
        with self.assertRaises(StreamError) as late:
            await anext(self._open("Collect", timeout=0.05))
        self.assertEqual(late.exception.code(), grpc.StatusCode.DEADLINE_EXCEEDED)

    async def test_is_cancelled_at_the_end_of_its_block(self) -> None:
        async with self._open("Echo") as stream:
            await stream.write("ping")
            self.assertEqual(await anext(stream), "ping")
        self.assertEqual((await stream.status()).code, grpc.StatusCode.CANCELLED)

    async def test_says_what_is_wrong_with_its_use(self) -> None:
        stream = self._open("Echo")
        first = asyncio.ensure_future(anext(stream))
        await asyncio.sleep(0)
        with self.assertRaisesRegex(StreamError, "one at a time"):
            await anext(stream)
        stream.done_writing()
        with self.assertRaisesRegex(StreamError, "write after done_writing"):
            await stream.write("late")
        with self.assertRaises(StopAsyncIteration):
            await first

    async def test_refuses_writes_that_nobody_awaits(self) -> None:
        options = SessionOptions(send_messages=2, handshake_millis=60_000, assume_plain_millis=60_000)
        stream = self._open("Collect", options)
        writes = [asyncio.ensure_future(stream.write(str(i))) for i in range(400)]
        await asyncio.sleep(0)
        with self.assertRaisesRegex(StreamError, "RESOURCE_EXHAUSTED: 256 writes wait"):
            await writes[-1]
        stream.cancel()
        await asyncio.gather(*writes, return_exceptions=True)


if __name__ == "__main__":
    unittest.main()
