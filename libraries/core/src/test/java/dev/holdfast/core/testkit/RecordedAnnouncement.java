package dev.holdfast.core.testkit;

import dev.holdfast.core.Registry;
import dev.holdfast.core.RegistryException;
import dev.holdfast.core.Scheduler;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** Remembers how an announcement fared. Thread-safe. */
public final class RecordedAnnouncement implements Registry.AnnouncementListener {
  private final Scheduler scheduler;
  private final AtomicInteger published = new AtomicInteger();
  private final AtomicInteger ended = new AtomicInteger();
  private final AtomicInteger elsewhere = new AtomicInteger();
  private volatile @Nullable RegistryException end;

  public RecordedAnnouncement(Scheduler scheduler) {
    this.scheduler = scheduler;
  }

  @Override
  public void onPublished() {
    noteThread();
    published.incrementAndGet();
  }

  @Override
  public void onEnded(RegistryException cause) {
    noteThread();
    // Who waits for the end may read the count behind it.
    ended.incrementAndGet();
    end = cause;
  }

  public int published() {
    return published.get();
  }

  /** How often it ended; more than once breaks the contract. */
  public int ended() {
    return ended.get();
  }

  public Optional<RegistryException> end() {
    return Optional.ofNullable(end);
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
