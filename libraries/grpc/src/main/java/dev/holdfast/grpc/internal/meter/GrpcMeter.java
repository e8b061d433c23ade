package dev.holdfast.grpc.internal.meter;

import dev.holdfast.core.DocumentedMeter;
import dev.holdfast.core.MeterSpec;
import dev.holdfast.core.RegistryMeter;
import java.util.List;

/**
 * The meters of channels and servers; docs/meters.md is generated from this enum.
 *
 * <p>Tags have few values: {@code service} is the path of the service that a channel calls, as in
 * its target.
 */
public enum GrpcMeter implements DocumentedMeter {
  CALLS_RETRIED(
      "holdfast.grpc.calls.retried",
      RegistryMeter.MeterType.COUNTER,
      "calls",
      List.of("service"),
      "Calls of idempotent methods that were sent again at least once after their connection"
          + " died."),
  RETRIES(
      "holdfast.grpc.retries",
      RegistryMeter.MeterType.COUNTER,
      "attempts",
      List.of("service"),
      "Further attempts of calls of idempotent methods."),
  RETRIES_REFUSED(
      "holdfast.grpc.retries.refused",
      RegistryMeter.MeterType.COUNTER,
      "calls",
      List.of("service", "reason"),
      "Calls that could have been sent again but were not, by reason: attempts, budget, deadline,"
          + " pushback."),
  RESOLVER_LISTS(
      "holdfast.grpc.resolver.lists",
      RegistryMeter.MeterType.COUNTER,
      "lists",
      List.of("service"),
      "Lists of endpoints that were given to channels."),
  RESOLVER_ERRORS(
      "holdfast.grpc.resolver.errors",
      RegistryMeter.MeterType.COUNTER,
      "errors",
      List.of("service"),
      "Times that a channel was told that no list is known yet."),
  REPLACEMENTS(
      "holdfast.grpc.replacements",
      RegistryMeter.MeterType.COUNTER,
      "races",
      List.of("service", "outcome"),
      "Races of a new connection against a suspect one, by outcome: took_over (the new one was"
          + " ready first), not_needed (the old one spoke first), adopted (the old one ended"
          + " first), refused, unreachable."),
  LIVENESS_CHECKS(
      "holdfast.grpc.liveness.checks",
      RegistryMeter.MeterType.COUNTER,
      "connections",
      List.of("service"),
      "Connections that were quiet for so long that they had to prove themselves before a call."),
  SERVER_STATE(
      "holdfast.grpc.server.state",
      RegistryMeter.MeterType.GAUGE,
      "state",
      List.of("port"),
      "State of a server: 0 NEW, 1 SERVING, 2 WITHDRAWING, 3 SPREADING, 4 FINISHING, 5"
          + " TERMINATED."),
  SERVER_CALLS_CANCELLED(
      "holdfast.grpc.server.calls.cancelled",
      RegistryMeter.MeterType.COUNTER,
      "calls",
      List.of("port"),
      "Calls that were still open when the grace time of a stopping server ended.");

  private final MeterSpec spec;

  GrpcMeter(
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
