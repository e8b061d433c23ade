package dev.holdfast.cli.dashboards;

import static dev.holdfast.cli.dashboards.MeterQuery.happened;
import static dev.holdfast.cli.dashboards.MeterQuery.series;

import dev.holdfast.cli.dashboards.Alert.AlertText;
import dev.holdfast.core.DocumentedMeter;
import dev.holdfast.gateway.limits.GatewayMeter;
import java.util.List;

/** The alerts of gateways. */
final class GatewayAlerts {
  /** Statuses that a client can't cause by what it asks. */
  private static final String FAILURES =
      "grpc_status=~\"UNAVAILABLE|INTERNAL|UNKNOWN|DATA_LOSS|DEADLINE_EXCEEDED\"";

  private static final int DAY_SECONDS = 86_400;
  private static final int RENEWAL_DAYS = 14;

  private GatewayAlerts() {}

  static List<Alert> all() {
    return List.of(
        callsFail(),
        clusterUnreachable(),
        endpointsEjected(),
        endpointsUnhealthy(),
        limitMet(),
        certificateExpires(),
        certificateExpired(),
        fileRefused(GatewayMeter.TLS_FILES, "HoldfastGatewayCertificateRefused", "a certificate"),
        fileRefused(GatewayMeter.SCHEMA_FILES, "HoldfastGatewayDescriptorsRefused", "descriptors"),
        handshakesFail(),
        proxyHeadersRefused(),
        accessLogLosesLines(),
        streamsEvicted(),
        fault());
  }

  private static Alert callsFail() {
    DocumentedMeter calls = GatewayMeter.ROUTE_DURATION;
    return Alert.critical(
        "HoldfastGatewayCallsFail",
        "5m",
        "sum by (job, route, cluster) (rate(%s[5m])) / sum by (job, route, cluster) (rate(%s[5m]))"
                .formatted(series(calls, "_count", FAILURES), series(calls, "_count", ""))
            + " > 0.05",
        new AlertText(
            "{{ $value | humanizePercentage }} of the calls of route {{ $labels.route }} fail",
            "Compare the durations and statuses of attempts in the dashboard: they say whether the"
                + " endpoints of {{ $labels.cluster }} fail. The access log has the reason of each"
                + " call.",
            "docs/gateway/operating.md#access-log"));
  }

  private static Alert clusterUnreachable() {
    return Alert.critical(
        "HoldfastGatewayClusterUnreachable",
        "1m",
        "sum by (job, instance, grpc_target) (rate(%s[5m])) > 0 unless"
                .formatted(series(GatewayMeter.SUBCHANNEL_FAILED, "", ""))
            + " sum by (job, instance, grpc_target) (%s) > 0"
                .formatted(series(GatewayMeter.SUBCHANNEL_OPEN, "", "")),
        new AlertText(
            "{{ $labels.instance }} has no connection to cluster {{ $labels.grpc_target }}",
            "Every attempt to connect failed. The admin page names the reason for each endpoint.",
            "docs/gateway/operating.md#endpoint-states"));
  }

  private static Alert endpointsEjected() {
    return Alert.warning(
        "HoldfastGatewayEndpointEjected",
        "0m",
        happened(GatewayMeter.EJECTED, "", "5m"),
        new AlertText(
            "An endpoint of {{ $labels.cluster }} was left out: {{ $labels.reason }}",
            "The endpoint failed several times in a row and gets no calls for a while. The admin"
                + " page names it.",
            "docs/gateway/routing.md#outlier-detection"));
  }

  private static Alert endpointsUnhealthy() {
    return Alert.warning(
        "HoldfastGatewayEndpointsUnhealthy",
        "2m",
        "max by (job, cluster) (" + series(GatewayMeter.UNHEALTHY, "", "") + ") > 0",
        new AlertText(
            "{{ $value }} endpoints of {{ $labels.cluster }} fail their health checks",
            "The endpoints get no calls. The admin page names them, with the answer of the check.",
            "docs/gateway/routing.md#health-checks"));
  }

