package dev.holdfast.bench.events;

import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import java.util.stream.Collectors;

/** The counts of all readers of a process. Thread-safe. */
final class EventTally {
  /** Messages that a reader never got. */
  static final String LOST = "lost";

  /** Messages that a reader got once more. */
  static final String DUPLICATED = "duplicated";

  /** Streams that ended while they were read. */
  static final String CUT = "cut";

  /** Streams that went on with the last id. */
  static final String RESUMED = "resumed";

  /** Streams that a page began anew after it was told that the old one is gone. */
  static final String REOPENED = "reopened";

  /** Streams without ids. */
  static final String NOT_KEPT = "not_kept";

  /** Requests that failed without a response, after which an EventSource tries again. */
  static final String UNREACHABLE = "unreachable";

  /** Prefix of responses other than 200, which end an EventSource; then status and reason. */
  static final String TOLD = "told_";

  private final Map<String, LongAdder> counts = new ConcurrentHashMap<>();
  private final AtomicLong firstCutNanos = new AtomicLong(Long.MAX_VALUE);
  private final AtomicLong lastBackNanos = new AtomicLong(Long.MIN_VALUE);

  void add(String what, long more) {
    counts.computeIfAbsent(what, unused -> new LongAdder()).add(more);
  }

  /** Counts a stream that ended while it was read. */
  void onCut() {
    add(CUT, 1);
    firstCutNanos.accumulateAndGet(System.nanoTime(), Math::min);
  }

  /** Counts a reader that has a stream again. */
  void onBack(String how) {
    add(how, 1);
    lastBackNanos.accumulateAndGet(System.nanoTime(), Math::max);
  }

  /** The counts as one line. */
  String line() {
    return firstCutNanos
        + " "
        + lastBackNanos
        + counts.entrySet().stream()
            .map(each -> " " + each.getKey() + "=" + each.getValue().sum())
            .collect(Collectors.joining());
  }

  /**
   * The counts of some processes.
   *
   * @param firstCutNanos of the clock that all processes of a machine share; the highest value for
   *     none
   * @param lastBackNanos of the same clock; the lowest value for none
   */
  record EventCounts(long firstCutNanos, long lastBackNanos, Map<String, Long> counts) {
    static EventCounts none() {
      return new EventCounts(Long.MAX_VALUE, Long.MIN_VALUE, Map.of());
    }

    static EventCounts parse(String line) {
      String[] words = line.split(" ", -1);
      Map<String, Long> counts = new TreeMap<>();
      for (int i = 2; i < words.length; i++) {
        int equals = words[i].indexOf('=');
        counts.put(words[i].substring(0, equals), Long.parseLong(words[i].substring(equals + 1)));
      }
      return new EventCounts(Long.parseLong(words[0]), Long.parseLong(words[1]), counts);
    }

    EventCounts plus(EventCounts other) {
      Map<String, Long> sum = new TreeMap<>(counts);
      other.counts.forEach((key, value) -> sum.merge(key, value, Long::sum));
      return new EventCounts(
          Math.min(firstCutNanos, other.firstCutNanos),
          Math.max(lastBackNanos, other.lastBackNanos),
          sum);
    }

    long get(String what) {
      return counts.getOrDefault(what, 0L);
    }

    /** Responses other than 200, of those whose name begins with a prefix. */
    long told(String prefix) {
      return counts.entrySet().stream()
          .filter(each -> each.getKey().startsWith(TOLD + prefix))
          .mapToLong(Map.Entry::getValue)
          .sum();
    }

    /** Seconds from the first cut until the last reader had a stream again; 0 without both. */
    double backSeconds() {
      return lastBackNanos > firstCutNanos ? (lastBackNanos - firstCutNanos) / 1e9 : 0;
    }
  }
}
