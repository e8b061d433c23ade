package dev.holdfast.control.resources;

import dev.holdfast.core.DocumentedMeter;
import dev.holdfast.core.MeterSpec;
import dev.holdfast.core.RegistryMeter;
import java.util.List;

/** The meters of policies and resources; docs/meters.md is generated from them. */
public enum ResourceMeter implements DocumentedMeter {
  POLICIES_ACCEPTED(
      "holdfast.control.policies.accepted", "policies", "Policies that were taken into use."),
  POLICIES_REFUSED(
      "holdfast.control.policies.refused",
      "policies",
      "Times that the file of the policy made no sense or could not be read; the policy before it"
          + " goes on to count, and the log names the reason."),
  ENDPOINTS_UNSERVABLE(
      "holdfast.control.endpoints.unservable",
      "endpoints",
      "Endpoints that are known by the name of a host, and so can't be told to clients of xDS.");

  private final MeterSpec spec;

  ResourceMeter(String meterName, String unit, String description) {
    spec =
        new MeterSpec(
            meterName, RegistryMeter.MeterType.COUNTER, unit, List.of(), description, false);
  }

  @Override
  public MeterSpec spec() {
    return spec;
  }
}
