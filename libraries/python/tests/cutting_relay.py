"""A TCP relay that resets all its connections on demand."""

from __future__ import annotations

import asyncio

_Pair = tuple[asyncio.StreamWriter, asyncio.StreamWriter]


class CuttingRelay:
    """The way to a port of this machine; ``await CuttingRelay.to(port)`` opens one."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._pairs: set[_Pair] = set()
        self._server: asyncio.Server | None = None
        #: Cuts that found a connection.
        self.cuts = 0
        self.address = ""

    @staticmethod
    async def to(port: int, listen: int = 0) -> CuttingRelay:
        """Opens a relay, on a free port unless one is named."""
        relay = CuttingRelay(port)
        relay._server = await asyncio.start_server(relay._pass, "127.0.0.1", listen)
        relay.address = f"127.0.0.1:{relay._server.sockets[0].getsockname()[1]}"
        return relay

    def cut(self) -> None:
        """Resets every connection."""
        self.cuts += 1 if self._pairs else 0
        for pair in self._pairs:
            for writer in pair:
                writer.transport.abort()
        self._pairs.clear()

    def close(self) -> None:
        """Ends the relay, and with it the way to the server."""
        if self._server is not None:
            self._server.close()
        self.cut()

    async def _pass(self, client: asyncio.StreamReader, to_client: asyncio.StreamWriter) -> None:
        try:
            server, to_server = await asyncio.open_connection("127.0.0.1", self._port)
        except OSError:
            to_client.transport.abort()
            return
        pair = (to_client, to_server)
        self._pairs.add(pair)
        try:
            await asyncio.gather(self._copy(client, to_server), self._copy(server, to_client))
        except (OSError, asyncio.CancelledError):
            # A cut, here or there; or the end of the test.
            return
        finally:
            self._pairs.discard(pair)
            for writer in pair:
                writer.transport.abort()

    @staticmethod
    async def _copy(source: asyncio.StreamReader, to: asyncio.StreamWriter) -> None:
        while data := await source.read(1 << 16):
            to.write(data)
            await to.drain()
        raise ConnectionResetError
