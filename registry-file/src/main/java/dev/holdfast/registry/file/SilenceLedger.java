package dev.holdfast.registry.file;

import dev.holdfast.core.PureCore;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;

/**
 * Measures for how long files showed no sign of life.
 *
 * <p>A sign is any change of a file's stamp; its value means nothing, so clocks that jump or differ
 * between machines change nothing. Of the time between two looks only a bounded step counts: a
 * reader that was stopped for an hour has not watched for an hour. Not thread-safe.
 */
@PureCore
final class SilenceLedger {
  private record Line(Object stamp, long seenNanos, long silentNanos) {}

  private final Map<String, Line> lines = new HashMap<>();

  /**
   * Notes what a file looks like now.
   *
   * @param stamp changes with every sign of life
   * @param maxStepNanos the most that the time since the last look counts
   * @return for how long the stamp has been the same
   */
  long observe(String file, Object stamp, long nowNanos, long maxStepNanos) {
    Line last = lines.get(file);
    long silentNanos =
        last == null || !last.stamp.equals(stamp)
            ? 0
            : last.silentNanos + Math.min(nowNanos - last.seenNanos, maxStepNanos);
    lines.put(file, new Line(stamp, nowNanos, silentNanos));
    return silentNanos;
  }

  /** Forgets all files but these. */
  void retain(Set<String> files) {
    lines.keySet().retainAll(files);
  }
}
