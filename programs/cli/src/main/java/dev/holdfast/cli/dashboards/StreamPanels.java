package dev.holdfast.cli.dashboards;

import static dev.holdfast.cli.dashboards.Panel.events;
import static dev.holdfast.cli.dashboards.Panel.rate;
import static dev.holdfast.cli.dashboards.Panel.value;

import dev.holdfast.streams.grpc.StreamMeter;
import dev.holdfast.streams.redis.RedisMeter;
import java.util.List;

/** The panels of resumable streams. */
final class StreamPanels {
  private StreamPanels() {}

  static List<PanelRow> rows() {
    return List.of(sessions(), store());
  }

  private static PanelRow sessions() {
    return PanelRow.of(
        "Sessions",
        events(
            StreamMeter.ATTACHMENTS,
            "Physical calls",
            "one per session; more where the network cuts connections."),
        value(StreamMeter.SESSIONS, "Sessions", "nearly all attached."),
        events(StreamMeter.ENDED, "Ended sessions", "none LOST."),
        events(StreamMeter.REFUSED, "Refused calls", "none, apart from restarts of servers."),
        events(
            StreamMeter.REOPENED,
            "Reopened streams",
            "few; a server without sessions gets the stream from its beginning."),
        events(
            StreamMeter.MOVED,
            "Streams that moved",
            "some after a scale-out or a deploy; none while the fleet stays as it is."),
        events(StreamMeter.LATE_HEADERS, "Dropped response headers", "none."));
  }

  private static PanelRow store() {
    return PanelRow.of(
        "Redis",
        value(RedisMeter.CONNECTED, "min", "Connected", "1."),
        value(RedisMeter.OUTSTANDING, "Requests that wait", "few; they grow when Redis is slow."),
        rate(RedisMeter.ANSWERS, "Responses", "nearly all successful: none FAILED, none LOST."),
        events(RedisMeter.UNTRUSTED, "Sessions that Redis may have forgotten", "none."));
  }
}
