package dev.holdfast.cli.docs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.holdfast.cli.dashboards.Alert;
import dev.holdfast.cli.dashboards.Dashboard;
import dev.holdfast.cli.dashboards.ObservabilityFiles;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The alert rules as Prometheus's own tool evaluates them: each fires, and each can be silent. */
class AlertRulesTest {
  private static final Path PROMTOOL = Path.of("/usr/bin/promtool");

  /** The minute in which alerts are looked at; longer than any alert is pending. */
  private static final int MINUTE = 75;

  /** Counts nothing for a long time, and then appears with its first event. */
  private static final String FIRST_EVENT = "_x73 1+0x10";

  /** Counted an event before the window of any alert. */
  private static final String OLD_EVENT = "1+0x80";

  private static final String PER_SECOND = "0+60x80";
  private static final String PER_MINUTE = "0+1x80";

  /** Series with their values for one alert: what makes it fire, and what must not. */
  private record AlertCase(List<String> fault, List<String> healthy) {}

  private static final Map<String, AlertCase> CASES = cases();

  @TempDir Path folder;

  @BeforeEach
  void writeRules() throws IOException {
    assumeTrue(Files.isExecutable(PROMTOOL));
    Files.writeString(folder.resolve("alerts.yaml"), ObservabilityFiles.all().get("alerts.yaml"));
  }

  @Test
  void promtoolAcceptsTheRules() throws Exception {
    promtool("check", "rules", "alerts.yaml");
  }

  @Test
  void eachAlertHasItsCase() {
    assertThat(CASES.keySet())
        .containsExactlyInAnyOrderElementsOf(
            Arrays.stream(Dashboard.values())
                .flatMap(dashboard -> dashboard.alerts().stream())
                .map(Alert::name)
                .toList());
  }

  @Test
  void eachAlertFiresInItsFaultAndNotOtherwise() throws Exception {
    List<Scenario> scenarios = new ArrayList<>();
    CASES.forEach(
        (name, each) -> {
          add(scenarios, name, each.fault(), true);
          add(scenarios, name, each.healthy(), false);
        });
    StringBuilder tests =
        new StringBuilder("rule_files: [alerts.yaml]\nevaluation_interval: 1m\ntests:\n");
    scenarios.forEach(scenario -> scenario.append(tests));
    Files.writeString(folder.resolve("tests.yaml"), tests);
    promtool("test", "rules", "tests.yaml");
  }

  /** To the first scenario that has none of these metrics, since each costs a database. */
  private static void add(
      List<Scenario> scenarios, String name, List<String> series, boolean isFiring) {
    Set<String> metrics =
        series.stream().map(each -> each.split("[{ ]", 2)[0]).collect(Collectors.toSet());
    Scenario scenario =
        scenarios.stream()
            .filter(
                each ->
                    !each.firing.containsKey(name) && Collections.disjoint(each.metrics, metrics))
            .findFirst()
            .orElse(null);
    if (scenario == null) {
      scenario = new Scenario();
      scenarios.add(scenario);
    }
    scenario.metrics.addAll(metrics);
    scenario.series.addAll(series);
    scenario.firing.put(name, isFiring);
  }

  /** Series of several alerts, no two of which have a metric in common. */
  private static final class Scenario {
    private final Set<String> metrics = new HashSet<>();
    private final List<String> series = new ArrayList<>();
    private final Map<String, Boolean> firing = new LinkedHashMap<>();

    void append(StringBuilder tests) {
      tests.append("  - interval: 1m\n    input_series:\n");
      for (String each : series) {
        int space = each.indexOf(' ');
        tests.append("      - series: '").append(each, 0, space).append("'\n");
        tests.append("        values: '").append(each.substring(space + 1)).append("'\n");
      }
      tests.append("    promql_expr_test:\n");
      firing.forEach(
          (name, isFiring) -> {
            tests.append("      - expr: count(ALERTS{alertname=\"").append(name);
            tests.append("\",alertstate=\"firing\"})\n        eval_time: ").append(MINUTE);
            tests.append("m\n        exp_samples: [");
            tests.append(isFiring ? "{value: 1}" : "").append("]\n");
          });
    }
  }

  private void promtool(String... arguments) throws Exception {
    List<String> command = new ArrayList<>(List.of(PROMTOOL.toString()));
    command.addAll(List.of(arguments));
    Process process =
        new ProcessBuilder(command).directory(folder.toFile()).redirectErrorStream(true).start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(said).isZero();
  }

