"""The states of a session, and their transitions."""

from __future__ import annotations

from enum import Enum


class SessionState(Enum):
    """The state of a session; LOST and CLOSED may follow every other one."""

    #: Nothing was sent yet.
    NEW = "NEW"
    #: The first attachment was begun, and nobody has answered.
    OPENING = "OPENING"
    #: One attachment carries the session.
    ATTACHED = "ATTACHED"
    #: The attachment was silent for too long; it still carries the session.
    SUSPECT = "SUSPECT"
    #: The attachment is still silent, and a second one was begun; the first one that receives something wins.
    RACING = "RACING"
    #: The attachment works, and is to be replaced.
    DRAIN = "DRAIN"
    #: The successor of the attachment was begun; until it is welcomed the old one carries the session.
    HANDOVER = "HANDOVER"
    #: No attachment; both sides keep what was not acknowledged.
    DETACHED = "DETACHED"
    #: The next attachment was begun, and nobody has answered.
    RESUMING = "RESUMING"
    #: The session could not be kept, and the application knows.
    LOST = "LOST"
    #: The session is over as the applications wanted it.
    CLOSED = "CLOSED"

    @property
    def is_terminal(self) -> bool:
        """Whether nothing may follow."""
        return self in (SessionState.LOST, SessionState.CLOSED)

    @property
    def is_attached(self) -> bool:
        """Whether an attachment carries the session."""
        return self in _ATTACHED

    def may_become(self, following: SessionState) -> bool:
        """Whether the table of transitions has this one."""
        return not self.is_terminal if following.is_terminal else following in _NEXT.get(self, ())


_S = SessionState
_ATTACHED = frozenset((_S.ATTACHED, _S.SUSPECT, _S.RACING, _S.DRAIN, _S.HANDOVER))
_NEXT: dict[SessionState, tuple[SessionState, ...]] = {
    _S.NEW: (_S.OPENING,),
    _S.OPENING: (_S.ATTACHED, _S.DETACHED),
    _S.ATTACHED: (_S.SUSPECT, _S.DRAIN, _S.DETACHED),
    _S.SUSPECT: (_S.ATTACHED, _S.RACING, _S.DRAIN, _S.DETACHED),
    _S.RACING: (_S.ATTACHED, _S.SUSPECT, _S.RESUMING, _S.DETACHED),
    _S.DRAIN: (_S.HANDOVER, _S.ATTACHED, _S.DETACHED),
    _S.HANDOVER: (_S.ATTACHED, _S.DRAIN, _S.RESUMING, _S.DETACHED),
    _S.DETACHED: (_S.RESUMING,),
    _S.RESUMING: (_S.ATTACHED, _S.DETACHED),
}
