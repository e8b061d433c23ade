package dev.holdfast.cli.dashboards;

import static dev.holdfast.cli.dashboards.MeterQuery.happened;
import static dev.holdfast.cli.dashboards.MeterQuery.series;

import dev.holdfast.cli.dashboards.Alert.AlertText;
import dev.holdfast.control.ControlMeter;
import dev.holdfast.control.resources.ResourceMeter;
import java.util.List;

/** The alerts of control planes. */
final class ControlAlerts {
  private ControlAlerts() {}

  static List<Alert> all() {
    return List.of(
        resourcesRejected(),
        policyRefused(),
        servicesPending(),
        servicesSkipped(),
        buildFails(),
        endpointsUnservable(),
        streamsRefused());
  }

  private static Alert resourcesRejected() {
    return Alert.warning(
        "HoldfastControlResourcesRejected",
        "0m",
        happened(ControlMeter.ACKS, "verdict=\"rejected\"", "10m"),
        new AlertText(
            "A client rejects resources of type {{ $labels.type }}",
            "The client uses what it had before. holdfast control status shows its reason.",
            "docs/xds.md#faults"));
  }

  private static Alert policyRefused() {
    return Alert.warning(
        "HoldfastControlPolicyRefused",
        "0m",
        happened(ResourceMeter.POLICIES_REFUSED, "", "10m"),
        new AlertText(
            "{{ $labels.instance }} refused the policy file",
            "The previous policy stays in use. The log names each mistake with its line.",
            "docs/xds-clients.md#policy"));
  }

  private static Alert servicesPending() {
    return Alert.warning(
        "HoldfastControlServicesPending",
        "2m",
        series(ControlMeter.SERVICES, "", "state=\"pending\"") + " > 0",
        new AlertText(
            "{{ $labels.instance }} knows nothing yet of {{ $value }} services",
            "Clients of these services, and clients of all, wait. Check whether the registry"
                + " answers.",
            "docs/xds.md#served-resources"));
  }

  private static Alert servicesSkipped() {
    return Alert.critical(
        "HoldfastControlServicesSkipped",
        "0m",
        series(ControlMeter.SERVICES, "", "state=\"skipped\"") + " > 0",
        new AlertText(
            "{{ $labels.instance }} leaves out {{ $value }} services",
            "The registry has more services than the limit. Use several namespaces.",
            "docs/xds.md#limits"));
  }

  private static Alert buildFails() {
    return Alert.critical(
        "HoldfastControlBuildFails",
        "0m",
        happened(ControlMeter.BUILDS_FAILED, "", "10m"),
        new AlertText(
            "{{ $labels.instance }} can't build the resources of a service",
            "The service keeps the resources that it had. The log has the reason.",
            "docs/xds.md#faults"));
  }

  private static Alert endpointsUnservable() {
    return Alert.warning(
        "HoldfastControlEndpointsUnservable",
        "0m",
        happened(ResourceMeter.ENDPOINTS_UNSERVABLE, "", "10m"),
        new AlertText(
            "{{ $labels.instance }} leaves out endpoints that are known by a host name",
            "Clients of xDS need IP addresses. Register the instances with addresses.",
            "docs/xds-clients.md#generated-resources"));
  }

  private static Alert streamsRefused() {
    return Alert.warning(
        "HoldfastControlStreamsRefused",
        "0m",
        happened(ControlMeter.STREAMS_REFUSED, "", "10m"),
        new AlertText(
            "{{ $labels.instance }} refused clients: limit {{ $labels.reason }}",
            "Run further control planes, or let clients ask for fewer names.",
            "docs/xds.md#limits"));
  }
}
