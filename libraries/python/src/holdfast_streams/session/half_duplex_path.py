"""Hops that pass a request on only when it is complete."""

from __future__ import annotations

from .attachment import Attachment
from .plain_peer import MethodKind

#: A server may be slow once; an answer after the half-close twice in a row is the path.
_PROOFS = 2

#: A path that was only slow for a while is found out within a minute.
_VALID_MILLIS = 60_000


class HalfDuplexPath:
    """
    The way of a server-streaming session through hops that pass a request on only when it is complete. Each later attachment
    is half-closed when nobody answers it, and at once when that has helped before. Its hello acknowledges and gives credit,
    and the server goes on to the end of that credit; then the next attachment follows. Only a session that has nothing more
    to send than acks can go this way.
    """

    def __init__(self) -> None:
        self._possible = False
        self._proofs = 0
        self._proved_at = 0.0

    def begin(self, kind: MethodKind) -> None:
        """A server without sessions would take a half-closed call of another kind for a whole one."""
        self._possible = kind is MethodKind.SERVER_STREAMING

    def on_answered(self, now: float, welcomed: Attachment, ended: bool) -> None:
        """The attachment was welcomed; ``ended``: the application knows the end, which is to be acknowledged soon."""
        if welcomed.opening.first:
            return
        outbound = welcomed.outbound
        if not outbound.half_closed:
            self._proofs = 0
        elif self._proofs < _PROOFS:
            self._proofs += 1
            self._proved_at = now
        outbound.sparing = outbound.half_closed and not ended

    def on_failed(self) -> None:
        """An attempt came to nothing: whether answers come behind the half-close is to be seen again."""
        self._proofs = 0

    def is_proved(self, now: float) -> bool:
        """Whether the path was found, so that silence need not be waited for."""
        if self._proofs >= _PROOFS and now - self._proved_at >= _VALID_MILLIS:
            self._proofs = 0
        return self._proofs >= _PROOFS

    def may_help(self, opening: Attachment) -> bool:
        """Whether the half-close may help this attachment, of a session that has nothing left to send."""
        later = not opening.opening.first and not opening.opening.queued
        return self._possible and later and not opening.plain and not opening.outbound.half_closed
