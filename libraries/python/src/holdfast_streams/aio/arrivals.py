"""What came for the reader of a stream."""

from __future__ import annotations

import asyncio
from collections import deque

from ..errors import StreamError
from ..session.outputs import Deliver, Restarted


class Arrivals:
    """
    What came for the reader of a stream and was not taken: messages and restarts in their order, and the end behind them.

    One reader at a time. A reader that is cancelled loses nothing. The session is asked for one message at a time, so there
    is one message here at the most.
    """

    def __init__(self) -> None:
        self._waiting: deque[Deliver | Restarted] = deque()
        self._reader: asyncio.Future[None] | None = None
        self._ended = False
        self._error: StreamError | None = None

    @property
    def is_awaited(self) -> bool:
        """Whether a reader waits."""
        return self._reader is not None

    def put(self, arrival: Deliver | Restarted) -> None:
        """Something came."""
        self._waiting.append(arrival)
        self._wake()

    def end(self, error: StreamError | None) -> None:
        """Nothing follows; ``error`` is raised to the reader, None with OK."""
        self._ended = True
        self._error = error
        self._wake()

    async def take(self) -> Deliver | Restarted | None:
        """The next arrival, None at the end. Raises the error of the end."""
        while not self._waiting and not self._ended:
            self._reader = asyncio.get_running_loop().create_future()
            try:
                await self._reader
            finally:
                self._reader = None
        if self._waiting:
            return self._waiting.popleft()
        if self._error is not None:
            raise self._error
        return None

    def _wake(self) -> None:
        if self._reader is not None and not self._reader.done():
            self._reader.set_result(None)
