package dev.holdfast.gateway.http1;

import dev.holdfast.gateway.limits.MemoryAccount;

/** Bytes of answers that wait for the client of one connection, on its account. */
final class UnsentBytes {
  private final MemoryAccount memory;
  private int bytes;
  private boolean full;

  UnsentBytes(MemoryAccount memory) {
    this.memory = memory;
  }

  void add(int more) {
    bytes += more;
    memory.charge(more);
  }

  /** They are sent, or never will be; whether somebody was told before that there is no room. */
  boolean remove(int fewer) {
    bytes -= fewer;
    memory.credit(fewer);
    return full;
  }

  boolean isSome() {
    return bytes > 0;
  }

  /** Whether there should not be more, since memory is scarce. */
  boolean isFull() {
    full = bytes > 0 && memory.isScarce();
    return full;
  }
}
