"""The hand-over of a session between two instances of a server, carried by its client."""

from __future__ import annotations

from dataclasses import dataclass, field

from .fields import HIGHEST, write_bytes, write_number
from .versioned_fields import INT_MAX, VERSION, open_versioned, require

#: The metadata key, in request headers, of a client that takes hand-overs, and of the hand-over that it shows.
HANDOVER_KEY = "holdfast-handover-bin"

_MAX_CURSOR_BYTES = 4096
_FRAMING_BYTES = 128
_MAX_BYTES = _MAX_CURSOR_BYTES + _FRAMING_BYTES
_SEAL_BYTES = 32
#: In field 6: the next handler begins anew. With 1 it goes on at the cursor. Earlier versions refuse 2.
_RESTART = 2


@dataclass(frozen=True, slots=True)
class SessionHandover:
    """
    The hand-over of a session between two instances of a server, carried by its client: the positions at which the old owner
    stopped, and the cursor of its handler, under a seal that servers make and check.

    Without a position it is the offer of a client that takes hand-overs and has none to show. A client can read the cursor,
    and can't change it. The text of this object shows neither cursor nor seal: a reader of logs must not be able to take a
    session over.
    """

    #: The last position of the old owner, which is that of its final frame; 0 in an offer.
    position: int = 0
    #: The last position of the client that the cursor covers.
    processed: int = 0
    #: The hand-overs of the session so far, this one included.
    moves: int = 0
    #: Whether the client's half-close is covered.
    half_closed: bool = False
    #: 1 when the next owner gets the client's messages from position 1 on, 2 when its handler also begins anew; or 0.
    replay: int = 0
    cursor: bytes = field(default=b"", repr=False)
    seal: bytes = field(default=b"", repr=False)

    @property
    def is_present(self) -> bool:
        """Whether there is something to take over; false for an offer."""
        return self.position > 0

    @property
    def replays(self) -> bool:
        """Whether the next owner gets the client's messages again, from the first one on."""
        return self.replay != 0

    @property
    def restarts(self) -> bool:
        """Whether the next handler begins anew with these messages, without a cursor."""
        return self.replay == _RESTART

    @property
    def messages(self) -> int:
        """The number of messages that all owners so far have sent. Each of them also sent a final frame."""
        return self.position - self.moves

    def to_bytes(self) -> bytes:
        """The metadata value, and the body of the final frame."""
        out = bytearray()
        write_number(out, 1, VERSION)
        write_number(out, 2, self.position)
        write_number(out, 3, self.processed)
        write_number(out, 4, self.moves)
        write_number(out, 5, int(self.half_closed))
        write_number(out, 6, self.replay)
        write_bytes(out, 7, self.cursor)
        write_bytes(out, 8, self.seal)
        return bytes(out)

    @staticmethod
    def parse(data: bytes) -> SessionHandover:
        """Decodes a hand-over, or an offer. The seal is not checked. Raises WireError when it is malformed or incomplete."""
        reader = open_versioned(data, _MAX_BYTES)
        position = processed = moves = replay = 0
        half_closed = False
        cursor = seal = b""
        while number := reader.next():
            match number:
                case 2:
                    # Another position follows it.
                    position = reader.varint(HIGHEST - 1)
                case 3:
                    processed = reader.varint()
                case 4:
                    moves = reader.varint(INT_MAX)
                case 5:
                    half_closed = reader.varint(1) == 1
                case 6:
                    replay = reader.varint(_RESTART)
                case 7:
                    cursor = reader.data(_MAX_CURSOR_BYTES)
                case 8:
                    seal = reader.data(_SEAL_BYTES)
                case _:
                    raise reader.unknown_field()
        handover = SessionHandover(position, processed, moves, half_closed, replay, cursor, seal)
        whole = moves > 0 and position >= moves and len(seal) == _SEAL_BYTES
        require(whole or handover == OFFER, "handover: incomplete (expected: position, moves and seal)")
        return handover


#: The offer of a client that takes hand-overs and has none to show.
OFFER = SessionHandover()