  private static Alert limitMet() {
    return Alert.warning(
        "HoldfastGatewayLimitMet",
        "0m",
        happened(GatewayMeter.LIMITED, "", "5m"),
        new AlertText(
            "{{ $labels.instance }} met the limit {{ $labels.limit }}",
            "Clients ask for more than the limit allows, or attack. The page has each limit and"
                + " what happens there.",
            "docs/gateway/limits.md#attacks-and-failures"));
  }

  private static Alert certificateExpires() {
    return Alert.warning(
        "HoldfastGatewayCertificateExpires",
        "1h",
        series(GatewayMeter.TLS_EXPIRES, "", "") + " < " + RENEWAL_DAYS * DAY_SECONDS,
        new AlertText(
            "{{ $labels.certificate }} expires in {{ $value | humanizeDuration }}",
            "Replace the file; {{ $labels.instance }} uses the new one within a second.",
            "docs/gateway/tls-and-l4.md#certificate-files"));
  }

  private static Alert certificateExpired() {
    return Alert.critical(
        "HoldfastGatewayCertificateExpiresToday",
        "0m",
        series(GatewayMeter.TLS_EXPIRES, "", "") + " < " + DAY_SECONDS,
        new AlertText(
            "{{ $labels.certificate }} expires within a day, or has expired",
            "Clients refuse an expired certificate. Replace the file.",
            "docs/gateway/tls-and-l4.md#certificate-files"));
  }

  private static Alert fileRefused(DocumentedMeter meter, String name, String content) {
    return Alert.warning(
        name,
        "0m",
        happened(meter, "result=\"refused\"", "10m"),
        new AlertText(
            "{{ $labels.instance }} refused a file with " + content,
            "The last good file stays in use. The log has the reason.",
            meter == GatewayMeter.TLS_FILES
                ? "docs/gateway/tls-and-l4.md#certificate-files"
                : "docs/gateway/json.md#services-without-reflection"));
  }

  private static Alert handshakesFail() {
    return Alert.warning(
        "HoldfastGatewayHandshakesFail",
        "5m",
        "rate(" + series(GatewayMeter.TLS_REFUSED, "", "") + "[5m]) > 0.1",
        new AlertText(
            "TLS handshakes with {{ $labels.instance }} fail, {{ $value }} per second",
            "Clients do not trust the certificate, have none that is trusted, or speak no TLS. The"
                + " log has the reasons.",
            "docs/gateway/tls-and-l4.md#clients"));
  }

  private static Alert proxyHeadersRefused() {
    return Alert.warning(
        "HoldfastGatewayProxyHeadersRefused",
        "5m",
        "sum by (job, instance, reason) (rate("
            + series(GatewayMeter.PROXY_REFUSED, "", "")
            + "[5m])) > 0.1",
        new AlertText(
            "{{ $labels.instance }} turns connections away: PROXY header {{ $labels.reason }}",
            "The load balancer does not send the header, or is not among the trusted addresses.",
            "docs/gateway/tls-and-l4.md#behind-a-load-balancer-the-proxy-protocol"));
  }

  private static Alert accessLogLosesLines() {
    return Alert.warning(
        "HoldfastGatewayAccessLogLosesLines",
        "0m",
        happened(GatewayMeter.LOG_LOST, "", "5m"),
        new AlertText(
            "{{ $labels.instance }} loses lines of its access log: {{ $labels.reason }}",
            "Calls go on. Check the space and the speed of the disk.",
            "docs/gateway/operating.md#access-log"));
  }

  private static Alert streamsEvicted() {
    return Alert.warning(
        "HoldfastGatewayStreamsEvicted",
        "0m",
        happened(GatewayMeter.RESUME_ENDED, "reason=\"evicted\"", "10m"),
        new AlertText(
            "{{ $labels.instance }} gave up streams whose readers may come back",
            "The route keeps more streams or bytes than its limit. Raise resume.sessions or"
                + " resume.total-bytes.",
            "docs/gateway/resume.md#what-is-kept-and-for-how-long"));
  }

  private static Alert fault() {
    return Alert.critical(
        "HoldfastGatewayFault",
        "0m",
        happened(GatewayMeter.CONNECTION_FAULTS, "", "1h"),
        new AlertText(
            "{{ $labels.instance }} closed a connection for a fault of its own",
            "This is a bug: report it with the lines of the log at that time.",
            "docs/gateway/limits.md"));
  }
}
