package dev.holdfast.gateway.access;

import dev.holdfast.gateway.traffic.ConnectionTrace;
import dev.holdfast.gateway.traffic.JsonOut;
import java.time.Instant;

/**
 * An access-log entry of a proxied or rejected layer-4 connection.
 *
 * @param end the reason of its end; "" while it is open
 */
record ConnectionEntry(
    long timeMillis,
    ConnectionTrace of,
    String endpoint,
    int attempts,
    AccessEntry.Bytes bytes,
    long totalNanos,
    String end)
    implements LogEntry {

  static ConnectionEntry of(ConnectionTrace connection) {
    return new ConnectionEntry(
        System.currentTimeMillis(),
        connection,
        connection.endpoint(),
        connection.attempts(),
        new AccessEntry.Bytes(connection.sentBytes(), connection.receivedBytes()),
        connection.spentNanos(),
        connection.end());
  }

  @Override
  public String line() {
    JsonOut out = new JsonOut().object().with("time", Instant.ofEpochMilli(timeMillis).toString());
    out.with("protocol", "l4").withAny("cluster", of.cluster());
    if (end.isEmpty()) {
      out.with("ongoing", true);
    } else {
      out.with("reason", end);
    }
    out.withAny("endpoint", endpoint).with("attempts", attempts);
    out.with("requestBytes", bytes.request()).with("answerBytes", bytes.answer());
    out.with("totalMillis", totalNanos / AccessEntry.NANOS_PER_MILLI);
    return out.withAny("forwardedFor", of.client()).endObject().toString();
  }
}
