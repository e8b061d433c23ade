"""A call that waits for its connection while the machine sleeps: its hello says the age of the time at which it is made."""

from __future__ import annotations

import asyncio
import time
import unittest
from collections.abc import AsyncIterator
from typing import Any, cast
from unittest import mock

import grpc
import grpc.aio

from holdfast_streams import ResumableChannel, SessionOptions
from holdfast_streams.aio.resumable_stream import StreamMethod
from holdfast_streams.wire.handshake import HANDSHAKE_KEY, Hello

_HOUR_SECONDS = 3_600


def _same(message: bytes) -> bytes:
    return message


class _HeldChannel:
    """A channel that connects when the test says so."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self._channel = channel
        self.may_connect = asyncio.Event()
        self.may_connect.set()
        self.awaited = asyncio.Event()

    def get_state(self, try_to_connect: bool = False) -> grpc.ChannelConnectivity:
        if not self.may_connect.is_set():
            return grpc.ChannelConnectivity.CONNECTING
        return self._channel.get_state(try_to_connect)

    async def wait_for_state_change(self, last: grpc.ChannelConnectivity) -> None:
        if self.may_connect.is_set():
            await self._channel.wait_for_state_change(last)
        else:
            self.awaited.set()
            await self.may_connect.wait()

    def stream_stream(self, path: str) -> Any:
        channel: Any = self._channel
        return channel.stream_stream(path)


class HelloAgeTest(unittest.IsolatedAsyncioTestCase):
    async def asyncSetUp(self) -> None:
        self._hellos: asyncio.Queue[Hello] = asyncio.Queue()
        self._received = asyncio.Event()
        self._cut = asyncio.Event()
        self._server = grpc.aio.server()
        handler = grpc.stream_stream_rpc_method_handler(self._serve)
        self._server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("test.Wire", {"Talk": handler}),))
        port = self._server.add_insecure_port("127.0.0.1:0")
        await self._server.start()
        self._plain = grpc.aio.insecure_channel(f"127.0.0.1:{port}")
        self._channel = _HeldChannel(self._plain)
        options = SessionOptions(backoff_base_millis=1)
        self._resumable = ResumableChannel(cast(grpc.aio.Channel, self._channel), options)

    async def asyncTearDown(self) -> None:
        self._resumable.close()
        await self._plain.close(None)
        await self._server.stop(None)

    async def _serve(self, requests: AsyncIterator[bytes], context: Any) -> None:
        (hello,) = [Hello.parse(value) for key, value in context.invocation_metadata() if key == HANDSHAKE_KEY]
        self._hellos.put_nowait(hello)
        if self._received.is_set():
            return
        await anext(requests)
        self._received.set()
        await self._cut.wait()
        await context.abort(grpc.StatusCode.UNAVAILABLE, "gone")

    async def test_a_hello_says_the_age_of_its_making(self) -> None:
        hello = await asyncio.wait_for(self._hello_after_sleep(), 30)
        self.assertGreaterEqual(hello.age, _HOUR_SECONDS * 1_000)

    async def _hello_after_sleep(self) -> Hello:
        stream = self._resumable.open(StreamMethod("/test.Wire/Talk", _same, _same))
        await stream.write(b"word")
        self.assertEqual((await self._hellos.get()).age, 0)
        await self._received.wait()
        self._channel.may_connect.clear()
        self._cut.set()
        await self._channel.awaited.wait()
        with mock.patch("time.time", return_value=time.time() + _HOUR_SECONDS):
            self._channel.may_connect.set()
            return await self._hellos.get()
