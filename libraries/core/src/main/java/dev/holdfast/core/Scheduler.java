package dev.holdfast.core;

import dev.holdfast.core.discovery.EndpointDirectory;
import dev.holdfast.core.registration.InstanceRegistration;
import java.time.Duration;

/**
 * A serial event loop with a clock: everything handed to it runs one task at a time, in order.
 *
 * <p>All callbacks of {@link Registry}, {@link EndpointDirectory} and {@link InstanceRegistration}
 * run here, so listeners need no locks among themselves but must not block. {@code execute} and
 * {@code schedule} may be called from any thread. A task that throws is logged and does not stop
 * the loop. Tests pass a virtual scheduler whose time moves only when told.
 */
public interface Scheduler {

  /** The clock by which delays are measured. */
  Clock clock();

  /** Runs a task soon, after everything handed in before it. */
  void execute(Runnable task);

  /**
   * Runs a task once after a delay; a delay of zero or less means soon.
   *
   * @return closes the timer: a task that has not begun by then will not run, when closed from a
   *     task of this scheduler
   */
  Subscription schedule(Duration delay, Runnable task);

  /** Whether the calling thread is the one that runs the tasks. */
  boolean isCurrent();
}
