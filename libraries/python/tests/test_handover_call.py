"""Hand-overs on the calls of grpc.aio, whose server's words a test says one by one."""

from __future__ import annotations

import asyncio
import unittest
from collections.abc import AsyncIterator, Awaitable
from typing import Any, TypeVar

import grpc
import grpc.aio

from holdfast_streams import MovedError, ResumableChannel, ResumableStream
from holdfast_streams.aio.resumable_stream import StreamMethod
from holdfast_streams.wire.fields import write_bytes, write_number
from holdfast_streams.wire.frame_header import ECHO, FINAL, MOVED, FrameHeader, read_frame, write_frame
from holdfast_streams.wire.handshake import HANDSHAKE_KEY, Hello
from holdfast_streams.wire.session_handover import HANDOVER_KEY, OFFER, SessionHandover

Awaited = TypeVar("Awaited")

_SEAL = bytes(32)


async def _soon(awaited: Awaitable[Awaited]) -> Awaited:
    """What comes at once, unless the client waits for something that never comes."""
    return await asyncio.wait_for(awaited, 30)


def _same(message: bytes) -> bytes:
    return message


def _welcome(watermark: int, low: int) -> bytes:
    out = bytearray()
    write_number(out, 1, 1)
    write_bytes(out, 2, bytes([1]) * 32)
    write_number(out, 3, watermark)
    write_number(out, 4, low)
    write_number(out, 5, 256)
    write_number(out, 6, 60_000)
    return bytes(out)


class ServerCall:
    """A call at the server."""

    def __init__(self, requests: AsyncIterator[bytes], context: Any) -> None:
        self._requests = requests
        self._context = context
        self.over = asyncio.Event()
        metadata = [(key, value) for key, value in context.invocation_metadata()]
        #: The values of each key, in the request headers.
        self.hellos = [value for key, value in metadata if key == HANDSHAKE_KEY]
        self.handovers = [SessionHandover.parse(value) for key, value in metadata if key == HANDOVER_KEY]
        self.hello = Hello.parse(self.hellos[0])

    async def welcome(self, watermark: int, low: int) -> None:
        """Welcomes the client."""
        await self._context.send_initial_metadata(((HANDSHAKE_KEY, _welcome(watermark, low)),))

    async def say(self, body: bytes = b"", **fields: int) -> None:
        """Sends a frame."""
        await self._context.write(write_frame(FrameHeader(self.hello.tag, **fields), body))

    async def hand_over(self, position: int, ack: int, **fields: Any) -> SessionHandover:
        """Hands the session over."""
        named = {"processed": ack, "moves": 1, "seal": _SEAL, **fields}
        handover = SessionHandover(position, **named)
        await self.say(handover.to_bytes(), seq=position, ack=ack, flags=FINAL | MOVED, status=14)
        return handover

    async def position(self, seq: int) -> bytes:
        """The message at a position; frames without one, and what came before, are passed over."""
        while True:
            frame = read_frame(await _soon(anext(self._requests)))
            assert frame is not None
            header, body = frame
            if header.probe and not header.flags & ECHO:
                await self.say(flags=ECHO, probe=header.probe)
            if header.seq == seq:
                return body


