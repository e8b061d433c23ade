package dev.holdfast.gateway.access;

import dev.holdfast.core.JsonTextWriter;
import dev.holdfast.gateway.traffic.ConnectionRecord;
import java.time.Instant;

/**
 * An access-log entry of a proxied or rejected layer-4 connection.
 *
 * @param end the reason of its end; "" while it is open
 */
record ConnectionLogEntry(
    long timeMillis,
    ConnectionRecord of,
    String endpoint,
    int attempts,
    AccessLogEntry.TransferredBytes bytes,
    long totalNanos,
    String end)
    implements LogEntry {

  static ConnectionLogEntry of(ConnectionRecord connection) {
    return new ConnectionLogEntry(
        System.currentTimeMillis(),
        connection,
        connection.endpoint(),
        connection.attempts(),
        new AccessLogEntry.TransferredBytes(connection.sentBytes(), connection.receivedBytes()),
        connection.spentNanos(),
        connection.end());
  }

  @Override
  public String line() {
    JsonTextWriter out =
        new JsonTextWriter().object().with("time", Instant.ofEpochMilli(timeMillis).toString());
    out.with("protocol", "l4").withAny("cluster", of.cluster());
    if (end.isEmpty()) {
      out.with("ongoing", true);
    } else {
      out.with("reason", end);
    }
    out.withAny("endpoint", endpoint).with("attempts", attempts);
    out.with("requestBytes", bytes.request()).with("answerBytes", bytes.answer());
    out.with("totalMillis", totalNanos / AccessLogEntry.NANOS_PER_MILLI);
    return out.withAny("forwardedFor", of.client()).endObject().toString();
  }
}
