package dev.holdfast.bench.chaos;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.LongSupplier;

/** The times at which a store was made to lose all or the latest part of its data. Thread-safe. */
final class MemoryLosses {
  private final LongSupplier nanoTime;
  private final List<Long> nanos = new CopyOnWriteArrayList<>();

  MemoryLosses(LongSupplier nanoTime) {
    this.nanoTime = nanoTime;
  }

  /** Counts one; between the end of writes and their loss, so that each loss is after its count. */
  void count() {
    nanos.add(nanoTime.getAsLong());
  }

  /** When each was counted, the oldest first. */
  List<Long> nanos() {
    return List.copyOf(nanos);
  }
}
