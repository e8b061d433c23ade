"""A stream that outlives its connections."""

from __future__ import annotations

import asyncio
import dataclasses
import random
import secrets
import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from types import TracebackType
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

import grpc
import grpc.aio

from ..errors import Metadata, StreamError
from ..session import outputs as out
from ..session.attachment import Attachment
from ..session.buffer_budget import BufferBudget
from ..session.client_session import ClientSession
from ..session.options import SessionOptions
from ..session.plain_peer import MethodKind, Peer
from ..wire.frame_header import HIGHEST_TAG, FrameHeader
from ..wire.handshake import MAX_MILLIS, Hello, Refusal, Welcome, owner_of
from ..wire.session_handover import SessionHandover
from .arrivals import Arrivals
from .attachment_call import AttachmentCall, CallEnd, CallTarget
from .resume_limiter import ResumeLimiter, ResumePermit
from .session_end import StreamStatus, end_status

if TYPE_CHECKING:
    from typing_extensions import Self

Req = TypeVar("Req")
Res = TypeVar("Res")

#: Writes that wait for room in the send buffer; more are refused.
_MAX_WAITING_WRITES = 256
#: Methods in one direction whose servers are known; at more of them all are forgotten and found out again.
_MAX_METHODS = 1_000


class StreamHost(Protocol):
    """What a stream shares with others of its channel."""

    options: SessionOptions
    budget: BufferBudget
    limiter: ResumeLimiter
    #: What is known of the servers of a method; "" stands for all bidirectional ones.
    peers: dict[str, Peer]

    def channel_to(self, address: str) -> grpc.aio.Channel:
        """The channel through which an attachment goes; ``address`` is "" for the usual one."""
        ...

    def on_over(self, stream: ResumableStream[Any, Any]) -> None:
        """A stream is over."""
        ...


@dataclasses.dataclass(frozen=True, slots=True)
class StreamMethod(Generic[Req, Res]):
    """A method of an application that streams."""

    path: str
    serialize: Callable[[Req], bytes]
    deserialize: Callable[[bytes], Res]
    kind: MethodKind = MethodKind.BIDIRECTIONAL

    @property
    def peer_key(self) -> str:
        """The name under which what is known of its servers is kept."""
        return "" if self.kind is MethodKind.BIDIRECTIONAL else self.path


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class StreamSettings:
    """What a stream is opened with."""

    metadata: Metadata = ()
    timeout: float | None = None
    credentials: grpc.CallCredentials | None = None
    on_waiting: Callable[[float, str], None] | None = None
    on_resumed: Callable[[], None] | None = None
    on_restarted: Callable[[int], None] | None = None


class _Random:
    def tag(self) -> int:
        return random.randint(1, HIGHEST_TAG)

    def delay(self, most: float) -> float:
        return random.uniform(0, most)


