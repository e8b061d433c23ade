package dev.holdfast.registry.file;

import dev.holdfast.core.annotation.PureCore;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;

/**
 * The measurement of how long files have shown no sign of life.
 *
 * <p>A sign of life is any change of a file's stamp. The stamp's value is not interpreted, so clock
 * jumps and differences between machines have no effect. Of the time between two scans only a
 * bounded step counts: a reader that was stopped for an hour has not observed silence for an hour.
 * Not thread-safe.
 */
@PureCore
final class HeartbeatMonitor {
  private record Line(Object stamp, long seenNanos, long silentNanos) {}

  private final Map<String, Line> lines = new HashMap<>();

  /**
   * Records the state of a file.
   *
   * @param stamp changes with every sign of life
   * @param maxStepNanos the most that the time since the last check counts
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
