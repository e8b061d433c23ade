"""The errors with which a stream ends."""

from __future__ import annotations

from collections.abc import Sequence

import grpc

from .session.outputs import EndKind

#: Trailers in their order; a key that ends in ``-bin`` has bytes.
Metadata = Sequence[tuple[str, str | bytes]]


class StreamError(Exception):
    """The end of a stream with a status that is not OK: that of the server, of gRPC, or of the session."""

    def __init__(self, code: grpc.StatusCode, details: str, trailing_metadata: Metadata = ()) -> None:
        super().__init__(f"{code.name}: {details}")
        self._code = code
        self._details = details
        self._trailing_metadata = tuple(trailing_metadata)

    def code(self) -> grpc.StatusCode:
        """The status code, as with ``grpc.RpcError``."""
        return self._code

    def details(self) -> str:
        """The description of the status."""
        return self._details

    def trailing_metadata(self) -> Metadata:
        """The trailers of the status."""
        return self._trailing_metadata


class LostError(StreamError):
    """
    The session can't be kept.

    The server has processed everything up to ``processed_by_peer``, maybe more; this side everything up to
    ``processed_here``. Messages of each direction count from 1.
    """

    def __init__(
        self, kind: EndKind, processed_by_peer: int, processed_here: int, code: grpc.StatusCode, details: str
    ) -> None:
        super().__init__(code, details)
        self.kind = kind
        self.processed_by_peer = processed_by_peer
        self.processed_here = processed_here


class MovedError(StreamError):
    """
    The server's instance leaves, and no other one goes on with the stream. The server has processed exactly the messages up
    to ``processed_by_peer``: a successor of the stream begins with the next one.
    """

    def __init__(self, processed_by_peer: int, processed_here: int) -> None:
        details = f"session moved: processed up to {processed_by_peer} (expected: a successor stream)"
        super().__init__(grpc.StatusCode.UNAVAILABLE, details)
        self.processed_by_peer = processed_by_peer
        self.processed_here = processed_here
