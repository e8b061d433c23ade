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
      RegistryMeter.MeterType.GAUGE,
      "connections",
      List.of("role", "state"),
      "Connections under watch, by state: OPENING, LIVE, PROBING, SUSPECT."),
  PROBES(
      "holdfast.liveness.probes",
      RegistryMeter.MeterType.COUNTER,
      "probes",
      List.of("role"),
      "PINGs sent to silent peers."),
  TCP_KEEPALIVE_PROBES(
      "holdfast.liveness.tcp.keepalive.probes",
      RegistryMeter.MeterType.COUNTER,
      "probes",
      List.of("role"),
      "Keepalive probes of the kernel that were asked for where a PING might be punished."),
  SUSPECTED(
      "holdfast.liveness.suspected",
      RegistryMeter.MeterType.COUNTER,
      "connections",
      List.of("role", "code"),
      "Times that a connection became suspect, by reason."),
  RECOVERED(
      "holdfast.liveness.recovered",
      RegistryMeter.MeterType.COUNTER,
      "connections",
      List.of("role"),
      "Times that a suspect proved itself: stock keepalive would have closed many of them."),
  CLOSED(
      "holdfast.liveness.closed",
      RegistryMeter.MeterType.COUNTER,
      "connections",
      List.of("role", "code"),
      "Connections that ended, by reason.");

  private final MeterSpec spec;

  LivenessMeter(
      String meterName,
      RegistryMeter.MeterType meterType,
      String unit,
      List<String> tags,
      String description) {
    spec = new MeterSpec(meterName, meterType, unit, tags, description, true);
  }

  @Override
  public MeterSpec spec() {
    return spec;
  }
}
