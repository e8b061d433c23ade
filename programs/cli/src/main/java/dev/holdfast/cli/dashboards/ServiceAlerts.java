package dev.holdfast.cli.dashboards;

import static dev.holdfast.cli.dashboards.MeterQuery.happened;
import static dev.holdfast.cli.dashboards.MeterQuery.series;

import dev.holdfast.cli.dashboards.Alert.AlertText;
import dev.holdfast.core.EndpointListState;
import dev.holdfast.core.RegistrationState;
import dev.holdfast.core.RegistryMeter;
import dev.holdfast.grpc.internal.meter.GrpcMeter;
import dev.holdfast.liveness.LivenessMeter;
import dev.holdfast.registry.kubernetes.KubernetesMeter;
import java.util.List;

/** The alerts of channels, servers and registries. */
final class ServiceAlerts {
  private ServiceAlerts() {}

  static List<Alert> all() {
    return List.of(
        listStale(),
        listHeld(),
        noEligibleEndpoint(),
        channelWithoutList(),
        recordsMalformed(),
        snapshotFileFails(),
        registrationConflict(),
        notRegistered(),
        connectionsSuspect(),
        connectionsFail(),
        retryBudgetSpent(),
        callsCutByDrain(),
        kubernetesCredentialsFail());
  }

  private static Alert listStale() {
    return Alert.warning(
        "HoldfastEndpointListStale",
        "2m",
        series(RegistryMeter.ENDPOINTS_STATE, "", "") + " == " + EndpointListState.STALE.code(),
        new AlertText(
            "{{ $labels.instance }} can't follow {{ $labels.service }} in {{ $labels.registry }}",
            "Calls go to the last good list, so new instances get none. Check whether the registry"
                + " answers, and the log for event=endpoints_state.",
            "docs/grpc.md#what-the-list-does"));
  }

  private static Alert listHeld() {
    return Alert.warning(
        "HoldfastEndpointListHeld",
        "0m",
        series(RegistryMeter.ENDPOINTS_STATE, "", "")
            + " >= "
            + EndpointListState.CONFIRMING.code(),
        new AlertText(
            "{{ $labels.registry }} lists far fewer endpoints of {{ $labels.service }} than before",
            "{{ $labels.instance }} uses the last good list until the loss is confirmed. If the"
                + " instances still run, the registry has lost records or was wiped.",
            "docs/grpc.md#what-the-list-does"));
  }

  private static Alert noEligibleEndpoint() {
    String endpoints = series(RegistryMeter.ENDPOINTS, "", "state=\"eligible\"");
    return Alert.critical(
        "HoldfastNoEligibleEndpoint",
        "1m",
        "max by (registry, service) (" + endpoints + ") == 0",
        new AlertText(
            "No endpoint of {{ $labels.service }} takes calls",
            "No instance is announced, or all are draining or not ready. Check that instances run"
                + " and that their registration is VISIBLE.",
            "docs/close-reasons.md#hf-202-no_endpoints"));
  }

  private static Alert channelWithoutList() {
    return Alert.critical(
        "HoldfastChannelWithoutList",
        "0m",
        happened(GrpcMeter.RESOLVER_ERRORS, "", "5m"),
        new AlertText(
            "A channel of {{ $labels.instance }} has no list of {{ $labels.service }}",
            "The registry sent no list since the channel began, and none is stored: calls fail with"
                + " HF-201. Check the address and the credentials of the registry.",
            "docs/close-reasons.md#hf-201-no_endpoints_yet"));
  }

  private static Alert recordsMalformed() {
    return Alert.warning(
        "HoldfastRecordsMalformed",
        "0m",
        happened(RegistryMeter.RECORDS_MALFORMED, "", "10m"),
        new AlertText(
            "{{ $labels.registry }} has records that can't be read",
            "The records are left out, so their instances get no calls. The log of"
                + " {{ $labels.instance }} names each of them.",
            "docs/file.md#files-in-a-directory"));
  }

