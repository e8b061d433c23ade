package dev.holdfast.cli.demo.streams;

import dev.holdfast.lab.Middlebox;
import dev.holdfast.lab.PathFaults;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The injector of the fault schedule: applies each fault to the middlebox of a server, until {@link
 * #stop}. Thread-safe.
 */
final class DemoFaultInjector implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(DemoFaultInjector.class);

  private final DemoFaultSchedule demoFaultSchedule;
  private final Supplier<List<Middlebox>> middleboxes;
  private final Map<DemoFaultSchedule.ScheduledFaultKind, Long> countsByKind =
      new EnumMap<>(DemoFaultSchedule.ScheduledFaultKind.class);
  private final ScheduledExecutorService timer =
      Executors.newSingleThreadScheduledExecutor(
          task -> {
            Thread thread = new Thread(task, "demo-faults");
            thread.setDaemon(true);
            return thread;
          });
  private boolean stop = true;

  /**
   * @param doors those that stand now; one of them takes the place of a door that is gone
   */
  DemoFaultInjector(DemoFaultSchedule demoFaultSchedule, Supplier<List<Middlebox>> doors) {
    this.demoFaultSchedule = demoFaultSchedule;
    this.middleboxes = doors;
  }

  synchronized void begin() {
    stop = false;
    next();
  }

  /** No further gust; what is wrong is put right, what is forgotten stays so. */
  synchronized void stop() {
    stop = true;
    middleboxes.get().forEach(door -> door.faults(PathFaults.NONE));
  }

  /** The number of injected faults by kind. */
  synchronized Map<DemoFaultSchedule.ScheduledFaultKind, Long> countsByKind() {
    return new EnumMap<>(countsByKind);
  }

  long count() {
    return countsByKind().values().stream().mapToLong(Long::longValue).sum();
  }

  @Override
  public void close() {
    timer.shutdownNow();
  }

  private void next() {
    DemoFaultSchedule.ScheduledFault scheduledFault = demoFaultSchedule.next();
    later(() -> inject(scheduledFault), scheduledFault.after().toMillis());
  }

  private synchronized void inject(DemoFaultSchedule.ScheduledFault scheduledFault) {
    if (stop) {
      return;
    }
    List<Middlebox> standing = middleboxes.get();
    if (!standing.isEmpty()) {
      Middlebox door = standing.get(scheduledFault.middlebox() % standing.size());
      try {
        apply(door, scheduledFault);
        countsByKind.merge(scheduledFault.kind(), 1L, Long::sum);
      } catch (IllegalStateException e) {
        log.debug("event=middlebox_closed", e);
      }
    }
    next();
  }

  private void apply(Middlebox door, DemoFaultSchedule.ScheduledFault scheduledFault) {
    switch (scheduledFault.kind()) {
      case RESET -> door.resetFlows();
      case SILENT_DROP -> door.forgetFlows();
      default -> {
        door.faults(scheduledFault.faults());
        later(() -> clear(door), scheduledFault.length().toMillis());
      }
    }
  }

  private void clear(Middlebox door) {
    if (middleboxes.get().contains(door)) {
      door.faults(PathFaults.NONE);
    }
  }

  private void later(Runnable task, long millis) {
    try {
      var unused = timer.schedule(task, millis, TimeUnit.MILLISECONDS);
    } catch (RejectedExecutionException e) {
      log.debug("event=fault_injector_closed", e);
    }
  }
}
