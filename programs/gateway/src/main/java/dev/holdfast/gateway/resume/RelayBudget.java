package dev.holdfast.gateway.resume;

import dev.holdfast.core.annotation.Limit;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;

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

  private static final Path LIMITS = Path.of("/proc/self/limits");
  private static final String OPEN_FILES = "Max open files";

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

  /**
   * The budget by the open files that the kernel allows to this process; without a bound where it
   * does not say. {@code --handover} is for Linux, which does.
   */
  static RelayBudget ofProcess() {
    try (Stream<String> limits = Files.lines(LIMITS)) {
      return new RelayBudget(
          limits
              .filter(line -> line.startsWith(OPEN_FILES))
              .map(line -> line.substring(OPEN_FILES.length()).strip().split("\\s+", 2)[0])
              .filter(soft -> !soft.equals("unlimited"))
              .mapToLong(Long::parseLong)
              .findFirst()
              .orElse(Long.MAX_VALUE));
    } catch (IOException e) {
      return new RelayBudget(Long.MAX_VALUE);
    }
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