class HandoverCallTest(unittest.IsolatedAsyncioTestCase):
    async def asyncSetUp(self) -> None:
        self._calls: asyncio.Queue[ServerCall] = asyncio.Queue()
        self._open: list[ServerCall] = []
        self._server = grpc.aio.server()
        handler = grpc.stream_stream_rpc_method_handler(self._serve)
        handlers = {"Talk": handler, "List": handler}
        self._server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("test.Wire", handlers),))
        port = self._server.add_insecure_port("127.0.0.1:0")
        await self._server.start()
        self._channel = grpc.aio.insecure_channel(f"127.0.0.1:{port}")
        self._resumable = ResumableChannel(self._channel)

    async def asyncTearDown(self) -> None:
        self._resumable.close()
        for call in self._open:
            call.over.set()
        await self._channel.close(None)
        await self._server.stop(None)

    async def _serve(self, requests: AsyncIterator[bytes], context: Any) -> None:
        call = ServerCall(requests, context)
        self._open.append(call)
        self._calls.put_nowait(call)
        await call.over.wait()

    def _talk(self) -> ResumableStream[bytes, bytes]:
        return self._resumable.open(StreamMethod("/test.Wire/Talk", _same, _same))

    async def _listed(self, **settings: Any) -> tuple[ResumableStream[bytes, bytes], ServerCall]:
        """A server-streaming call whose request was processed, on an attachment whose request side is open."""
        stream = self._resumable.unary_stream("/test.Wire/List", _same, _same)(b"request", **settings)
        await (await _soon(self._calls.get())).welcome(2, 1)
        call = await _soon(self._calls.get())
        await call.welcome(2, 1)
        return stream, call

    async def test_stream_goes_on_at_the_next_owner(self) -> None:
        stream = self._talk()
        await stream.write(b"a")
        first = await _soon(self._calls.get())
        self.assertEqual((len(first.hellos), first.handovers), (1, [OFFER]))
        await first.welcome(0, 1)
        self.assertEqual(await first.position(1), b"a")
        await first.say(b"x", seq=1, ack=1)
        self.assertEqual(await _soon(anext(stream)), b"x")
        reader = asyncio.ensure_future(anext(stream))
        handover = await first.hand_over(2, ack=1, cursor=b"42")

        following = await _soon(self._calls.get())
        self.assertEqual((len(following.hellos), following.handovers), (1, [handover]))
        self.assertEqual((following.hello.session, following.hello.token), (first.hello.session, b""))
        await stream.write(b"b")
        await following.welcome(1, 3)
        self.assertEqual(await following.position(2), b"b")
        await following.say(b"y", seq=3, ack=2)
        self.assertEqual(await _soon(reader), b"y")

    async def test_restart_is_told_between_the_messages_of_both_handlers(self) -> None:
        told: list[bytes | int] = []
        stream, call = await self._listed(on_restarted=told.append)

        async def read() -> None:
            async for message in stream:
                told.append(message)

        reader = asyncio.ensure_future(read())
        await call.say(b"x", seq=1, ack=2)
        await call.say(b"y", seq=2, ack=2)
        handover = await call.hand_over(3, ack=2, processed=0, replay=2)
        following = await _soon(self._calls.get())
        self.assertEqual((following.handovers, following.hello.low), ([handover], 1))
        await following.welcome(0, 4)
        self.assertEqual(await following.position(1), b"request")
        await following.say(b"x", seq=4, ack=1)
        await following.say(seq=5, ack=2, flags=FINAL)
        await _soon(reader)
        self.assertEqual(told, [b"x", b"y", 2, b"x"])

    async def test_restart_is_told_when_the_new_handler_sends_nothing(self) -> None:
        told: list[int] = []
        stream, call = await self._listed(on_restarted=told.append)
        await call.say(b"x", seq=1, ack=2)
        self.assertEqual(await _soon(anext(stream)), b"x")
        reader = asyncio.ensure_future(anext(stream, None))
        await call.hand_over(2, ack=2, processed=0, replay=2)
        following = await _soon(self._calls.get())
        await following.welcome(0, 3)
        await following.position(1)
        await following.say(seq=3, ack=2, flags=FINAL)
        self.assertIsNone(await _soon(reader))
        self.assertEqual(told, [1])

    async def test_stream_without_the_callback_ends_as_moved_behind_its_first_message(self) -> None:
        stream, call = await self._listed()
        await call.say(b"x", seq=1, ack=2)
        self.assertEqual(await _soon(anext(stream)), b"x")
        reader = asyncio.ensure_future(anext(stream))
        await call.hand_over(2, ack=2, processed=0, replay=2)
        with self.assertRaises(MovedError) as moved:
            await _soon(reader)
        self.assertEqual(moved.exception.processed_by_peer, 2)

    async def test_error_of_the_callback_is_raised_to_the_reader(self) -> None:
        def refuse(messages: int) -> None:
            raise LookupError(messages)

        stream, call = await self._listed(on_restarted=refuse)
        await call.say(b"x", seq=1, ack=2)
        self.assertEqual(await _soon(anext(stream)), b"x")
        reader = asyncio.ensure_future(anext(stream))
        await call.hand_over(2, ack=2, processed=0, replay=2)
        await (await _soon(self._calls.get())).welcome(0, 3)
        with self.assertRaises(LookupError):
            await _soon(reader)


if __name__ == "__main__":
    unittest.main()
