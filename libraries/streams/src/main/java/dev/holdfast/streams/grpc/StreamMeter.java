package dev.holdfast.streams.grpc;

import dev.holdfast.core.DocumentedMeter;
import dev.holdfast.core.MeterSpec;
import dev.holdfast.core.RegistryMeter;
import java.util.List;

/** The meters of sessions; docs/meters.md is generated from this enum. */
public enum StreamMeter implements DocumentedMeter {
  SESSIONS(
      "holdfast.streams.sessions",
      RegistryMeter.MeterType.GAUGE,
      "sessions",
      List.of("state"),
      "Sessions of this process's servers, by state."),
  ATTACHMENTS(
      "holdfast.streams.attachments",
      RegistryMeter.MeterType.COUNTER,
      "calls",
      List.of("side"),
      "Physical calls that were begun (client) or accepted (server) for sessions."),
  REFUSED(
      "holdfast.streams.refused",
      RegistryMeter.MeterType.COUNTER,
      "calls",
      List.of("code"),
      "Physical calls that a server refused, by the code of the refusal; INVALID is a hello that"
          + " makes no sense."),
  REOPENED(
      "holdfast.streams.reopened",
      RegistryMeter.MeterType.COUNTER,
      "streams",
      List.of(),
      "Streams to servers without sessions that were opened again."),
  MOVED(
      "holdfast.streams.moved",
      RegistryMeter.MeterType.COUNTER,
      "sessions",
      List.of("cause"),
      "Sessions that another instance has taken over because this one asked them to move:"
          + " rebalance, overload or age."),
  LATE_HEADERS(
      "holdfast.streams.headers.late",
      RegistryMeter.MeterType.COUNTER,
      "headers",
      List.of(),
      "Response headers of handlers that came after the welcome had to be sent, and were dropped."),
  ENDED(
      "holdfast.streams.ended",
      RegistryMeter.MeterType.COUNTER,
      "sessions",
      List.of("side", "kind"),
      "Sessions that ended, by how; kinds that begin with LOST are SESSION_LOST.");

  private final MeterSpec spec;

  StreamMeter(
      String meterName,
      RegistryMeter.MeterType meterType,
      String unit,
      List<String> tags,
      String description) {
    spec =
        new MeterSpec(
            meterName,
            meterType,
            unit,
            tags,
            description,
            meterType.equals(RegistryMeter.MeterType.GAUGE));
  }

  @Override
  public MeterSpec spec() {
    return spec;
  }
}
