"""
The earliest of several points in time, in milliseconds of the session's clock.

Times are fractions, so whether a deadline has come is asked by the same sum that made it: a difference may be rounded below
the wait, and the deadline would be due and not over.
"""

from __future__ import annotations


class Deadlines:
    """Collects points in time and keeps the earliest one."""

    def __init__(self) -> None:
        self.earliest: float | None = None

    def at(self, time: float | None) -> None:
        """A point in time, if there is one."""
        if time is not None and (self.earliest is None or time < self.earliest):
            self.earliest = time

    def after(self, time: float, wait: float) -> None:
        """A point in time plus a wait; a wait of 0 means never."""
        if wait > 0:
            self.at(time + wait)


def is_over(now: float, deadline: float | None) -> bool:
    """Whether a deadline, if there is one, has come."""
    return deadline is not None and now >= deadline
