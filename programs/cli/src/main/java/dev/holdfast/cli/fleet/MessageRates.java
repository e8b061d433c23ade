package dev.holdfast.cli.fleet;

import dev.holdfast.core.annotation.Limit;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import org.jspecify.annotations.Nullable;

/**
 * The messages per second of resumable streams, of both directions together, between two readings
 * of the same stream. A process counts messages only, so that a rate costs it nothing. Not
 * thread-safe.
 */
final class MessageRates {
  /** The field of a row; a stream that was read once only has none. */
  static final String FIELD = "messages_per_second";

  @Limit(
      of = "streams whose messages per second `top` and `console` follow",
      then = "the ones that were shown longest ago are read anew")
  static final int MAX_STREAMS = 10_000;

  /** Readings that are closer together than this give the rate of the one before. */
  static final Duration SHORTEST = Duration.ofMillis(500);

  private static final double SHOWN_PARTS = 10;
  private static final int INITIAL = 256;
  private static final float LOAD_FACTOR = 0.75f;

  private final Map<StreamKey, Reading> readings =
      new LinkedHashMap<>(INITIAL, LOAD_FACTOR, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<StreamKey, Reading> eldest) {
          return size() > MAX_STREAMS;
        }
      };

  /** The key of one end of a stream: both ends may be in one process. */
  private record StreamKey(String source, String id, String role) {}

  private record Reading(long nanos, long messages, OptionalDouble rate) {}

  /** The rows with their rates, where they are known. */
  List<FleetRow> addTo(List<FleetRow> rows, long nowNanos) {
    return rows.stream().map(row -> withRate(row, nowNanos)).toList();
  }

  private FleetRow withRate(FleetRow row, long nowNanos) {
    StreamKey key =
        new StreamKey(
            row.source(),
            String.valueOf(row.values().get("id")),
            String.valueOf(row.values().get("role")));
    Reading reading = next(readings.get(key), messages(row), nowNanos);
    readings.put(key, reading);
    if (reading.rate().isEmpty()) {
      return row;
    }
    Map<String, Object> values = new LinkedHashMap<>(row.values());
    values.put(FIELD, Math.round(reading.rate().getAsDouble() * SHOWN_PARTS) / SHOWN_PARTS);
    return new FleetRow(row.source(), values);
  }

  private static Reading next(@Nullable Reading before, long messages, long nowNanos) {
    if (before == null || messages < before.messages()) {
      return new Reading(nowNanos, messages, OptionalDouble.empty());
    }
    long nanos = nowNanos - before.nanos();
    if (nanos < SHORTEST.toNanos()) {
      return before;
    }
    double seconds = nanos / (double) Duration.ofSeconds(1).toNanos();
    return new Reading(
        nowNanos, messages, OptionalDouble.of((messages - before.messages()) / seconds));
  }

  private static long messages(FleetRow row) {
    return number(row, "sent") + number(row, "processed");
  }

  private static long number(FleetRow row, String field) {
    return row.values().get(field) instanceof Number number ? number.longValue() : 0;
  }
}
