"""An instance of a server with one session, by docs/duplex-v1.md."""

from __future__ import annotations

from dataclasses import dataclass

from holdfast_streams.wire.frame_header import ECHO, FINAL, HALF_CLOSE, MOVED, FrameHeader
from holdfast_streams.wire.handshake import INITIAL_CREDIT, Hello, Welcome
from holdfast_streams.wire.session_handover import OFFER, SessionHandover

_SEAL = bytes(32)


@dataclass(frozen=True, slots=True)
class Frame:
    """A frame of a server."""

    header: FrameHeader
    body: bytes


@dataclass(frozen=True, slots=True)
class Closed:
    """The server ends the call with OK."""


ServerWord = Welcome | Frame | Closed


@dataclass(frozen=True, slots=True)
class _Reply:
    body: bytes
    #: The flags of a last position.
    flags: int = 0


class ModelServer:
    """
    An instance of a server with one session. It answers each message with the same bytes and the half-close with the final
    status; or, of a method with ``rows``, one request with so many rows and the status. It acknowledges with every frame,
    says its words in order, and may hand its session over.
    """

    def __init__(
        self, index: int, window: int, processed: list[bytes], taken: SessionHandover = OFFER, rows: int = 0
    ) -> None:
        #: The number of this instance, which is the first byte of its token.
        self.index = index
        #: The messages as the application got them, at all instances.
        self.processed = processed
        #: Whether its client has acknowledged its last position.
        self.is_over = False
        self.is_moved = False
        #: Whether it was sent a frame or its own token, with which a handler begins: its client knows this owner.
        self.is_started = False
        #: Positions that it lets its client send ahead.
        self._window = window
        self._taken = taken
        self._rows = rows
        self._row = taken.cursor[0] if taken.cursor else 0
        self._replies: list[_Reply] = []
        self._received = taken.processed
        self._acked = taken.position
        self._attach = 0
        self._tag = 0
        self._headers = 0
        self._cursor = 0
        self._credit = 0

    @property
    def is_ended(self) -> bool:
        """Whether its last position was given."""
        return bool(self._replies) and self._replies[-1].flags != 0

    @property
    def _last_seq(self) -> int:
        """The last position that it has given; those of owners before count."""
        return self._taken.position + len(self._replies)

    def on_hello(self, hello: Hello) -> list[ServerWord] | None:
        """A call arrived; None when it is fenced."""
        if hello.attach <= self._attach:
            return None
        assert hello.watermark <= self._last_seq and hello.low <= self._received + 1, f"gap: {hello}"
        self.is_started |= bool(hello.token)
        self._attach = hello.attach
        self._tag = hello.tag
        self._headers = 0
        self._acked = max(self._acked, hello.watermark)
        self._cursor = max(hello.watermark, self._taken.position)
        self._credit = max(INITIAL_CREDIT, hello.credit)
        token = bytes([self.index]) * 32
        welcome = Welcome(token, self._received, self._acked + 1, self._received + self._window, 120_000, 4, 20)
        return [welcome, *(self._end() if self._is_acknowledged() else self._send())]

    def on_message(self, header: FrameHeader | None, body: bytes) -> list[ServerWord]:
        """A message arrived on the newest attachment."""
        self.is_started = True
        if header is None:
            assert self._headers <= 1, "a message without a header after the welcome"
            self._take(self._received + 1, body, last=False)
            return self._send()
        self._headers += 1
        assert header.tag == self._tag
        assert header.ack <= self._last_seq, f"ack of what was never sent: {header.ack}"
        self._acked = max(self._acked, header.ack)
        self._credit = max(self._credit, header.credit)
        if header.seq:
            self._take(header.seq, body, last=bool(header.flags & HALF_CLOSE))
        if self._is_acknowledged():
            return self._end()
        words = self._send()
        if header.probe and not header.flags & ECHO:
            words.append(self._frame(0, ECHO, b"", header.probe))
        return words

    def work(self, count: int) -> list[ServerWord]:
        """The handler sends so many rows more, and the status behind the last one."""
        if not self.is_started or self._received < 2 or self.is_ended:
            return []
        for _ in range(min(count, self._rows - self._row)):
            self._replies.append(_Reply(bytes([self._row])))
            self._row += 1
        if self._row == self._rows:
            self._replies.append(_Reply(b"", FINAL))
        return self._send()

    def leave(self, replay: int) -> tuple[SessionHandover, list[ServerWord]]:
        """Hands the session over: what comes from now on is for the next owner."""
        self.is_moved = True
        handover = SessionHandover(
            self._last_seq + 1,
            0 if replay else self._received,
            self._taken.moves + 1,
            self._rows > 0 and not replay,
            replay,
            b"" if replay == 2 else bytes([self._row]),
            _SEAL,
        )
        self._replies.append(_Reply(handover.to_bytes(), FINAL | MOVED))
        return handover, self._send()

    @property
    def has_request(self) -> bool:
        """Whether the one request came, and its end."""
        return self._received >= 2

    def _is_acknowledged(self) -> bool:
        return self.is_ended and self._acked == self._last_seq

    def _end(self) -> list[ServerWord]:
        self.is_over = True
        return [Closed()]

    def _take(self, seq: int, body: bytes, last: bool) -> None:
        if self.is_moved:
            return
        assert seq <= self._received + 1, f"gap: {seq} after {self._received}"
        if seq <= self._received:
            return
        assert last or seq <= self._received + self._window, f"above the credit: {seq}"
        self._received = seq
        if not last:
            self.processed.append(body)
        if not self._rows:
            self._replies.append(_Reply(body, FINAL if last else 0))

    def _send(self) -> list[ServerWord]:
        words: list[ServerWord] = []
        while self._cursor < self._last_seq:
            reply = self._replies[self._cursor - self._taken.position]
            if not reply.flags and self._cursor >= self._credit:
                break
            self._cursor += 1
            words.append(self._frame(self._cursor, reply.flags, reply.body))
        return words or [self._frame(0, 0, b"")]

    def _frame(self, seq: int, flags: int, body: bytes, probe: int = 0) -> Frame:
        credit = self._received + self._window
        return Frame(FrameHeader(self._tag, seq, self._received, credit, flags, probe=probe), body)