class ResumableStream(Generic[Req, Res]):
    """
    A stream that outlives its connections.

    Each message arrives once and in order, or both sides are told that the stream is lost: by a LostError or MovedError,
    raised to the reader and to writers. Any other status that is not OK is raised as a StreamError. A server whose instance
    leaves may hand the stream over to another one; the application sees nothing of that.

    It is read by one ``async for``. Asking for the next message says that the one before was processed, which acknowledges it
    to the server. As an async context manager it cancels itself at the end, unless it is over.
    """

    def __init__(self, host: StreamHost, method: StreamMethod[Req, Res], settings: StreamSettings) -> None:
        self._host = host
        self._method = method
        self._settings = settings
        self._loop = asyncio.get_running_loop()
        self._session = ClientSession(secrets.token_bytes(16), host.options, _Random(), host.budget)
        self._began = time.time()
        self._deadline = None if settings.timeout is None else self._loop.time() + settings.timeout
        self._calls: dict[Attachment, AttachmentCall] = {}
        self._permits: dict[Attachment, ResumePermit] = {}
        self._headers: asyncio.Future[Metadata | None] = self._loop.create_future()
        self._status: asyncio.Future[StreamStatus] = self._loop.create_future()
        self._arrivals = Arrivals()
        #: Whether a message was asked for that no reader has got.
        self._demanded = False
        #: The message that the reader got last.
        self._in_hand = 0
        self._waiting_writes: deque[tuple[bytes, asyncio.Future[None]]] = deque()
        self._room_waiters: list[asyncio.Future[None]] = []
        self._half_closed = False
        self._driving = False
        self._timer: asyncio.TimerHandle | None = None
        self._last_end: CallEnd | None = None
        self._last_cause = ""
        self._cancellation = ""
        if settings.on_restarted is not None:
            self._session.accept_restart()
        self._session.start(self._now(), (settings.timeout or 0) * 1_000, self._known_peer(), method.kind)
        self._drive()

    # What the application does.

    @property
    def session_id(self) -> str:
        """The id of the session as 32 hexadecimal digits, the same on both sides; no secret."""
        return self._session.id.hex()

    @property
    def state(self) -> str:
        """The state of the session, for diagnostics."""
        return self._session.state.name

    @property
    def processed_by_peer(self) -> int:
        """Highest of the own messages up to which the server has processed everything."""
        return self._session.sent.acked

    async def write(self, message: Req) -> None:
        """
        Sends a message, which is kept until the server has processed it; returns when there is room for more.

        Raises the error of the stream when it is over, and StreamError with RESOURCE_EXHAUSTED when 256 writes wait already.
        """
        if self._status.done():
            raise self._write_error()
        if self._half_closed:
            raise StreamError(grpc.StatusCode.FAILED_PRECONDITION, "write after done_writing")
        body = self._method.serialize(message)
        room: asyncio.Future[None] = self._loop.create_future()
        if not self._waiting_writes and self._session.offer(body):
            self._drive()
            if self._session.is_ready():
                return
            self._room_waiters.append(room)
            self._take_writes()
        elif len(self._waiting_writes) >= _MAX_WAITING_WRITES:
            expected = f"{_MAX_WAITING_WRITES} writes wait for room (expected: await write)"
            raise StreamError(grpc.StatusCode.RESOURCE_EXHAUSTED, expected)
        else:
            self._waiting_writes.append((body, room))
        if self._status.done() and not room.done():
            raise self._write_error()
        await room

    def done_writing(self) -> None:
        """Half-closes the stream: nothing more will be written. Reading goes on."""
        self._half_closed = True
        self._drive()

    def cancel(self, reason: str = "") -> None:
        """Ends the stream with CANCELLED, here at once and at the server as soon as possible."""
        if not self._status.done():
            self._cancellation = self._cancellation or reason
            self._session.cancel(self._now())
            self._drive()

    async def initial_metadata(self) -> Metadata | None:
        """The response headers of the first connection; None when the stream ended without any."""
        return await asyncio.shield(self._headers)

    async def status(self) -> StreamStatus:
        """The status of the stream, also when it is not OK."""
        return await asyncio.shield(self._status)

    def __aiter__(self) -> AsyncIterator[Res]:
        return self

    async def __anext__(self) -> Res:
        """
        The next message. Says that the one before was processed. One call at a time.

        When it is cancelled nothing is lost: the message is given to the next call.
        """
        if self._arrivals.is_awaited:
            expected = "next: one is awaited (expected: one at a time)"
            raise StreamError(grpc.StatusCode.FAILED_PRECONDITION, expected)
        if not self._demanded:
            self._demanded = True
            self._session.processed(self._now(), self._in_hand)
            self._session.request(1)
            self._drive()
        while isinstance(message := await self._arrivals.take(), out.Restarted):
            if self._settings.on_restarted is not None:
                self._settings.on_restarted(message.messages)
        if message is None:
            raise StopAsyncIteration
        self._demanded = False
        self._in_hand = message.seq
        try:
            return self._method.deserialize(message.body)
        except Exception:
            self.cancel(f"message {message.seq}: unreadable")
            raise

    async def response(self) -> Res:
        """
        The one response of a client-streaming method, when the stream is over. Says that it was processed.

        Raises StreamError with INTERNAL when there are none or several.
        """
        responses = [message async for message in self]
        if len(responses) != 1:
            raise StreamError(grpc.StatusCode.INTERNAL, f"{len(responses)} responses (expected: one)")
        return responses[0]

    def send_only(self, request: Req) -> None:
        """Sends the one request of a server-streaming method, and half-closes."""
        self._session.offer(self._method.serialize(request))
        self.done_writing()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.cancel()

    def abandon(self) -> None:
        """The channel is closed: the server is told as far as that goes."""
        self.cancel("channel closed")
        self._loop.call_soon(self._abandon)

    def _abandon(self) -> None:
        self._session.abandon()
        self._drive()
        for call in self._calls.values():
            call.close(out.CloseReason.UNNEEDED)

    # What the session wants.

    def _now(self) -> float:
        return self._loop.time() * 1_000

    def _drive(self) -> None:
        """Executes outputs until there are none."""
        if self._driving:
            return
        self._driving = True
        try:
            while True:
                output = self._session.poll(self._now())
                if output is not None:
                    self._act(output)
                elif not self._take_writes():
                    break
        finally:
            self._driving = False
        self._arm()
        if self._session.is_over:
            self._host.limiter.end_pause(self)
            self._host.on_over(self)

    def _act(self, output: out.SessionOutput) -> None:
        match output:
            case out.Send(attachment, header, body):
                if call := self._calls.get(attachment):
                    call.send(header, body)
            case out.Deliver() | out.Restarted():
                self._arrivals.put(output)
            case out.Request(attachment):
                if call := self._calls.get(attachment):
                    call.request()
            case out.StartCall(attachment, hello, address, handover):
                self._open(attachment, hello, address, handover)
            case out.HalfClose(attachment):
                if call := self._calls.get(attachment):
                    call.half_close()
            case out.EndCall(attachment, why):
                self._end_call(attachment, why)
            case out.Waiting(left_millis):
                if self._settings.on_waiting is not None:
                    self._settings.on_waiting(left_millis / 1_000, self._last_cause)
            case out.Resumed():
                if self._settings.on_resumed is not None:
                    self._settings.on_resumed()
            case out.Ended(end):
                self._on_ended(end)
            case out.Ready():
                pass

    def _open(self, attachment: Attachment, hello: Hello, address: str, handover: SessionHandover) -> None:
        server = address if address == owner_of(hello.token) else ""
        comes_back = bool(hello.token) or handover.is_present
        self._host.limiter.end_pause(self)

        def begin() -> None:
            if comes_back:
                self._session.on_hello_sent(self._now(), attachment)
            self._session.on_hello_unsent(attachment)
            target = self._target(server)
            call = AttachmentCall(attachment, target, lambda: self._bytes_of(hello), handover.to_bytes(), self)
            self._calls[attachment] = call
            self._drive()

        if comes_back:
            self._session.on_resume_queued(attachment)
            self._permits[attachment] = self._host.limiter.ask(server, begin)
        else:
            begin()

    def _end_call(self, attachment: Attachment, why: out.CloseReason) -> None:
        self._last_cause = why.name
        if permit := self._permits.pop(attachment, None):
            permit.on_over()
        call = self._calls.get(attachment)
        if call is not None:
            call.close(why)
            if why is not out.CloseReason.DONE:
                del self._calls[attachment]

    def _target(self, server: str) -> CallTarget:
        timeout = None if self._deadline is None else max(0.001, self._deadline - self._loop.time())
        settings = self._settings
        channel = self._host.channel_to(server)
        return CallTarget(channel, self._method.path, settings.metadata, timeout, settings.credentials)

    def _bytes_of(self, hello: Hello) -> bytes:
        """Monotonic time stands still while a machine sleeps, and the session is older by that."""
        if hello.age:
            age = int((time.time() - self._began) * 1_000 + self._host.options.handshake_millis)
            hello = dataclasses.replace(hello, age=min(max(hello.age, age), MAX_MILLIS))
        return hello.to_bytes()

    def _arm(self) -> None:
        due = self._session.next_deadline()
        if self._timer is not None:
            # A timer may fire early, and never late.
            if due is not None and self._timer.when() * 1_000 <= due:
                return
            self._timer.cancel()
            self._timer = None
        if due is not None:
            self._timer = self._loop.call_at(due / 1_000, self._on_timer)

    def _on_timer(self) -> None:
        self._timer = None
        # The clock of the event loop counts as due what is due within its resolution.
        now = self._now()
        due = self._session.next_deadline()
        if due is not None and due <= now + 1:
            self._session.on_timeout(max(now, due))
        self._drive()

    # What the calls tell.

    def on_connected(self, attachment: Attachment) -> None:
        """The call has a connection."""
        self._session.on_hello_sent(self._now(), attachment)
        self._drive()

    def on_writable(self, attachment: Attachment, writable: bool) -> None:
        """The call can take more, or can't."""
        self._session.on_writable(attachment, writable)
        self._drive()

    def on_headers(self, headers: Metadata) -> None:
        """The response headers of a connection."""
        if not self._headers.done():
            self._headers.set_result(headers)

    def on_welcome(self, attachment: Attachment, welcome: Welcome) -> None:
        """The server knows sessions."""
        self._learn(Peer.HOLDFAST)
        self._session.on_welcome(self._now(), attachment, welcome)
        self._drive()
        if permit := self._permits.get(attachment):
            permit.on_welcome()
        self._host.limiter.on_welcome(owner_of(welcome.token))

    def on_plain_headers(self, attachment: Attachment) -> None:
        """The server knows no sessions."""
        self._learn(Peer.LIKELY_PLAIN)
        self._session.on_plain_headers(self._now(), attachment)
        self._drive()

    def on_frame(self, attachment: Attachment, header: FrameHeader | None, body: bytes) -> None:
        """A message came."""
        self._session.on_frame(self._now(), attachment, header, body)
        self._drive()

    def on_refused(self, attachment: Attachment, refusal: Refusal, end: CallEnd) -> None:
        """The server refused the attachment."""
        self._forget(attachment, end, refusal.code.name)
        self._session.on_refused(self._now(), attachment, refusal)
        self._drive()
        self._pause()

    def on_closed(self, attachment: Attachment, how: out.CallClosure, end: CallEnd) -> None:
        """The physical call ended."""
        self._forget(attachment, end, f"{end.code.name}: {end.details}")
        if not self._headers.done() and end.code is grpc.StatusCode.OK:
            # An empty response has no headers, and one with sessions would have had a welcome.
            self._learn(Peer.LIKELY_PLAIN)
        self._session.on_closed(self._now(), attachment, how)
        self._drive()
        self._pause()

    def _pause(self) -> None:
        """Lets the welcome of another stream wake this one, if it waits between two attempts."""
        server = self._session.paused_for
        if server is not None:
            self._host.limiter.pause(self, server, self._wake)

    def _wake(self) -> None:
        self._session.on_reachable(self._now())
        self._drive()

    def _known_peer(self) -> Peer:
        return self._host.peers.get(self._method.peer_key, Peer.UNKNOWN)

    def _learn(self, peer: Peer) -> None:
        if len(self._host.peers) >= _MAX_METHODS:
            self._host.peers.clear()
        self._host.peers[self._method.peer_key] = peer

    def _forget(self, attachment: Attachment, end: CallEnd, cause: str) -> None:
        self._last_end = end
        self._last_cause = cause
        self._calls.pop(attachment, None)
        if permit := self._permits.pop(attachment, None):
            permit.on_over()

    # To the application.

    def _on_ended(self, end: out.SessionEnd) -> None:
        first = self._session.sent.at(self._session.sent.acked + 1)
        stuck_bytes = 0 if first is None else len(first.body)
        self._status.set_result(end_status(end, self._cancellation, self._last_end, stuck_bytes))
        if not self._headers.done():
            self._headers.set_result(None)
        waiters = [room for _, room in self._waiting_writes] + self._room_waiters
        self._waiting_writes.clear()
        self._room_waiters.clear()
        for room in waiters:
            if not room.done():
                room.set_exception(self._write_error())
        self._arrivals.end(self._status.result().error)

    def _write_error(self) -> StreamError:
        over = StreamError(grpc.StatusCode.FAILED_PRECONDITION, "write after the end of the stream")
        return self._status.result().error or over

    def _take_writes(self) -> bool:
        """Takes writes that wait, as far as there is room; whether there may be outputs by that."""
        taken = False
        while self._waiting_writes and self._session.offer(self._waiting_writes[0][0]):
            self._room_waiters.append(self._waiting_writes.popleft()[1])
            taken = True
        if self._waiting_writes:
            return taken
        if self._half_closed and not self._session.sent.is_finished and not self._session.is_ended:
            self._session.half_close()
            taken = True
        if self._room_waiters and (self._session.is_ready() or self._half_closed):
            for room in self._room_waiters:
                if not room.done():
                    room.set_result(None)
            self._room_waiters.clear()
        return taken
