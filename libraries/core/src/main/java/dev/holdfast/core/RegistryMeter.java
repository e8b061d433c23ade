package dev.holdfast.core;

import java.util.List;
import java.util.function.ToIntFunction;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The meters of registries, endpoint lists and registrations; docs/meters.md is generated from this
 * enum.
 *
 * <p>Tags have few values: {@code registry} is {@link Registry#describe()}, so that two registries
 * stay apart (the registries of files and DNS, which have no gauge, count under their scheme);
 * {@code service} is a service that this process follows or announces. Gauges of the same tags in
 * one process show the highest of their values, those that count something the sum.
 */
public enum RegistryMeter implements DocumentedMeter {
  ENDPOINTS(
      "holdfast.endpoints",
      MeterType.GAUGE,
      "endpoints",
      List.of("registry", "service", "state"),
      "Endpoints in the list in use, by state: eligible, unready, draining."),
  ENDPOINTS_AGE(
      "holdfast.endpoints.age",
      MeterType.GAUGE,
      "seconds",
      List.of("registry", "service"),
      "Time since the registry last said that the list in use is right."),
  ENDPOINTS_STATE(
      "holdfast.endpoints.state",
      MeterType.GAUGE,
      "state",
      List.of("registry", "service"),
      "State of the failure policy: " + codes(EndpointListState.values(), EndpointListState::code)),
  ENDPOINTS_CHANGES(
      "holdfast.endpoints.changes",
      MeterType.COUNTER,
      "changes",
      List.of("registry", "service"),
      "Lists that differed from the one before and were given to consumers."),
  ENDPOINTS_HELD(
      "holdfast.endpoints.held",
      MeterType.COUNTER,
      "lists",
      List.of("registry", "service", "state"),
      "Lists that were not believed at once, by the state they led to: CONFIRMING, EMPTYING,"
          + " WIPED."),
  ENDPOINTS_READS(
      "holdfast.endpoints.reads",
      MeterType.COUNTER,
      "reads",
      List.of("registry", "service", "result"),
      "Reads that were made to confirm a list, by result: ok, failed."),
  WATCH_FAILURES(
      "holdfast.watch.failures",
      MeterType.COUNTER,
      "failures",
      List.of("registry", "kind"),
      "Failures reported by watches, by kind."),
  WATCH_RESTARTS(
      "holdfast.watch.restarts",
      MeterType.COUNTER,
      "restarts",
      List.of("registry"),
      "Watches that were begun again, by registries."),
  LISTS_READ_AGAIN(
      "holdfast.watch.relists",
      MeterType.COUNTER,
      "lists",
      List.of("registry"),
      "Lists that were read again beside a watch that works, by schedule (etcd)."),
  WATCHES(
      "holdfast.watches",
      MeterType.GAUGE,
      "watches",
      List.of("registry"),
      "Raw watches that are open now.",
      true),
  RECORDS_MALFORMED(
      "holdfast.records.malformed",
      MeterType.COUNTER,
      "records",
      List.of("registry"),
      "Records that were left out because they could not be read."),
  REQUESTS_FAILED(
      "holdfast.registry.requests.failed",
      MeterType.COUNTER,
      "requests",
      List.of("registry", "kind"),
      "Requests to a registry that failed, by kind."),
  REGISTRATION_STATE(
      "holdfast.registration.state",
      MeterType.GAUGE,
      "state",
      List.of("registry", "service", "address"),
      "State of a registration, the highest of several at one address: "
          + codes(RegistrationState.values(), RegistrationState::code)),
  REGISTRATION_ATTEMPTS(
      "holdfast.registration.attempts",
      MeterType.COUNTER,
      "attempts",
      List.of("registry", "service"),
      "Attempts to announce an instance."),
  REGISTRATION_RESTORED(
      "holdfast.registration.restored",
      MeterType.COUNTER,
      "registrations",
      List.of("registry", "service"),
      "Times that an instance became visible again after its record was lost."),
  REGISTRATION_ENDED(
      "holdfast.registration.ended",
      MeterType.COUNTER,
      "announcements",
      List.of("registry", "service", "kind"),
      "Announcements that failed or lost their record, by kind."),
  LEASE_STATE(
      "holdfast.lease.state",
      MeterType.GAUGE,
      "state",
      List.of("registry"),
      "State of the lease that this process shares among its records: 0 none, 1 held, 2 lost."),
  SNAPSHOT_FILE_FAILURES(
      "holdfast.snapshot.file.failures",
      MeterType.COUNTER,
      "failures",
      List.of("operation"),
      "Lists on disk that could not be used, by operation: read, write.");

  /** The type of a meter. */
  public enum MeterType {
    /** A total that only grows. */
    COUNTER,
    /** The current value of a quantity. */
    GAUGE,
    /** The distribution of recorded values. */
    HISTOGRAM
  }

  // Nothing in it changes, which the checker can't see.
  @SuppressWarnings("ImmutableEnumChecker")
  private final MeterSpec spec;

  RegistryMeter(
      String meterName, MeterType meterType, String unit, List<String> tags, String description) {
    this(meterName, meterType, unit, tags, description, false);
  }

  RegistryMeter(
      String meterName,
      MeterType meterType,
      String unit,
      List<String> tags,
      String description,
      boolean addsUp) {
    spec = new MeterSpec(meterName, meterType, unit, tags, description, addsUp);
  }

  @Override
  public MeterSpec spec() {
    return spec;
  }

  private static <E> String codes(E[] states, ToIntFunction<E> code) {
    return Stream.of(states)
        .map(state -> code.applyAsInt(state) + " " + state)
        .collect(Collectors.joining(", ", "", "."));
  }
}
