package dev.holdfast.liveness;

import dev.holdfast.core.DocumentedMeter;
import dev.holdfast.core.MeterSpec;
import dev.holdfast.core.RegistryMeter;
import java.util.List;

/**
 * The meters of watched connections; docs/meters.md is generated from this enum.
 *
 * <p>Tags have few values: {@code role} is client or server, {@code code} one of {@link
 * dev.holdfast.core.CloseReason}.
 */
public enum LivenessMeter implements DocumentedMeter {
  CONNECTIONS(
      "holdfast.liveness.connections",
      RegistryMeter.Type.GAUGE,
      "connections",
      List.of("role", "state"),
      "Connections under watch, by state: OPENING, LIVE, PROBING, SUSPECT."),
  PROBES(
      "holdfast.liveness.probes",
      RegistryMeter.Type.COUNTER,
      "probes",
      List.of("role"),
      "PINGs sent to silent peers."),
  NUDGES(
      "holdfast.liveness.nudges",
      RegistryMeter.Type.COUNTER,
      "probes",
      List.of("role"),
      "Keepalive probes of the kernel that were asked for where a PING might be punished."),
  SUSPECTED(
      "holdfast.liveness.suspected",
      RegistryMeter.Type.COUNTER,
      "connections",
      List.of("role", "code"),
      "Times that a connection became suspect, by reason."),
  FORGIVEN(
      "holdfast.liveness.forgiven",
      RegistryMeter.Type.COUNTER,
      "connections",
      List.of("role"),
      "Times that a suspect proved itself: stock keepalive would have closed many of them."),
  CLOSED(
      "holdfast.liveness.closed",
      RegistryMeter.Type.COUNTER,
      "connections",
      List.of("role", "code"),
      "Connections that ended, by reason.");

  private final MeterSpec spec;

  LivenessMeter(
      String meterName,
      RegistryMeter.Type type,
      String unit,
      List<String> tags,
      String description) {
    spec = new MeterSpec(meterName, type, unit, tags, description, true);
  }

  @Override
  public MeterSpec spec() {
    return spec;
  }
}
