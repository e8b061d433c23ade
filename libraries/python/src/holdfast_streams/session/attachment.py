"""The state that ends with a physical call of a session."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class Opening:
    """What counts until a server answered."""

    #: Whether no attachment before it can have reached a server.
    first: bool = False
    may_write_before_welcome: bool = False
    may_exceed_initial_credit: bool = False
    #: Whether messages were written on it.
    touched: bool = False
    #: Whether its call waits for its turn among other sessions that resume.
    queued: bool = False
    hello_sent_at: float = 0
    #: Whether its call waits for a connection, so that no server can have heard of it.
    hello_unsent: bool = False
    #: The time from which on a silence is that of a server.
    silent_since: float = 0


@dataclass(slots=True)
class Inbound:
    """The direction from the server."""

    received_any: bool = False
    last_seq: int = 0
    heard_at: float = 0
    #: Messages that the call was asked for and that have not come.
    requested: int = 0
    #: Whether it is not read, because too much waits for the application.
    paused: bool = False


@dataclass(slots=True)
class Outbound:
    """The direction to the server."""

    first_header_sent: bool = False
    half_closed: bool = False
    #: Whether acks wait for credit or the server's silence, as each costs an attachment.
    sparing: bool = False
    writable: bool = True
    #: Position that is sent next; 0 while none may be.
    cursor: int = 0
    sent_ack: int = 0
    sent_credit: int = 0
    sent_flags: int = 0
    sent_at: float = 0
    #: Whether the server has missed an ack and must get it again.
    ack_repeat_due: bool = False


@dataclass(slots=True)
class Probes:
    """The probes of both sides."""

    #: Whether the server asks for signs of life.
    peer_probes: bool = False
    #: Position whose ack the server waits for; 0 for none.
    ack_requested_seq: int = 0
    echo_due: int = 0
    last_probe: int = 0
    probe_due: bool = False
    #: A message that went with a probe, and the number of the probe; 0 for none.
    suspect_seq: int = 0
    suspect_probe: int = 0
    #: A message that has arrived for sure; 0 for none.
    arrived_seq: int = 0


@dataclass(slots=True, eq=False)
class Attachment:
    """
    A physical call that carries a session for a while. ClientSession has the state that survives, and is alone to change
    this one.
    """

    #: Strictly ascending over the life of the session: the fencing token.
    number: int
    #: In the frame headers of this attachment.
    tag: int
    opened_at: float
    #: Whether the server has welcomed this attachment.
    handshake_complete: bool = False
    #: Whether the server knows no sessions, or was taken for one that doesn't.
    plain: bool = False
    opening: Opening = field(default_factory=Opening)
    inbound: Inbound = field(default_factory=Inbound)
    outbound: Outbound = field(default_factory=Outbound)
    probes: Probes = field(default_factory=Probes)

    def __post_init__(self) -> None:
        self.opening.hello_sent_at = self.opened_at
        self.opening.silent_since = self.opened_at
        self.inbound.heard_at = self.opened_at
        self.outbound.sent_at = self.opened_at

    def is_silent(self, now: float, silence: float) -> bool:
        """Whether nothing was heard for so long; never when that is 0, or while nothing is read."""
        return silence > 0 and not self.inbound.paused and now >= self.inbound.heard_at + silence
