"""A physical call of a session."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import grpc
import grpc.aio

from ..errors import Metadata
from ..session.attachment import Attachment
from ..session.outputs import CallClosure, CloseReason, Scope
from ..wire.fields import WireError, WireViolation
from ..wire.frame_header import FrameHeader, read_frame, write_frame
from ..wire.handshake import HANDSHAKE_KEY, Refusal, Welcome
from ..wire.session_handover import HANDOVER_KEY

_log = logging.getLogger("holdfast_streams")

#: The most time that a server may take to end a call whose session is over; then it is cancelled.
_DONE_PATIENCE_SECONDS = 10
#: Messages that wait to be written, from which on the session writes no more.
_WAITING_WRITES = 16
#: grpc.aio reports empty headers for a call that failed without any, a moment before its status.
_STATUS_PATIENCE_SECONDS = 0.1
_RESUME_STATUS_PATIENCE_SECONDS = 1.0
#: On a call that was welcomed these count as a reset of its stream.
_RESETS = (grpc.StatusCode.CANCELLED, grpc.StatusCode.INTERNAL)
#: The details with which grpc.aio ends a call whose first operations failed, because its connection was cut meanwhile.
_CORE_FAILURE = "Internal error from Core"


@dataclass(frozen=True, slots=True)
class CallEnd:
    """The status of a physical call."""

    code: grpc.StatusCode
    details: str
    trailers: Metadata = ()


class AttachmentListener(Protocol):
    """What a physical call tells its stream."""

    def on_connected(self, attachment: Attachment) -> None:
        """The call has a connection."""

    def on_writable(self, attachment: Attachment, writable: bool) -> None:
        """The call can take more, or can't."""

    def on_headers(self, headers: Metadata) -> None:
        """The response headers, without the handshake."""

    def on_welcome(self, attachment: Attachment, welcome: Welcome) -> None:
        """The headers have a welcome."""

    def on_plain_headers(self, attachment: Attachment) -> None:
        """The headers have none."""

    def on_frame(self, attachment: Attachment, header: FrameHeader | None, body: bytes) -> None:
        """A message came."""

    def on_refused(self, attachment: Attachment, refusal: Refusal, end: CallEnd) -> None:
        """The call ended with a refusal."""

    def on_closed(self, attachment: Attachment, how: CallClosure, end: CallEnd) -> None:
        """The call ended without one."""


@dataclass(frozen=True, slots=True)
class CallTarget:
    """The method and the metadata of a physical call."""

    channel: grpc.aio.Channel
    path: str
    metadata: Metadata
    timeout: float | None
    credentials: grpc.CallCredentials | None


