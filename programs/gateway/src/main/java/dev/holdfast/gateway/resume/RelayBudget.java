package dev.holdfast.gateway.resume;

import com.sun.management.UnixOperatingSystemMXBean;
import dev.holdfast.core.annotation.Limit;
import java.lang.management.ManagementFactory;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The number of readers that a gateway may pass on to earlier gateways at once. Each takes a
 * descriptor. The others stay free for connections of clients and to endpoints, without which no
 * reader could begin anew either. Thread-safe.
 */
final class RelayBudget {
  @Limit(
      of =
          "readers whose resumable streams earlier gateways have, in percent of the files that the"
              + " process may open",
      then = "a further reader gets UNAVAILABLE")
  static final int PERCENT = 90;

  private final long limit;
  private final AtomicLong taken = new AtomicLong();

  /**
   * Creates a budget of which nothing is taken.
   *
   * @param openFiles that the process may have
   */
  RelayBudget(long openFiles) {
    this.limit = openFiles / 100 * PERCENT;
  }

  /** The budget by the limit of open files that the kernel enforces for this process. */
  static RelayBudget ofProcess() {
    return new RelayBudget(
        ManagementFactory.getOperatingSystemMXBean() instanceof UnixOperatingSystemMXBean unix
            ? unix.getMaxFileDescriptorCount()
            : Long.MAX_VALUE);
  }

  /** Takes one; false if none is left. */
  boolean take() {
    if (taken.incrementAndGet() <= limit) {
      return true;
    }
    taken.decrementAndGet();
    return false;
  }

  /** Gives one back. */
  void giveBack() {
    taken.decrementAndGet();
  }
}
