package dev.holdfast.gateway.limits;

import dev.holdfast.core.DocumentedMeter;
import dev.holdfast.core.MeterSpec;
import dev.holdfast.core.RegistryMeter;
import java.util.List;

/** Every meter of the gateway about limits and its own answers; docs/meters.md is made from it. */
public enum GatewayMeter implements DocumentedMeter {
  LIMITED(
      "holdfast.gateway.limited",
      "events",
      List.of("limit"),
      "Times that a limit of the gateway was met, by limit."),
  ANSWERED(
      "holdfast.gateway.answered",
      "requests",
      List.of("status"),
      "Requests that the gateway answered itself, by gRPC status."),
  RETRIED("holdfast.gateway.retried", "attempts", List.of(), "Attempts that followed another."),
  EJECTED(
      "holdfast.gateway.ejected",
      "ejections",
      List.of("cluster", "reason"),
      "Times that an endpoint was left out because it failed, by its last fault.");

  private final MeterSpec spec;

  GatewayMeter(String meterName, String unit, List<String> tags, String description) {
    spec = new MeterSpec(meterName, RegistryMeter.Type.COUNTER, unit, tags, description, true);
  }

  @Override
  public MeterSpec spec() {
    return spec;
  }
}