  private static Alert snapshotFileFails() {
    return Alert.warning(
        "HoldfastSnapshotFileFails",
        "0m",
        happened(RegistryMeter.SNAPSHOT_FILE_FAILURES, "", "10m"),
        new AlertText(
            "{{ $labels.instance }} can't {{ $labels.operation }} its snapshots",
            "A restart while the registry is away would have no endpoints. Check the folder that"
                + " HOLDFAST_SNAPSHOT_DIR names: space, owner, mode.",
            "docs/grpc.md#starting-while-the-registry-is-away"));
  }

  private static Alert registrationConflict() {
    return Alert.critical(
        "HoldfastRegistrationConflict",
        "1m",
        series(RegistryMeter.REGISTRATION_STATE, "", "")
            + " == "
            + RegistrationState.CONFLICT.code(),
        new AlertText(
            "Two processes announce {{ $labels.address }} for {{ $labels.service }}",
            "{{ $labels.instance }} is the older one and gets no calls. Give each host"
                + " or container an address of its own.",
            "docs/close-reasons.md#hf-301-registration_conflict"));
  }

  private static Alert notRegistered() {
    String state = series(RegistryMeter.REGISTRATION_STATE, "", "");
    return Alert.critical(
        "HoldfastNotRegistered",
        "2m",
        "%s == %d or %s == %d or %s == %d"
            .formatted(
                state, RegistrationState.ANNOUNCING.code(),
                state, RegistrationState.WAITING.code(),
                state, RegistrationState.FAILED.code()),
        new AlertText(
            "{{ $labels.address }} is not announced for {{ $labels.service }}",
            "{{ $labels.instance }} tries again, unless its state is FAILED. Check whether the"
                + " registry answers and may be written to.",
            "docs/close-reasons.md#hf-302-registration_unsupported"));
  }

  private static Alert connectionsSuspect() {
    return Alert.warning(
        "HoldfastConnectionsSuspect",
        "2m",
        "sum by (job, instance, role) ("
            + series(LivenessMeter.CONNECTIONS, "", "state=\"SUSPECT\"")
            + ") > 0",
        new AlertText(
            "{{ $labels.instance }} has connections whose peers are silent",
            "Calls already use other connections. A peer that stays silent is stopped, or the path"
                + " lost the connection.",
            "docs/close-reasons.md#hf-405-peer_silent"));
  }

  private static Alert connectionsFail() {
    return Alert.warning(
        "HoldfastConnectionsFail",
        "5m",
        "sum by (job, role, code) (rate("
            + series(LivenessMeter.CLOSED, "", "code=~\"HF-40[1-9]|HF-415\"")
            + "[5m])) > 0.1",
        new AlertText(
            "Connections of {{ $labels.job }} end with {{ $labels.code }}, {{ $value }} per second",
            "Connections do not end in order but by a failure of the peer or the path. The page has"
                + " the cause of each code and what to do.",
            "docs/close-reasons.md"));
  }

  private static Alert retryBudgetSpent() {
    return Alert.warning(
        "HoldfastRetryBudgetSpent",
        "0m",
        happened(GrpcMeter.RETRIES_REFUSED, "reason=\"budget\"", "5m"),
        new AlertText(
            "Calls of {{ $labels.service }} are no longer retried: the budget is spent",
            "So many calls fail that retries would add to the load. Find out which instances fail.",
            "docs/grpc.md#what-is-called-again"));
  }

  private static Alert callsCutByDrain() {
    return Alert.warning(
        "HoldfastCallsCutByDrain",
        "0m",
        happened(GrpcMeter.SERVER_CALLS_CANCELLED, "", "10m"),
        new AlertText(
            "{{ $labels.instance }} cut calls when it stopped",
            "The calls took longer than the grace time of the drain. Raise it, or let streams end"
                + " when they are notified.",
            "docs/grpc.md#streams-that-end-in-an-orderly-way"));
  }

  private static Alert kubernetesCredentialsFail() {
    return Alert.warning(
        "HoldfastKubernetesCredentialsFail",
        "0m",
        happened(KubernetesMeter.CREDENTIALS, "result=\"failed\"", "10m"),
        new AlertText(
            "{{ $labels.instance }} can't read its credentials for {{ $labels.registry }}",
            "Requests use the last ones until the API server refuses them. Check the kubeconfig,"
                + " the token and the certificates.",
            "docs/kubernetes.md#credentials"));
  }
}
