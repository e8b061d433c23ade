package dev.holdfast.cli.dashboards;

import static dev.holdfast.cli.dashboards.Panel.events;
import static dev.holdfast.cli.dashboards.Panel.rate;
import static dev.holdfast.cli.dashboards.Panel.state;
import static dev.holdfast.cli.dashboards.Panel.value;

import dev.holdfast.core.RegistryMeter;
import dev.holdfast.grpc.internal.meter.GrpcMeter;
import dev.holdfast.liveness.LivenessMeter;
import dev.holdfast.registry.kubernetes.KubernetesMeter;
import java.util.List;

/** The panels of channels, servers and registries. */
final class ServicePanels {
  private ServicePanels() {}

  static List<PanelRow> rows() {
    return List.of(endpoints(), registry(), registrations(), connections(), calls(), kubernetes());
  }

  private static PanelRow endpoints() {
    return PanelRow.of(
        "Endpoints",
        value(
            RegistryMeter.ENDPOINTS,
            "min",
            "Endpoints, as the process sees them that knows the fewest",
            "as many eligible ones as instances run."),
        state(RegistryMeter.ENDPOINTS_STATE, "Failure policy", "1 FOLLOWING."),
        value(
            RegistryMeter.ENDPOINTS_AGE,
            "Age of the list",
            "seconds; it grows while the registry is away."),
        events(
            RegistryMeter.ENDPOINTS_CHANGES,
            "Changed lists",
            "a few for each instance that starts or stops."),
        events(RegistryMeter.ENDPOINTS_HELD, "Lists held back", "none."),
        events(RegistryMeter.ENDPOINTS_READS, "Confirming reads", "none with the result failed."));
  }

  private static PanelRow registry() {
    return PanelRow.of(
        "Registry",
        value(RegistryMeter.WATCHES, "Open watches", "constant while services stay the same."),
        events(RegistryMeter.WATCH_FAILURES, "Failures of watches", "none."),
        events(
            RegistryMeter.WATCH_RESTARTS,
            "Restarted watches",
            "none, apart from restarts of the registry."),
        events(RegistryMeter.LISTS_READ_AGAIN, "Scheduled lists", "evenly spread, one per period."),
        events(RegistryMeter.REQUESTS_FAILED, "Failed requests", "none."),
        events(RegistryMeter.RECORDS_MALFORMED, "Malformed records", "none."),
        value(RegistryMeter.LEASE_STATE, "Lease", "1 where the process has records, else 0."),
        events(RegistryMeter.SNAPSHOT_FILE_FAILURES, "Failures of snapshot files", "none."));
  }

  private static PanelRow registrations() {
    return PanelRow.of(
        "Registrations",
        state(RegistryMeter.REGISTRATION_STATE, "Registrations", "1 VISIBLE."),
        events(RegistryMeter.REGISTRATION_ATTEMPTS, "Attempts", "one for each start."),
        events(
            RegistryMeter.REGISTRATION_RESTORED,
            "Restored records",
            "none, apart from failures of the registry."),
        events(RegistryMeter.REGISTRATION_ENDED, "Failed or lost announcements", "none."));
  }

  private static PanelRow connections() {
    return PanelRow.of(
        "Connections",
        value(
            LivenessMeter.CONNECTIONS,
            "Connections",
            "nearly all LIVE, none SUSPECT for longer than seconds."),
        rate(LivenessMeter.PROBES, "PINGs", "few where calls flow: only silent peers get one."),
        rate(
            LivenessMeter.TCP_KEEPALIVE_PROBES,
            "Keepalive probes of the kernel",
            "few, as with PINGs."),
        events(LivenessMeter.SUSPECTED, "Suspected connections", "none on a good network."),
        events(
            LivenessMeter.RECOVERED,
            "Recovered connections",
            "as many as were suspected, where stalls are short."),
        events(
            LivenessMeter.CLOSED,
            "Closed connections",
            "HF-410 to HF-414: closed in order. HF-405 to HF-409 are failures."));
  }

  private static PanelRow calls() {
    return PanelRow.of(
        "Calls",
        events(GrpcMeter.CALLS_RETRIED, "Retried calls", "none while no instance fails."),
        events(GrpcMeter.RETRIES, "Retries", "as many as retried calls."),
        events(GrpcMeter.RETRIES_REFUSED, "Retries not made", "none with the reason budget."),
        events(
            GrpcMeter.RESOLVER_LISTS,
            "Lists for channels",
            "as many as lists changed, by channel."),
        events(GrpcMeter.RESOLVER_ERRORS, "Channels without a list", "none."),
        events(GrpcMeter.REPLACEMENTS, "Replaced connections", "none on a good network."),
        events(
            GrpcMeter.LIVENESS_CHECKS,
            "Connections that were checked before a call",
            "few where calls flow."),
        state(GrpcMeter.SERVER_STATE, "Servers", "1 SERVING."),
        events(GrpcMeter.SERVER_CALLS_CANCELLED, "Calls cut by a drain", "none."));
  }

  private static PanelRow kubernetes() {
    return PanelRow.of(
        "Kubernetes",
        state(KubernetesMeter.REFLECTOR_STATE, "Reflectors", "2 WATCHING."),
        events(KubernetesMeter.LISTS, "Lists of slices", "far fewer than watches."),
        events(KubernetesMeter.WATCHES, "Watches of slices", "one per minute and scope."),
        events(KubernetesMeter.REQUEST_TIMEOUTS, "Requests without an answer", "none."),
        events(
            KubernetesMeter.CREDENTIALS, "Checks of credentials", "none with the result failed."));
  }
}
