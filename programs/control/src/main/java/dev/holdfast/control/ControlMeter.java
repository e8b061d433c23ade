package dev.holdfast.control;

import dev.holdfast.core.DocumentedMeter;
import dev.holdfast.core.MeterSpec;
import dev.holdfast.core.RegistryMeter;
import java.util.List;

/** The meters of a control plane; docs/meters.md is generated from them. */
public enum ControlMeter implements DocumentedMeter {
  STREAMS(
      "holdfast.control.streams",
      RegistryMeter.MeterType.GAUGE,
      "streams",
      List.of("variant"),
      "Streams of clients that are open now, by variant: sotw, delta, load."),
  STREAMS_REFUSED(
      "holdfast.control.streams.refused",
      RegistryMeter.MeterType.COUNTER,
      "streams",
      List.of("reason"),
      "Streams that were refused or ended because a bound was reached: streams, request."),
  SERVICES(
      "holdfast.control.services",
      RegistryMeter.MeterType.GAUGE,
      "services",
      List.of("state"),
      "Services by state: served; pending, of which nothing is known yet; skipped, beyond the"
          + " bound."),
  SNAPSHOTS(
      "holdfast.control.snapshots",
      RegistryMeter.MeterType.COUNTER,
      "snapshots",
      List.of(),
      "Times that what clients are served has changed."),
  BUILDS_FAILED(
      "holdfast.control.builds.failed",
      RegistryMeter.MeterType.COUNTER,
      "services",
      List.of(),
      "Services whose resources could not be made; they keep those they had."),
  RESPONSES(
      "holdfast.control.responses",
      RegistryMeter.MeterType.COUNTER,
      "responses",
      List.of("type"),
      "Responses that were sent, by type: CDS, EDS, LDS, RDS."),
  ACKS(
      "holdfast.control.acks",
      RegistryMeter.MeterType.COUNTER,
      "answers",
      List.of("type", "verdict"),
      "What clients said of responses, by type and verdict: accepted, rejected."),
  UNKNOWN_TYPES(
      "holdfast.control.types.unknown",
      RegistryMeter.MeterType.COUNTER,
      "requests",
      List.of(),
      "Requests for a type of resource that is not served; they are not answered."),
  LOAD_REPORTS(
      "holdfast.control.load.reports",
      RegistryMeter.MeterType.COUNTER,
      "reports",
      List.of(),
      "Load reports that clients have sent.");

  private final MeterSpec spec;

  ControlMeter(
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
