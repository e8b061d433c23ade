"""The settings of a session."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Literal

from ..wire.handshake import MAX_MILLIS

_MOST_MESSAGES = 65_536
_MOST_BYTES = 1 << 53
_ACK_BYTES = 256 * 1024
_ANSWERED_ACK_BYTES = 2 * 1024 * 1024

#: The lowest and highest value of each number.
_BOUNDS: dict[str, tuple[int, int]] = {
    "send_messages": (1, _MOST_MESSAGES),
    "send_bytes": (1, _MOST_BYTES),
    "receive_messages": (1, _MOST_MESSAGES),
    "receive_bytes": (1, _MOST_BYTES),
    "ack_every": (1, _MOST_MESSAGES),
    "heartbeat_millis": (0, MAX_MILLIS),
    "suspect_millis": (0, MAX_MILLIS),
    "rotate_millis": (0, MAX_MILLIS),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionOptions:
    """
    The settings of a session; 0 turns off the durations whose default is 0.

    Raises ValueError when a value is out of its bounds.
    """

    #: Messages kept until the server has processed them, from which on a write waits; 1 to 65,536.
    send_messages: int = 256
    #: The same in bytes.
    send_bytes: int = 8 * 1024 * 1024
    #: Messages that the server may send ahead of what was processed; 1 to 65,536.
    receive_messages: int = 256
    #: Bytes received and not yet processed from which on no more credit is given.
    receive_bytes: int = 8 * 1024 * 1024
    #: Messages after which an ack is sent to a server that asks for nothing else; 1 to 65,536.
    ack_every: int = 64
    #: Most time between processing and its ack, with such a server.
    ack_delay_millis: float = 250
    #: For how long a server keeps the session, until its welcome says so.
    ttl_millis: float = 120_000
    #: Most time between the begin of an attachment and its welcome.
    handshake_millis: float = 10_000
    #: Silence after which a server that has not answered may be one without sessions.
    assume_plain_millis: float = 1_000
    #: Silence of this side after which it sends a frame, for proxies that end idle streams; 0: off.
    heartbeat_millis: float = 0
    #: Silence of the server after which its attachment is suspect; needs heartbeats; 0: off.
    suspect_millis: float = 0
    #: Time from then until a second attachment is begun.
    race_millis: float = 1_000
    #: Silence after which a suspect attachment is given up.
    dead_millis: float = 30_000
    #: Age at which an attachment is replaced; 0: off.
    rotate_millis: float = 0
    #: Upper bound of the first delay between attachments, which doubles.
    backoff_base_millis: float = 250
    #: Upper bound of every delay.
    backoff_cap_millis: float = 30_000
    #: When the first messages are sent. ``after-welcome`` costs a round trip, and leaves no stream lost whose first
    #: connection breaks before the server answered.
    first_message: Literal["at-once", "after-welcome"] = "at-once"

    def __post_init__(self) -> None:
        for field in fields(self):
            if field.name == "first_message":
                continue
            value = getattr(self, field.name)
            least, most = _BOUNDS.get(field.name, (1, MAX_MILLIS))
            if not least <= value <= most:
                raise ValueError(f"{field.name}: {value} (expected: {least} to {most})")
        if self.backoff_cap_millis < self.backoff_base_millis:
            expected = f">= backoff_base_millis, {self.backoff_base_millis}"
            raise ValueError(f"backoff_cap_millis: {self.backoff_cap_millis} (expected: {expected})")
        if self.first_message not in ("at-once", "after-welcome"):
            raise ValueError(f"first_message: {self.first_message} (expected: at-once or after-welcome)")

    @property
    def ack_bytes(self) -> int:
        """Bytes processed after which an ack is sent at once, however few messages they are."""
        return min(_ACK_BYTES, max(1, self.receive_bytes // 4))

    @property
    def answered_ack_bytes(self) -> int:
        """Bytes processed after which an ack goes by itself while messages are answered."""
        return min(_ANSWERED_ACK_BYTES, max(1, self.receive_bytes // 2))