  private static Map<String, AlertCase> cases() {
    Map<String, AlertCase> cases = new LinkedHashMap<>();
    value(cases, "EndpointListStale", "holdfast_endpoints_state", "2", "1");
    value(cases, "EndpointListHeld", "holdfast_endpoints_state", "4", "2");
    value(cases, "NoEligibleEndpoint", "holdfast_endpoints{state=\"eligible\"}", "0", "3");
    event(cases, "ChannelWithoutList", "holdfast_grpc_resolver_errors_total");
    event(cases, "RecordsMalformed", "holdfast_records_malformed_records_total");
    event(cases, "SnapshotFileFails", "holdfast_snapshot_file_failures_total");
    value(cases, "RegistrationConflict", "holdfast_registration_state", "3", "1");
    value(cases, "NotRegistered", "holdfast_registration_state", "2", "1");
    value(
        cases, "ConnectionsSuspect", "holdfast_liveness_connections{state=\"SUSPECT\"}", "1", "0");
    rate(cases, "ConnectionsFail", "holdfast_liveness_closed_connections_total{code=\"HF-405\"}");
    event(
        cases, "RetryBudgetSpent", "holdfast_grpc_retries_refused_calls_total{reason=\"budget\"}");
    event(cases, "CallsCutByDrain", "holdfast_grpc_server_calls_cancelled_calls_total");
    event(
        cases,
        "KubernetesCredentialsFail",
        "holdfast_kubernetes_credentials_reads_total{result=\"failed\"}");
    gatewayCases(cases);
    event(cases, "StreamSessionsLost", "holdfast_streams_ended_sessions_total{kind=\"LOST_GAP\"}");
    value(cases, "StreamStoreAway", "holdfast_streams_redis_connected_connections", "0", "1");
    event(
        cases,
        "StreamStoreFails",
        "holdfast_streams_redis_responses_answers_total{response=\"FAILED\"}");
    event(cases, "StreamStoreForgets", "holdfast_streams_redis_untrusted_sessions_total");
    rate(cases, "StreamCallsRefused", "holdfast_streams_refused_calls_total");
    event(
        cases,
        "ControlResourcesRejected",
        "holdfast_control_acks_answers_total{verdict=\"rejected\"}");
    event(cases, "ControlPolicyRefused", "holdfast_control_policies_refused_policies_total");
    value(
        cases, "ControlServicesPending", "holdfast_control_services{state=\"pending\"}", "2", "0");
    value(
        cases, "ControlServicesSkipped", "holdfast_control_services{state=\"skipped\"}", "1", "0");
    event(cases, "ControlBuildFails", "holdfast_control_builds_failed_services_total");
    event(
        cases,
        "ControlEndpointsUnservable",
        "holdfast_control_endpoints_unservable_endpoints_total");
    event(cases, "ControlStreamsRefused", "holdfast_control_streams_refused_streams_total");
    return cases;
  }

  private static void gatewayCases(Map<String, AlertCase> cases) {
    String calls = "holdfast_gateway_route_duration_seconds_count{route=\"a\",grpc_status=";
    String ok = calls + "\"OK\"} 0+100x80";
    cases.put(
        "HoldfastGatewayCallsFail",
        new AlertCase(
            List.of(ok, calls + "\"UNAVAILABLE\"} 0+10x80"),
            List.of(ok, calls + "\"UNAVAILABLE\"} 0+1x80", calls + "\"NOT_FOUND\"} 0+90x80")));
    String attempts =
        "grpc_subchannel_connection_attempts_failed_attempts_total{grpc_target=\"a\"} "
            + PER_MINUTE;
    String open = "grpc_subchannel_open_connections{grpc_target=\"a\"} ";
    cases.put(
        "HoldfastGatewayClusterUnreachable",
        new AlertCase(List.of(attempts), List.of(attempts, open + "1+0x80")));
    event(cases, "GatewayEndpointEjected", "holdfast_gateway_ejected_ejections_total");
    value(cases, "GatewayEndpointsUnhealthy", "holdfast_gateway_unhealthy_endpoints", "1", "0");
    event(cases, "GatewayLimitMet", "holdfast_gateway_limited_events_total");
    String expires = "holdfast_gateway_tls_expires_seconds";
    value(cases, "GatewayCertificateExpires", expires, "864000", "2592000");
    value(cases, "GatewayCertificateExpiresToday", expires, "3600", "864000");
    String refused = "_changes_total{result=\"refused\"}";
    event(cases, "GatewayCertificateRefused", "holdfast_gateway_tls_files" + refused);
    event(cases, "GatewayDescriptorsRefused", "holdfast_gateway_schema_files" + refused);
    rate(cases, "GatewayHandshakesFail", "holdfast_gateway_tls_refused_handshakes_total");
    rate(cases, "GatewayProxyHeadersRefused", "holdfast_gateway_proxy_refused_connections_total");
    event(cases, "GatewayAccessLogLosesLines", "holdfast_gateway_access_log_lost_lines_total");
    event(
        cases,
        "GatewayStreamsEvicted",
        "holdfast_gateway_resume_ended_streams_total{reason=\"evicted\"}");
    event(cases, "GatewayFault", "holdfast_gateway_connection_faults_connections_total");
  }

  private static void value(
      Map<String, AlertCase> cases, String name, String series, String fault, String healthy) {
    add(cases, name, series + " " + fault + "+0x80", series + " " + healthy + "+0x80");
  }

  private static void event(Map<String, AlertCase> cases, String name, String series) {
    add(cases, name, series + " " + FIRST_EVENT, series + " " + OLD_EVENT);
  }

  private static void rate(Map<String, AlertCase> cases, String name, String series) {
    add(cases, name, series + " " + PER_SECOND, series + " " + PER_MINUTE);
  }

  private static void add(Map<String, AlertCase> cases, String name, String fault, String healthy) {
    cases.put("Holdfast" + name, new AlertCase(List.of(fault), List.of(healthy)));
  }
}
