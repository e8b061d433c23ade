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
   * @param middleboxes the running ones; a fault of one that is gone goes to another
   */
  DemoFaultInjector(DemoFaultSchedule demoFaultSchedule, Supplier<List<Middlebox>> middleboxes) {
    this.demoFaultSchedule = demoFaultSchedule;
    this.middleboxes = middleboxes;
  }

  synchronized void begin() {
    stop = false;
    next();
  }

  /** No further gust; what is wrong is put right, what is forgotten stays so. */
  synchronized void stop() {
    stop = true;
    middleboxes.get().forEach(middlebox -> middlebox.faults(PathFaults.NONE));
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
    List<Middlebox> running = middleboxes.get();
    if (!running.isEmpty()) {
      Middlebox middlebox = running.get(scheduledFault.middlebox() % running.size());
      try {
        apply(middlebox, scheduledFault);
        countsByKind.merge(scheduledFault.kind(), 1L, Long::sum);
      } catch (IllegalStateException e) {
        log.debug("event=middlebox_closed", e);
      }
    }
    next();
  }

  private void apply(Middlebox middlebox, DemoFaultSchedule.ScheduledFault scheduledFault) {
    switch (scheduledFault.kind()) {
      case RESET -> middlebox.resetFlows();
      case SILENT_DROP -> middlebox.forgetFlows();
      default -> {
        middlebox.faults(scheduledFault.faults());
        later(() -> clear(middlebox), scheduledFault.length().toMillis());
      }
    }
  }

  private void clear(Middlebox middlebox) {
    if (middleboxes.get().contains(middlebox)) {
      middlebox.faults(PathFaults.NONE);
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
