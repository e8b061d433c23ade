package dev.holdfast.control;

import dev.holdfast.core.DocumentedMeter;
import dev.holdfast.core.MeterSpec;
import dev.holdfast.core.RegistryMeter;
import java.util.List;

/** The meters of a control plane; docs/meters.md is generated from them. */
public enum ControlMeter implements DocumentedMeter {
  STREAMS(
      "holdfast.control.streams",
      RegistryMeter.Type.GAUGE,
      "streams",
      List.of("variant"),
      "Streams of clients that are open now, by variant: sotw, delta, load."),
  STREAMS_REFUSED(
      "holdfast.control.streams.refused",
      RegistryMeter.Type.COUNTER,
      "streams",
      List.of("reason"),
      "Streams that were refused or ended because a bound was reached: streams, request."),
  SERVICES(
      "holdfast.control.services",
      RegistryMeter.Type.GAUGE,
      "services",
      List.of("state"),
      "Services by state: served; pending, of which nothing is known yet; skipped, beyond the"
          + " bound."),
  SNAPSHOTS(
      "holdfast.control.snapshots",
      RegistryMeter.Type.COUNTER,
      "snapshots",
      List.of(),
      "Times that what clients are served has changed."),
  BUILDS_FAILED(
      "holdfast.control.builds.failed",
      RegistryMeter.Type.COUNTER,
      "services",
      List.of(),
      "Services whose resources could not be made; they keep those they had."),
  RESPONSES(
      "holdfast.control.responses",
      RegistryMeter.Type.COUNTER,
      "responses",
      List.of("type"),
      "Responses that were sent, by type: CDS, EDS, LDS, RDS."),
  ANSWERS(
      "holdfast.control.answers",
      RegistryMeter.Type.COUNTER,
      "answers",
      List.of("type", "verdict"),
      "What clients said of responses, by type and verdict: accepted, rejected."),
  UNKNOWN_TYPES(
      "holdfast.control.types.unknown",
      RegistryMeter.Type.COUNTER,
      "requests",
      List.of(),
      "Requests for a type of resource that is not served; they are not answered."),
  LOAD_REPORTS(
      "holdfast.control.load.reports",
      RegistryMeter.Type.COUNTER,
      "reports",
      List.of(),
      "Load reports that clients have sent.");

  private final MeterSpec spec;

  ControlMeter(
      String meterName,
      RegistryMeter.Type type,
      String unit,
      List<String> tags,
      String description) {
    spec =
        new MeterSpec(
            meterName, type, unit, tags, description, type.equals(RegistryMeter.Type.GAUGE));
  }

  @Override
  public MeterSpec spec() {
    return spec;
  }
}
