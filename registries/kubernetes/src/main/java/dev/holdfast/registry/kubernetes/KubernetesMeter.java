package dev.holdfast.registry.kubernetes;

import dev.holdfast.core.DocumentedMeter;
import dev.holdfast.core.MeterSpec;
import dev.holdfast.core.RegistryMeter;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The meters of the requests to an API server; docs/meters.md is generated from them. */
public enum KubernetesMeter implements DocumentedMeter {
  LISTS(
      "holdfast.kubernetes.lists",
      RegistryMeter.MeterType.COUNTER,
      "lists",
      List.of("registry"),
      "Lists of EndpointSlices that were begun by watches; far fewer than watches when all is"
          + " well."),
  WATCHES(
      "holdfast.kubernetes.watches",
      RegistryMeter.MeterType.COUNTER,
      "watches",
      List.of("registry"),
      "Watches of EndpointSlices that were asked for; each lives for watch-timeout at most."),
  REQUEST_TIMEOUTS(
      "holdfast.kubernetes.request.timeouts",
      RegistryMeter.MeterType.COUNTER,
      "requests",
      List.of("registry"),
      "Requests that were given up because nothing came, each with its connection."),
  CREDENTIALS(
      "holdfast.kubernetes.credentials",
      RegistryMeter.MeterType.COUNTER,
      "reads",
      List.of("registry", "result"),
      "Checks of kubeconfig, tokens and certificates, by result: same, renewed, failed."),
  REFLECTOR_STATE(
      "holdfast.kubernetes.reflector.state",
      RegistryMeter.MeterType.GAUGE,
      "state",
      List.of("registry", "scope"),
      "State of what follows one service, or with /* all of a namespace: "
          + Stream.of(ReflectorState.values())
              .map(state -> state.code() + " " + state)
              .collect(Collectors.joining(", ", "", ".")));

  // Nothing in it changes, which the checker can't see.
  @SuppressWarnings("ImmutableEnumChecker")
  private final MeterSpec spec;

  KubernetesMeter(
      String meterName,
      RegistryMeter.MeterType meterType,
      String unit,
      List<String> tags,
      String description) {
    spec = new MeterSpec(meterName, meterType, unit, tags, description, false);
  }

  @Override
  public MeterSpec spec() {
    return spec;
  }
}
