package dev.holdfast.bench.sessions;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Metrics;
import io.micrometer.core.instrument.Tag;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.lang.management.ManagementFactory;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * The counters of the streams of one or more processes, by meter name. The number of attempts per
 * session says more about a storm than its duration, which depends on the machine too.
 */
final class StreamCounters {
  private static final String OURS = "holdfast.streams.";
  private static final String THREADS = "peak_threads";

  private final Map<String, Long> counts;

  private StreamCounters(Map<String, Long> counts) {
    this.counts = new TreeMap<>(counts);
  }

  static StreamCounters none() {
    return new StreamCounters(Map.of());
  }

  /** Starts the counters of this process. */
  static void begin() {
    Metrics.addRegistry(new SimpleMeterRegistry());
  }

  /** The counters of this process, in one line without spaces. */
  static String line() {
    Map<String, Long> counts = new TreeMap<>();
    counts.put(THREADS, (long) ManagementFactory.getThreadMXBean().getPeakThreadCount());
    for (Counter counter : ours()) {
      String name =
          counter.getId().getName().substring(OURS.length())
              + counter.getId().getTags().stream()
                  .map(Tag::getValue)
                  .map(value -> "." + value.toLowerCase(Locale.ROOT))
                  .collect(Collectors.joining());
      counts.merge(name, (long) counter.count(), Long::sum);
    }
    return counts.entrySet().stream()
        .map(count -> count.getKey() + "=" + count.getValue())
        .collect(Collectors.joining(","));
  }

  private static List<Counter> ours() {
    return Metrics.globalRegistry.getMeters().stream()
        .filter(meter -> meter.getId().getName().startsWith(OURS))
        .filter(Counter.class::isInstance)
        .map(Counter.class::cast)
        .toList();
  }

  static StreamCounters parse(String line) {
    return new StreamCounters(
        Arrays.stream(line.split(",", -1))
            .map(count -> count.split("=", -1))
            .collect(Collectors.toMap(count -> count[0], count -> Long.valueOf(count[1]))));
  }

  /** The sums of the counters of two processes. */
  StreamCounters plus(StreamCounters other) {
    Map<String, Long> sum = new TreeMap<>(counts);
    other.counts.forEach((name, count) -> sum.merge(name, count, Long::sum));
    return new StreamCounters(sum);
  }

  /**
   * The increase of the counters since an earlier snapshot. The peak number of threads is that of
   * the process's whole life.
   */
  StreamCounters since(StreamCounters before) {
    Map<String, Long> news = new TreeMap<>(counts);
    before.counts.forEach(
        (name, count) -> news.merge(name, name.equals(THREADS) ? 0 : -count, Long::sum));
    news.values().removeIf(count -> count == 0);
    return new StreamCounters(news);
  }

  @Override
  public String toString() {
    return counts.entrySet().stream()
        .map(count -> count.getKey() + " " + count.getValue())
        .collect(Collectors.joining(", "));
  }
}
