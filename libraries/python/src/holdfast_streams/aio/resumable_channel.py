"""The streams of one channel that outlive its connections."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import grpc
import grpc.aio

from ..errors import Metadata
from ..session.buffer_budget import OF_PROCESS, BufferBudget
from ..session.options import SessionOptions
from ..session.plain_peer import MethodKind, Peer
from .resumable_stream import ResumableStream, StreamMethod, StreamSettings
from .resume_limiter import ResumeLimiter

Req = TypeVar("Req")
Res = TypeVar("Res")


class ResumableChannel:
    """
    The streams of one ``grpc.aio`` channel that outlive its connections.

    Interceptors of the channel run for each connection of a stream and see bytes. The channel's methods must have no
    ``retryPolicy``: a configured retry repeats messages that a server may have processed.

    ``redirect`` finds the channel to an instance that a server names as the owner of a session, host:port; by default it is
    the usual one. Not thread-safe: for the event loop of the channel.
    """

    def __init__(
        self,
        channel: grpc.aio.Channel,
        options: SessionOptions | None = None,
        *,
        budget: BufferBudget = OF_PROCESS,
        redirect: Callable[[str], grpc.aio.Channel] | None = None,
    ) -> None:
        self.channel = channel
        self.options = options or SessionOptions()
        self.budget = budget
        self.limiter = ResumeLimiter()
        self.peers: dict[str, Peer] = {}
        self._redirect = redirect
        self._redirects: dict[str, grpc.aio.Channel] = {}
        self._streams: set[ResumableStream[Any, Any]] = set()

    def stream_stream(
        self,
        path: str,
        request_serializer: Callable[[Req], bytes],
        response_deserializer: Callable[[bytes], Res],
        **_: Any,
    ) -> Callable[..., ResumableStream[Req, Res]]:
        """
        A function that opens streams of a method, ``/package.Service/Method``, with the arguments of ``open``.

        Generated stubs call it: ``ChatStub(ResumableChannel(channel)).Talk()`` is a resumable stream.
        """
        method = StreamMethod(path, request_serializer, response_deserializer)

        def call(**settings: Any) -> ResumableStream[Req, Res]:
            return self.open(method, **settings)

        return call

    def unary_stream(
        self,
        path: str,
        request_serializer: Callable[[Req], bytes],
        response_deserializer: Callable[[bytes], Res],
        **_: Any,
    ) -> Callable[..., ResumableStream[Req, Res]]:
        """A function that takes a request, and opens streams of a server-streaming method."""
        method = StreamMethod(path, request_serializer, response_deserializer, MethodKind.SERVER_STREAMING)

        def call(request: Req, **settings: Any) -> ResumableStream[Req, Res]:
            stream = self.open(method, **settings)
            stream.send_only(request)
            return stream

        return call

    def stream_unary(
        self,
        path: str,
        request_serializer: Callable[[Req], bytes],
        response_deserializer: Callable[[bytes], Res],
        **_: Any,
    ) -> Callable[..., ResumableStream[Req, Res]]:
        """A function that opens streams of a client-streaming method, whose ``response`` is awaited at the end."""
        method = StreamMethod(path, request_serializer, response_deserializer, MethodKind.CLIENT_STREAMING)

        def call(**settings: Any) -> ResumableStream[Req, Res]:
            return self.open(method, **settings)

        return call

    def unary_unary(self, *args: Any, **settings: Any) -> Any:
        """The channel's own: unary calls have no sessions."""
        return self.channel.unary_unary(*args, **settings)

    def open(
        self,
        method: StreamMethod[Req, Res],
        *,
        metadata: Metadata = (),
        timeout: float | None = None,
        credentials: grpc.CallCredentials | None = None,
        on_waiting: Callable[[float, str], None] | None = None,
        on_resumed: Callable[[], None] | None = None,
        on_restarted: Callable[[int], None] | None = None,
    ) -> ResumableStream[Req, Res]:
        """
        Opens a stream, in a running event loop.

        ``metadata`` is sent with each connection of the stream, and ``credentials`` are asked by each. ``timeout`` is the
        time in seconds after which the stream ends with DEADLINE_EXCEEDED. ``on_waiting`` is called when the stream has had
        no connection for 2 s, with the most seconds for which attempts go on and the last cause; then ``on_resumed``, when it
        has one again.

        ``on_restarted`` says that the application takes the messages of a handler that begins anew. A server-streaming
        method without side effects, whose handler marks no cursor, goes on so when its instance leaves: the request is sent
        again, and what the stream has read may come again. It is called when the message before was processed and before the
        first one of the new handler, with the number of messages that handlers before have sent in this stream. It runs in
        the task that reads, which gets what it raises. Without it such a stream ends with MovedError, unless no message has
        come before.
        """
        settings = StreamSettings(
            metadata=metadata,
            timeout=timeout,
            credentials=credentials,
            on_waiting=on_waiting,
            on_resumed=on_resumed,
            on_restarted=on_restarted,
        )
        stream = ResumableStream(self, method, settings)
        self._streams.add(stream)
        return stream

    def close(self) -> None:
        """Cancels all streams. The channel stays open, as it belongs to the application; close it afterwards."""
        for stream in list(self._streams):
            stream.abandon()

    def channel_to(self, address: str) -> grpc.aio.Channel:
        """The channel to an instance; the usual one for ""."""
        if not address or self._redirect is None:
            return self.channel
        if address not in self._redirects:
            self._redirects[address] = self._redirect(address)
        return self._redirects[address]

    def on_over(self, stream: ResumableStream[Any, Any]) -> None:
        """A stream is over."""
        self._streams.discard(stream)
