"""The adapter of docs/duplex-conformance.md: commands on standard input, events on standard output, JSON objects in lines."""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

import grpc
import grpc.aio

from holdfast_streams import LostError, MovedError, ResumableChannel, ResumableStream, SessionOptions, StreamError
from holdfast_streams.aio.resumable_stream import StreamMethod
from holdfast_streams.session.plain_peer import MethodKind

#: Options of the kit, by the names that they have here.
_OPTIONS = {
    "backoffBaseMs": "backoff_base_millis",
    "backoffCapMs": "backoff_cap_millis",
    "handshakeMs": "handshake_millis",
    "assumePlainMs": "assume_plain_millis",
    "sendMessages": "send_messages",
    "receiveMessages": "receive_messages",
}

#: What the kit asks for besides.
_CAPABILITIES = (
    "deadlineMs",
    "reading",
    "channel",
    "server-streaming",
    "client-streaming",
    "half-duplex",
    "held-response",
    "hand-over",
    "restart",
)

#: The methods that are not bidirectional.
_KINDS = {"List": MethodKind.SERVER_STREAMING, "Collect": MethodKind.CLIENT_STREAMING}

#: A channel that connects again as soon as a session wants it, and shares no connection with those before it.
_CHANNEL = (
    ("grpc.initial_reconnect_backoff_ms", 20),
    ("grpc.max_reconnect_backoff_ms", 100),
    ("grpc.use_local_subchannel_pool", 1),
    ("grpc.max_receive_message_length", -1),
    ("grpc.max_send_message_length", -1),
)


def _say(event: str, **fields: Any) -> None:
    print(json.dumps({"event": event, **fields}), flush=True)


def _varint(value: int) -> bytes:
    out = bytearray()
    while value >= 0x80:
        out.append((value & 0x7F) | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def encode(text: str) -> bytes:
    """``google.protobuf.BytesValue``: field 1, a text in UTF-8; absent when it is empty."""
    data = text.encode()
    return b"\x0a" + _varint(len(data)) + data if data else b""


def decode(message: bytes) -> str:
    """The text; fields that nobody knows, such as another attachment's header, are skipped as protobuf does."""
    at = 0
    text = ""

    def varint() -> int:
        nonlocal at
        value = 0
        shift = 0
        while True:
            byte = message[at]
            at += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    while at < len(message):
        key = varint()
        length = varint()
        if key & 7 == 2:
            text = message[at : at + length].decode() if key == 0x0A else text
            at += length
    return text


class AdapterStream:
    """A stream of the kit."""

    def __init__(self, command: dict[str, Any], shared: AdapterStream | None) -> None:
        self._name: str = command["stream"]
        options = command.get("options", {})
        chosen = {ours: options[theirs] for theirs, ours in _OPTIONS.items() if theirs in options}
        self._channels: list[grpc.aio.Channel] = []
        if shared is None:
            channel = self._connect(command["target"])
            self._resumable = ResumableChannel(channel, SessionOptions(**chosen), redirect=self._connect)
        else:
            self._resumable = shared._resumable
        kind = _KINDS.get(command["method"].rpartition("/")[2], MethodKind.BIDIRECTIONAL)
        self._one_request = kind is MethodKind.SERVER_STREAMING
        method = StreamMethod(f"/{command['method']}", encode, decode, kind)
        deadline = options.get("deadlineMs")
        timeout = deadline / 1_000 if deadline else None
        self._stream: ResumableStream[str, str] = self._resumable.open(
            method, timeout=timeout, on_restarted=self._on_restarted if options.get("restart") else None
        )
        self._demand = asyncio.Semaphore(0)
        self._automatic = options.get("reading") != "manual"
        self._orders: asyncio.Queue[tuple[str, int] | None] = asyncio.Queue()
        self._tasks = [asyncio.create_task(task) for task in (self._read(), self._write(), self._end())]

    def send(self, text: str, size: int) -> None:
        """Sends a message after those before it."""
        self._orders.put_nowait((text, size))
        if self._one_request:
            self._orders.put_nowait(None)

    def half_close(self) -> None:
        """Half-closes after the messages before it."""
        self._orders.put_nowait(None)

    def cancel(self) -> None:
        """Cancels the stream."""
        self._stream.cancel()

    def take(self, count: int) -> None:
        """Takes so many messages more."""
        for _ in range(count):
            self._demand.release()

    async def reset(self) -> None:
        """Drops the stream without ceremony."""
        for task in self._tasks:
            task.cancel()
        self._resumable.close()
        for channel in self._channels:
            await channel.close(None)

    def _connect(self, address: str) -> grpc.aio.Channel:
        channel = grpc.aio.insecure_channel(address, options=_CHANNEL)
        self._channels.append(channel)
        return channel

    async def _write(self) -> None:
        try:
            while (order := await self._orders.get()) is not None:
                text, size = order
                await self._stream.write(text.ljust(size, "."))
                _say("sent", stream=self._name, text=text)
            self._stream.done_writing()
        except StreamError:
            # The stream is over, as its reader says.
            return

    async def _end(self) -> None:
        await self._stream.status()
        self._automatic = True
        self._demand.release()

    async def _read(self) -> None:
        try:
            while True:
                if not self._automatic:
                    await self._demand.acquire()
                _say("message", stream=self._name, text=await anext(self._stream))
        except StopAsyncIteration:
            status = await self._stream.status()
            self._say_end(status.details, status.trailing_metadata, 0)
        except LostError as lost:
            reason = lost.kind.name.removeprefix("LOST_")
            _say("lost", stream=self._name, reason=reason, processed=lost.processed_by_peer)
        except MovedError as moved:
            _say("moved", stream=self._name, processed=moved.processed_by_peer)
        except StreamError as error:
            self._say_end(error.details(), error.trailing_metadata(), error.code().value[0])

    def _on_restarted(self, messages: int) -> None:
        _say("restarted", stream=self._name, messages=messages)

    def _say_end(self, description: str, trailers: Any, status: int) -> None:
        texts = {key: value for key, value in trailers if isinstance(value, str)}
        _say("ended", stream=self._name, status=status, description=description, trailers=texts)


async def _obey(streams: dict[str, AdapterStream], command: dict[str, Any]) -> None:
    stream = streams.get(command.get("stream", ""))
    match command["do"], stream:
        case "describe", _:
            _say("describe", name="python", options=[*_OPTIONS, *_CAPABILITIES])
        case "open", _:
            streams[command["stream"]] = AdapterStream(command, streams.get(command.get("channel", "")))
        case "reset", _:
            for open_stream in streams.values():
                await open_stream.reset()
            streams.clear()
            _say("reset")
        case "send", AdapterStream() as to:
            to.send(command["text"], command.get("size", 0))
        case "half-close", AdapterStream() as to:
            to.half_close()
        case "cancel", AdapterStream() as to:
            to.cancel()
        case "read", AdapterStream() as to:
            to.take(command.get("count", 1))
        case _:
            _say("error", message=f"do: {command['do']} (expected: a command of a client)")


async def main() -> None:
    """Obeys commands until standard input ends."""
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(limit=1 << 24)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    streams: dict[str, AdapterStream] = {}
    while line := await reader.readline():
        try:
            await _obey(streams, json.loads(line))
        except Exception as error:
            _say("error", message=repr(error))


if __name__ == "__main__":
    asyncio.run(main())
