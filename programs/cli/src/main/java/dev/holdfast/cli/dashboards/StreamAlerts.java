package dev.holdfast.cli.dashboards;

import static dev.holdfast.cli.dashboards.MeterQuery.happened;
import static dev.holdfast.cli.dashboards.MeterQuery.series;

import dev.holdfast.cli.dashboards.Alert.AlertText;
import dev.holdfast.streams.grpc.StreamMeter;
import dev.holdfast.streams.redis.RedisMeter;
import java.util.List;

/** The alerts of resumable streams. */
final class StreamAlerts {
  private StreamAlerts() {}

  static List<Alert> all() {
    return List.of(sessionsLost(), storeAway(), storeFails(), storeForgets(), callsRefused());
  }

  private static Alert sessionsLost() {
    return Alert.critical(
        "HoldfastStreamSessionsLost",
        "0m",
        happened(StreamMeter.ENDED, "kind=~\"LOST.*\"", "10m"),
        new AlertText(
            "{{ $labels.instance }} lost sessions: {{ $labels.kind }}",
            "Messages may be missing; the applications got SESSION_LOST. The page has the cause of"
                + " each kind.",
            "docs/streams.md#effect-of-failures-on-a-stream"));
  }

  private static Alert storeAway() {
    return Alert.critical(
        "HoldfastStreamStoreAway",
        "1m",
        series(RedisMeter.CONNECTED, "", "") + " == 0",
        new AlertText(
            "{{ $labels.instance }} has no connection to {{ $labels.store }}",
            "Durable streams wait. Check whether Redis runs and accepts the password.",
            "docs/streams.md#redis"));
  }

  private static Alert storeFails() {
    return Alert.warning(
        "HoldfastStreamStoreFails",
        "0m",
        happened(RedisMeter.ANSWERS, "response=\"FAILED\"", "5m"),
        new AlertText(
            "Redis does not answer {{ $labels.operation }} of {{ $labels.instance }}",
            "Requests are repeated, and their sessions wait. Check the load and the memory of"
                + " Redis.",
            "docs/streams.md#redis"));
  }

  private static Alert storeForgets() {
    return Alert.critical(
        "HoldfastStreamStoreForgets",
        "0m",
        happened(RedisMeter.UNTRUSTED, "", "10m"),
        new AlertText(
            "Sessions can't move to {{ $labels.instance }}: Redis was started again",
            "Redis may have forgotten their newest messages. Use appendfsync always.",
            "docs/streams.md#redis"));
  }

  private static Alert callsRefused() {
    return Alert.warning(
        "HoldfastStreamCallsRefused",
        "5m",
        "sum by (job, code) (rate(" + series(StreamMeter.REFUSED, "", "") + "[5m])) > 0.1",
        new AlertText(
            "Servers of {{ $labels.job }} refuse streams with {{ $labels.code }}",
            "Clients resume sessions that the servers do not know, or speak another protocol"
                + " version. The page has each code.",
            "docs/duplex-v1.md"));
  }
}
