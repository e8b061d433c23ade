"""The memory limit that sessions share."""

from __future__ import annotations

_DEFAULT_BYTES = 256 * 1024 * 1024
#: What one buffer may hold, as a part of the free bytes: one in so many.
_PART_OF_FREE = 64


class BufferBudget:
    """
    The memory limit that sessions share, in bytes, on top of one message each; default 256 MiB.

    The memory is shared by dynamic thresholds (Choudhury and Hahne, 1998): a buffer may grow as long as it is smaller than
    a fixed part of the free memory. Half of the memory is reserved for buffers that are being emptied, which may hold as
    much of it as has left them before. A session that holds nothing may always take one message. No message is dropped.
    """

    def __init__(self, limit_bytes: int = _DEFAULT_BYTES) -> None:
        if limit_bytes < 1:
            raise ValueError(f"limit_bytes: {limit_bytes} (expected: >= 1)")
        self.limit_bytes = limit_bytes
        self.held_bytes = 0

    def has_room(self, of_buffer: int, flowed: int) -> bool:
        """Whether a buffer that holds ``of_buffer`` bytes, and which ``flowed`` bytes have left, may take more."""
        free = self.limit_bytes - self.held_bytes
        return of_buffer * _PART_OF_FREE < (free if of_buffer < flowed else free - self.limit_bytes // 2)

    def take(self, count: int) -> None:
        """Counts bytes that are held, or with a negative number bytes that are held no more."""
        self.held_bytes += count


#: The budget of all sessions of the process that are given no other one.
OF_PROCESS = BufferBudget()
