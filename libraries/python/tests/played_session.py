"""A client session in virtual time, whose servers a test plays."""

from __future__ import annotations

from typing import Any, TypeVar

from holdfast_streams.session import outputs as out
from holdfast_streams.session.attachment import Attachment
from holdfast_streams.session.buffer_budget import BufferBudget
from holdfast_streams.session.client_session import ClientSession
from holdfast_streams.session.options import SessionOptions
from holdfast_streams.session.plain_peer import MethodKind, Peer
from holdfast_streams.wire.frame_header import FINAL, MOVED, FrameHeader
from holdfast_streams.wire.handshake import Refusal, RefusalCode, Welcome
from holdfast_streams.wire.session_handover import SessionHandover

OLD_TOKEN = bytes([1]) * 32
NEXT_TOKEN = bytes([2]) * 32
SEAL = bytes([9]) * 32
_BUDGET_BYTES = 256 << 20

Output = TypeVar("Output")


class PlayedSession:
    """Its delays are all of the most that they may be, and its application processes each message at once."""

    def __init__(
        self,
        kind: MethodKind = MethodKind.BIDIRECTIONAL,
        *,
        demand: int = 1_000,
        remaining_millis: float = 0,
        accepts_restart: bool = False,
    ) -> None:
        self.now: float = 0
        self.outputs: list[out.SessionOutput] = []
        #: Whether its application processes each message at once.
        self.processes = True
        self._tags = 0
        self.budget = BufferBudget(_BUDGET_BYTES)
        self.session = ClientSession(bytes([7]) * 16, SessionOptions(), self, self.budget)
        if accepts_restart:
            self.session.accept_restart()
        self.session.request(demand)
        self.session.start(0, remaining_millis, Peer.HOLDFAST, kind)
        self.drive()

    @staticmethod
    def talking(demand: int = 1_000, remaining_millis: float = 0) -> PlayedSession:
        """Welcomed by its first owner, with one message sent by each side, and processed."""
        played = PlayedSession(demand=demand, remaining_millis=remaining_millis)
        played.welcome()
        played.offer(b"a")
        played.frame(played.newest, seq=1, ack=1, body=b"x")
        return played

    @staticmethod
    def listing(messages: int, request: bytes = b"request", accepts_restart: bool = False) -> PlayedSession:
        """A server-streaming call whose request was processed, on an attachment whose request side is open."""
        played = PlayedSession(MethodKind.SERVER_STREAMING, accepts_restart=accepts_restart)
        assert played.session.offer(request)
        played.session.half_close()
        played.drive()
        played.welcome()
        for seq in range(1, messages + 1):
            played.frame(played.newest, seq=seq, ack=2, body=b"x")
        played.frame(played.newest, ack=2)
        return played

    def tag(self) -> int:
        """As a SessionRandom."""
        self._tags += 1
        return self._tags

    def delay(self, most: float) -> float:
        """As a SessionRandom."""
        return most

    @property
    def opened(self) -> out.StartCall:
        """The newest attachment, with what it shows."""
        return self.all(out.StartCall)[-1]

    @property
    def newest(self) -> Attachment:
        """The newest attachment."""
        return self.opened.attachment

    @property
    def delivered(self) -> list[bytes]:
        """The messages that the application was given."""
        return [delivered.body for delivered in self.all(out.Deliver)]

    @property
    def ends(self) -> list[tuple[str, int, int]]:
        """The ends that the application was told, with the positions of server and client."""
        ends = [ended.end for ended in self.all(out.Ended)]
        return [(end.kind.name, end.processed_by_peer, end.processed_here) for end in ends]

    def all(self, kind: type[Output]) -> list[Output]:
        """All outputs of a kind."""
        return [output for output in self.outputs if isinstance(output, kind)]

    def sent_on(self, attachment: Attachment) -> list[FrameHeader]:
        """The headers of the frames on an attachment."""
        return [send.header for send in self.all(out.Send) if send.attachment is attachment and send.header is not None]

    def positions_on(self, attachment: Attachment) -> list[int]:
        """The positions that were sent on an attachment."""
        return [header.seq for header in self.sent_on(attachment) if header.seq]

    def offer(self, *bodies: bytes) -> None:
        """The application sends."""
        for body in bodies:
            assert self.session.offer(body)
        self.drive()

    def welcome(self, token: bytes = OLD_TOKEN, watermark: int = 0, low: int = 1, ttl: int = 60_000) -> None:
        """A server welcomes the newest attachment."""
        self.session.on_welcome(self.now, self.newest, Welcome(token, watermark, low, 256, ttl, 1, 1))
        self.drive()

    def frame(self, attachment: Attachment, body: bytes = b"", **fields: int) -> None:
        """A server sends a frame."""
        self.session.on_frame(self.now, attachment, FrameHeader(attachment.tag, **fields), body)
        self.drive()

    def last_frame(self, position: int, ack: int, body: bytes) -> None:
        """The owner that leaves says its last word on the newest attachment."""
        self.frame(self.newest, body, seq=position, ack=ack, flags=FINAL | MOVED, status=14)

    def hand_over(self, position: int, ack: int, **fields: Any) -> SessionHandover:
        """The owner hands the session over, with a cursor that covers what it acknowledges."""
        named = {"processed": ack, "moves": 1, "seal": SEAL, **fields}
        handover = SessionHandover(position, **named)
        self.last_frame(position, ack, handover.to_bytes())
        return handover

    def refuse(self, code: RefusalCode, retry_after: int = 0) -> None:
        """A server refuses the newest attachment."""
        self.session.on_refused(self.now, self.newest, Refusal(code, retry_after=retry_after))
        self.drive()

    def close(self, attachment: Attachment, how: out.CallClosure = out.CONNECTION_LOST) -> None:
        """A call ends."""
        self.session.on_closed(self.now, attachment, how)
        self.drive()

    def cancel(self) -> None:
        """The application cancels."""
        self.session.cancel(self.now)
        self.drive()

    def processed(self, up_to: int) -> None:
        """The application has processed messages."""
        self.session.processed(self.now, up_to)
        self.drive()

    def request(self, messages: int) -> None:
        """The application asks for more messages."""
        self.session.request(messages)
        self.drive()

    def pass_time(self, millis: float) -> None:
        """Time passes, with everything that is due meanwhile."""
        until = self.now + millis
        while (due := self.session.next_deadline()) is not None and due <= until:
            before = (self.now, len(self.outputs), self.session.state)
            self.now = max(self.now, due)
            self.session.on_timeout(self.now)
            self.drive()
            # What is due and does nothing would be due for ever.
            assert (self.now, len(self.outputs), self.session.state) != before
        self.now = until

    def drive(self) -> None:
        """Executes outputs until there are none."""
        while (output := self.session.poll(self.now)) is not None:
            self.outputs.append(output)
            if self.processes and isinstance(output, out.Deliver):
                self.session.processed(self.now, output.seq)
