"""The status of a stream whose session ended."""

from __future__ import annotations

from dataclasses import dataclass

import grpc

from ..errors import LostError, Metadata, MovedError, StreamError
from ..session.outputs import EndKind, SessionEnd
from ..wire.final_status import read_final_status
from .attachment_call import CallEnd

_CODES = {code.value[0]: code for code in grpc.StatusCode}


@dataclass(frozen=True, slots=True)
class StreamStatus:
    """The status of a stream."""

    code: grpc.StatusCode
    details: str
    trailing_metadata: Metadata
    #: What is thrown to the reader and to writers; None with OK.
    error: StreamError | None


def end_status(end: SessionEnd, cancellation: str, last: CallEnd | None, stuck_bytes: int) -> StreamStatus:
    """
    The status of a stream.

    ``cancellation`` is why the application cancelled, ``last`` the status of the physical call that ended last, and
    ``stuck_bytes`` the size of the first message that the server has not processed.
    """
    match end.kind:
        case EndKind.FINISHED:
            return _final(end)
        case EndKind.PLAIN:
            plain = last or CallEnd(_CODES[end.status], "")
            return _status(plain.code, plain.details, plain.trailers)
        case EndKind.CANCELLED:
            return _status(grpc.StatusCode.CANCELLED, cancellation or "cancelled")
        case EndKind.DEADLINE:
            return _status(grpc.StatusCode.DEADLINE_EXCEEDED, "deadline of the session")
        case EndKind.MOVED:
            return _of(MovedError(end.processed_by_peer, end.processed_here))
        case _:
            return _of(_lost(end, last, stuck_bytes))


def _final(end: SessionEnd) -> StreamStatus:
    read = read_final_status(end.body)
    details, trailers = read if read is not None else ("trailers: unreadable", [])
    return _status(_CODES[end.status], details, trailers)


def _lost(end: SessionEnd, last: CallEnd | None, stuck_bytes: int) -> LostError:
    code = grpc.StatusCode.UNAVAILABLE
    if end.kind is EndKind.LOST_STUCK:
        reset = last is not None and last.code is not grpc.StatusCode.UNAVAILABLE
        if reset:
            code = grpc.StatusCode.RESOURCE_EXHAUSTED
        what = "streams" if reset else "connections"
        why = (
            f"message {end.processed_by_peer + 1} of {stuck_bytes} bytes ended several {what} in a row "
            "(too large for the server, or for a proxy on the way?)"
        )
    else:
        why = f"processed by the server: {end.processed_by_peer}, here: {end.processed_here}"
        if last is not None and last.details:
            why += f"; last: {last.code.name}: {last.details}"
        if end.kind is EndKind.LOST_REFUSED and last is not None:
            # It means something to the application.
            code = last.code
    details = f"session lost: {end.kind.name}: {why}"
    return LostError(end.kind, end.processed_by_peer, end.processed_here, code, details)


def _status(code: grpc.StatusCode, details: str, trailers: Metadata = ()) -> StreamStatus:
    error = None if code is grpc.StatusCode.OK else StreamError(code, details, trailers)
    return StreamStatus(code, details, trailers, error)


def _of(error: StreamError) -> StreamStatus:
    return StreamStatus(error.code(), error.details(), error.trailing_metadata(), error)
