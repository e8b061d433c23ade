package dev.holdfast.core.testkit;

import dev.holdfast.core.EndpointSet;
import dev.holdfast.core.Registry;
import dev.holdfast.core.RegistryException;
import dev.holdfast.core.RegistrySnapshot;
import dev.holdfast.core.Scheduler;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;

/** Remembers what a watch said, and whether it always said it on the scheduler. Thread-safe. */
public final class RecordedWatch implements Registry.WatchListener {
  private final Scheduler scheduler;
  private final List<RegistrySnapshot> snapshots = new ArrayList<>();
  private final List<RegistryException> failures = new ArrayList<>();
  private final AtomicInteger confirmations = new AtomicInteger();
  private final AtomicInteger elsewhere = new AtomicInteger();

  public RecordedWatch(Scheduler scheduler) {
    this.scheduler = scheduler;
  }

  @Override
  public synchronized void onSnapshot(RegistrySnapshot snapshot) {
    noteThread();
    snapshots.add(snapshot);
  }

  @Override
  public void onConfirmed() {
    noteThread();
    confirmations.incrementAndGet();
  }

  @Override
  public synchronized void onFailure(RegistryException cause) {
    noteThread();
    failures.add(cause);
  }

  /** The last list, if any came. */
  public synchronized Optional<EndpointSet> last() {
    return snapshots.isEmpty()
        ? Optional.empty()
        : Optional.of(snapshots.get(snapshots.size() - 1).endpoints());
  }

  public synchronized List<RegistrySnapshot> snapshots() {
    return List.copyOf(snapshots);
  }

  public synchronized List<RegistryException> failures() {
    return List.copyOf(failures);
  }

  public int confirmations() {
    return confirmations.get();
  }

  /** Everything that was said so far. */
  public synchronized int calls() {
    return snapshots.size() + failures.size() + confirmations.get();
  }

  /** Calls that came on another thread than the scheduler's. */
  public int callsElsewhere() {
    return elsewhere.get();
  }

  private void noteThread() {
    if (!scheduler.isCurrent()) {
      elsewhere.incrementAndGet();
    }
  }
}