class AttachmentCall:
    """A physical call of a session: bytes in both directions, one message at a time from the server."""

    def __init__(
        self,
        attachment: Attachment,
        target: CallTarget,
        hello: Callable[[], bytes],
        handover: bytes,
        listener: AttachmentListener,
    ) -> None:
        self._attachment = attachment
        self._target = target
        self._hello = hello
        self._handover = handover
        self._listener = listener
        self._call: Any = None
        self._writes: deque[bytes | None] = deque()
        self._written = asyncio.Event()
        self._requests = asyncio.Semaphore(0)
        self._sends_no_more = False
        self._reads_to_the_end = False
        self._plain = False
        self._closed = False
        self._throttled = False
        self._patience: asyncio.TimerHandle | None = None
        self._tasks = [asyncio.create_task(self._run())]

    def send(self, header: FrameHeader | None, body: bytes) -> None:
        """Writes one message."""
        if not self._sends_no_more:
            self._put(body if header is None else write_frame(header, body))
            if len(self._writes) >= _WAITING_WRITES and not self._throttled:
                self._throttled = True
                self._listener.on_writable(self._attachment, writable=False)

    def request(self) -> None:
        """Asks for one more message."""
        self._requests.release()

    def half_close(self) -> None:
        """Ends the request side."""
        if not self._sends_no_more:
            self._sends_no_more = True
            self._put(None)

    def close(self, why: CloseReason) -> None:
        """Ends the call."""
        if why is CloseReason.DONE and self._attachment.handshake_complete:
            self.half_close()
            # The end of the call stands behind what was not read.
            self._reads_to_the_end = True
            self.request()
            self._patience = asyncio.get_running_loop().call_later(_DONE_PATIENCE_SECONDS, self._cancel)
        else:
            self._sends_no_more = True
            self._cancel()

    def _put(self, message: bytes | None) -> None:
        self._writes.append(message)
        self._written.set()

    def _cancel(self) -> None:
        # An application that is done waits for nothing, and its event loop may end: without tasks that are left.
        self._closed = True
        if self._call is not None:
            self._call.cancel()
        for task in self._tasks:
            task.cancel()

    async def _run(self) -> None:
        try:
            await self._carry()
        except Exception as error:
            # A stream must not wait for a call that nobody reads any more.
            _log.exception("attachment %d failed", self._attachment.number)
            if not self._closed:
                self._end(CallEnd(grpc.StatusCode.INTERNAL, str(error)), Scope.STREAM)

    async def _carry(self) -> None:
        """From the connection to the end of the call."""
        if not await self._is_connected():
            self._end(CallEnd(grpc.StatusCode.UNAVAILABLE, "no connection"), Scope.UNREACHED)
            return
        self._listener.on_connected(self._attachment)
        target = self._target
        # The machine may have slept meanwhile, and the hello says how old the session is.
        handshake = ((HANDSHAKE_KEY, self._hello()), (HANDOVER_KEY, self._handover))
        # Without serializers a channel takes and gives bytes.
        channel: Any = target.channel
        self._call = channel.stream_stream(target.path)(
            timeout=target.timeout,
            metadata=(*target.metadata, *handshake),
            credentials=target.credentials,
            wait_for_ready=self._attachment.number > 1,
        )
        writer = asyncio.create_task(self._write())
        self._tasks.append(writer)
        try:
            await self._read()
        finally:
            writer.cancel()
            if self._patience is not None:
                self._patience.cancel()
        if not self._closed:
            await self._report_end()

    async def _is_connected(self) -> bool:
        """Whether there is a connection; the first attempt of a stream does not wait for a second one of the channel."""
        channel = self._target.channel
        state = channel.get_state(try_to_connect=True)
        while state is not grpc.ChannelConnectivity.READY:
            first = self._attachment.number == 1
            if state is grpc.ChannelConnectivity.SHUTDOWN:
                return False
            if first and state is grpc.ChannelConnectivity.TRANSIENT_FAILURE:
                return False
            await channel.wait_for_state_change(state)
            state = channel.get_state(try_to_connect=True)
        return True

    async def _write(self) -> None:
        while True:
            while self._writes:
                message = self._writes.popleft()
                try:
                    if message is None:
                        await self._call.done_writing()
                        return
                    await self._call.write(message)
                except (grpc.RpcError, asyncio.InvalidStateError):
                    # The call is over, as its reader says.
                    return
                if self._throttled and len(self._writes) < _WAITING_WRITES // 2:
                    self._throttled = False
                    self._listener.on_writable(self._attachment, writable=True)
            self._written.clear()
            await self._written.wait()

    async def _read(self) -> None:
        headers = await self._headers()
        first: asyncio.Task[Any] | None = None
        if headers is None:
            return
        values = [value for key, value in headers if key == HANDSHAKE_KEY]
        if values:
            try:
                welcome = Welcome.parse(_only_one(values))
            except WireError as error:
                self._break_off("welcome", error)
                return
            self._listener.on_headers([entry for entry in headers if entry[0] not in (HANDSHAKE_KEY, HANDOVER_KEY)])
            self._listener.on_welcome(self._attachment, welcome)
        else:
            first = asyncio.create_task(self._message())
            self._tasks.append(first)
            if await self._failed_without_headers(first):
                return
            self._plain = True
            self._listener.on_headers(headers)
            self._listener.on_plain_headers(self._attachment)
        while not self._closed:
            await self._requests.acquire()
            message = await (first or self._message())
            first = None
            if message is None:
                return
            self._on_message(message)

    async def _headers(self) -> list[tuple[str, str | bytes]] | None:
        try:
            return [(key, value) for key, value in await self._call.initial_metadata()]
        except grpc.RpcError:
            return None
        except asyncio.CancelledError:
            if not self._call.cancelled() or self._closed:
                raise
            return None

    async def _failed_without_headers(self, first: asyncio.Task[bytes | None]) -> bool:
        resumes = self._attachment.number > 1
        patience = _RESUME_STATUS_PATIENCE_SECONDS if resumes else _STATUS_PATIENCE_SECONDS
        await asyncio.wait({first}, timeout=patience)
        return first.done() and first.result() is None

    async def _message(self) -> bytes | None:
        """The next message; None at the end of the call, whatever its status."""
        try:
            message = await self._call.read()
        except grpc.RpcError:
            return None
        except asyncio.CancelledError:
            if not self._call.cancelled() or self._closed:
                raise
            return None
        return message if isinstance(message, bytes) else None

    def _on_message(self, message: bytes) -> None:
        if self._reads_to_the_end:
            self.request()
            return
        try:
            frame = None if self._plain else read_frame(message)
        except WireError as error:
            self._break_off("frame", error)
            return
        if frame is not None and frame[0].tag == self._attachment.tag:
            self._listener.on_frame(self._attachment, *frame)
        else:
            self._listener.on_frame(self._attachment, None, message)

    async def _report_end(self) -> None:
        code = await self._call.code()
        trailers = [(key, value) for key, value in await self._call.trailing_metadata() or ()]
        end = CallEnd(code, await self._call.details() or "", trailers)
        values = [value for key, value in trailers if key == HANDSHAKE_KEY]
        if values:
            try:
                refusal = Refusal.parse(_only_one(values))
            except WireError:
                # A refusal that can't be read counts as a reset.
                self._end(end, Scope.STREAM)
                return
            self._closed = True
            self._listener.on_refused(self._attachment, refusal, end)
        else:
            self._end(end, scope_of(end, self._attachment.handshake_complete))

    def _break_off(self, what: str, error: WireError) -> None:
        self._call.cancel()
        self._end(CallEnd(grpc.StatusCode.INTERNAL, f"{what}: {error}"), Scope.STREAM)

    def _end(self, end: CallEnd, scope: Scope) -> None:
        self._closed = True
        self._sends_no_more = True
        self._listener.on_closed(self._attachment, CallClosure(scope, end.code.value[0]), end)


def scope_of(end: CallEnd, welcomed: bool) -> Scope:
    """
    How much ended with a call.

    grpc.aio does not tell a status of the server from one of its own; a connection that ends is UNAVAILABLE to it, or an
    internal error while the call begins. A message above the own limit ends the session at once, by RESOURCE_EXHAUSTED.
    """
    if end.code is grpc.StatusCode.UNAVAILABLE or end.details == _CORE_FAILURE:
        return Scope.CONNECTION
    return Scope.STREAM if end.code in _RESETS and welcomed else Scope.STATUS


def _only_one(values: list[str | bytes]) -> bytes:
    """Which of several values others believed nobody knows."""
    if len(values) != 1 or not isinstance(values[0], bytes):
        raise WireError(WireViolation.BAD_VALUE, f"{HANDSHAKE_KEY}: {len(values)} values (expected: 1)")
    return values[0]
