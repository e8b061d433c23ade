"""The hand-over of a client's session to another owner."""

from __future__ import annotations

from ..wire.fields import WireError
from ..wire.session_handover import OFFER, SessionHandover
from .receive_buffer import ReceiveBuffer
from .send_buffer import SendBuffer, SequencedMessage


class ClientHandover:
    """
    The hand-over of a session to another owner: prepared by the final frame of the owner before, begun when the application
    was given everything before that frame, and over with the welcome of the next owner.
    """

    def __init__(self, sent: SendBuffer, received: ReceiveBuffer) -> None:
        self._sent = sent
        self._received = received
        self._handover: SessionHandover | None = None
        self._accepts_restart = False
        #: Whether the next attachment goes to another owner.
        self.has_begun = False

    def accept_restart(self) -> None:
        """The application takes the messages of a handler that begins anew."""
        self._accepts_restart = True

    def prepare(self, last: SequencedMessage) -> bool:
        """Takes the final frame of an owner that leaves; false when it hands over nothing that can be taken: an end then."""
        try:
            following = SessionHandover.parse(last.body)
        except WireError:
            # Nothing, or bytes of another version: the session ends as it did before there were hand-overs.
            return False
        if following.position != last.seq or not self._is_takeable(following):
            return False
        self._handover = following
        return True

    @property
    def is_pending(self) -> bool:
        """Whether no owner is there: messages wait."""
        return self._handover is not None

    @property
    def is_due(self) -> bool:
        """Whether the session may go to another owner now."""
        return self.is_pending and not self.has_begun and self._received.may_go_on

    def begin(self) -> None:
        """The next attachment goes to another owner."""
        self.has_begun = True

    @property
    def shown(self) -> SessionHandover:
        """The value for the request headers of the next attachment."""
        return self._handover if self._handover is not None and self.has_begun else OFFER

    @property
    def low(self) -> int:
        """The lowest position that the next attachment can send."""
        return 1 if self.shown.replays else self._sent.low

    def finish(self) -> SessionHandover | None:
        """A server has welcomed the session. Returns the hand-over that it takes; None when none was shown to it."""
        if not self.has_begun:
            return None
        taken = self._handover
        if taken is not None and taken.replays:
            self._sent.rewind()
        # Only now: behind the final frame nothing more is taken of the owner before.
        self._received.go_on()
        self._handover = None
        self.has_begun = False
        return taken

    def _is_takeable(self, following: SessionHandover) -> bool:
        # A handler that begins anew is noticed only by an application that has messages of the one before.
        noticed = following.restarts and following.messages > 0
        return (not following.replays or self._sent.may_rewind) and (not noticed or self._accepts_restart)
