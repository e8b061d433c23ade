"""
gRPC streams that outlive their connections: the asyncio client of docs/duplex-v1.md.

A stream of a ResumableChannel continues when its connection is cut, closed by GOAWAY, silent for too long or replaced. Each
message arrives once and in order, or both sides are told that the stream is lost.
"""

from .aio.resumable_channel import ResumableChannel
from .aio.resumable_stream import ResumableStream
from .errors import LostError, MovedError, StreamError
from .session.buffer_budget import BufferBudget
from .session.options import SessionOptions

__all__ = [
    "BufferBudget",
    "LostError",
    "MovedError",
    "ResumableChannel",
    "ResumableStream",
    "SessionOptions",
    "StreamError",
]
