package dev.holdfast.bench.chaos;

import dev.holdfast.core.Registry;
import dev.holdfast.core.RegistryException;
import dev.holdfast.core.RegistrySnapshot;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.function.LongSupplier;

/**
 * The wipes that a client declared, told by the changes of the epoch. A loss of the store's memory
 * explains one of them, for a minute: so late it may be heard of, on a busy machine or behind the
 * next fault. Of two losses in a row a client may hear as of one; or of the first one behind the
 * second, from an answer that was under way. Thread-safe.
 */
final class DeclaredWipes implements Registry.WatchListener {
  private static final long LATEST_NANOS = Duration.ofMinutes(1).toNanos();

  private final MemoryLosses losses;
  private final LongSupplier nanoTime;
  private final Deque<Long> unheard = new ArrayDeque<>();
  private final List<Long> unexplained = new ArrayList<>();
  private int known;
  private long epoch;

  DeclaredWipes(MemoryLosses losses, LongSupplier nanoTime) {
    this.losses = losses;
    this.nanoTime = nanoTime;
    this.known = losses.nanos().size();
  }

  @Override
  public synchronized void onSnapshot(RegistrySnapshot snapshot) {
    long nowNanos = nanoTime.getAsLong();
    List<Long> all = losses.nanos();
    unheard.addAll(all.subList(known, all.size()));
    known = all.size();
    unheard.removeIf(atNanos -> nowNanos - atNanos > LATEST_NANOS);
    if (epoch != 0) {
      for (long i = Math.abs(snapshot.epoch() - epoch); i > 0; i--) {
        if (unheard.poll() == null) {
          unexplained.add(nowNanos);
        }
      }
    }
    epoch = snapshot.epoch();
  }

  @Override
  public void onConfirmed() {
    // What counts is which life of the store it is.
  }

  @Override
  public void onFailure(RegistryException cause) {
    // Broken watches are counted by their meter.
  }

  /** When wipes were declared that nothing explains, by the clock of {@link System#nanoTime}. */
  synchronized List<Long> unexplained() {
    return List.copyOf(unexplained);
  }
}
