package dev.holdfast.cli;

import static dev.holdfast.cli.ManifestSchemas.at;
import static dev.holdfast.cli.ManifestSchemas.documents;
import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.control.resources.PolicyFeed;
import dev.holdfast.control.resources.PolicyMeters;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Pods of gateways and control planes as their manifests describe them. */
class ServingManifestTest {
  private static final String POD = "spec.template.spec.";
  private static final String CONTAINER = POD + "containers.0.";
  private static final int CONFIG_MAP = 3;
  private static final int DEPLOYMENT = 4;

  @TempDir Path folder;

  @ParameterizedTest
  @ValueSource(strings = {"gateway", "control"})
  void podsAreProbedAndScrapedAtAPortWithoutTheAdminPage(String program) {
    Map<String, Object> deployment = print(program).get(DEPLOYMENT);

    assertThat(at(deployment, CONTAINER + "readinessProbe.httpGet"))
        .isEqualTo(Map.of("path", "/readyz", "port", "metrics"));
    for (String probe : List.of("livenessProbe", "startupProbe")) {
      assertThat(at(deployment, CONTAINER + probe + ".httpGet"))
          .isEqualTo(Map.of("path", "/livez", "port", "metrics"));
    }
    assertThat(at(deployment, CONTAINER + "ports.1"))
        .isEqualTo(Map.of("name", "metrics", "containerPort", 18_003));
    assertThat(at(deployment, "spec.template.metadata.annotations"))
        .isEqualTo(
            Map.of(
                "prometheus.io/scrape", "true",
                "prometheus.io/port", "18003",
                "prometheus.io/path", "/metrics"));
    // The admin page stays where the program has it, which is loopback.
    assertThat(words(deployment)).contains("--metrics", "0.0.0.0:18003").doesNotContain("--admin");
  }

  @ParameterizedTest
  @ValueSource(strings = {"gateway", "control"})
  void processesAreNobodyAndWriteToTheirVolumesAlone(String program) {
    Map<String, Object> deployment = print(program + " --tls-secret own-tls").get(DEPLOYMENT);

    assertThat(at(deployment, POD + "securityContext"))
        .isEqualTo(
            Map.of(
                "runAsNonRoot", true,
                "runAsUser", 65_532,
                "runAsGroup", 65_532,
                "fsGroup", 65_532,
                "seccompProfile", Map.of("type", "RuntimeDefault")));
    assertThat(at(deployment, CONTAINER + "securityContext"))
        .isEqualTo(
            Map.of(
                "allowPrivilegeEscalation", false,
                "readOnlyRootFilesystem", true,
                "capabilities", Map.of("drop", List.of("ALL"))));
    Map<Object, Object> volumes = new HashMap<>();
    for (Object each : (List<?>) at(deployment, POD + "volumes")) {
      Map<?, ?> volume = (Map<?, ?>) each;
      volumes.put(volume.get("name"), volume);
    }
    for (Object each : (List<?>) at(deployment, CONTAINER + "volumeMounts")) {
      Map<?, ?> mount = (Map<?, ?>) each;
      Map<?, ?> volume =
          Objects.requireNonNull((Map<?, ?>) volumes.remove(mount.get("name")), mount.toString());
      assertThat(volume.containsKey("emptyDir")).isEqualTo(mount.get("readOnly") == null);
    }
    assertThat(volumes).as("volumes without a mount").isEmpty();
  }

  @ParameterizedTest
  @CsvSource({
    "gateway, 300s, 330",
    "control, 5s, 35",
    "gateway --drain 10m, 600s, 630",
    "control --drain 1500ms, 2s, 32"
  })
  void aPodHasAsLongToEndAsItsDrainMayTake(String program, String drain, int grace) {
    Map<String, Object> deployment = print(program).get(DEPLOYMENT);

    assertThat(words(deployment)).containsSubsequence("--drain", drain);
    assertThat(at(deployment, POD + "terminationGracePeriodSeconds")).isEqualTo(grace);
    assertThat(at(deployment, CONTAINER + "lifecycle.preStop.sleep.seconds")).isEqualTo(5);
    assertThat(at(deployment, "spec.strategy.rollingUpdate"))
        .isEqualTo(Map.of("maxSurge", 1, "maxUnavailable", 0));
  }

  @ParameterizedTest
  @ValueSource(strings = {"gateway", "control"})
  void podsHaveBoundsAndAreSpread(String program) {
    Map<String, Object> deployment = print(program).get(DEPLOYMENT);

    assertThat(at(deployment, CONTAINER + "resources.requests"))
        .isEqualTo(Map.of("cpu", "250m", "memory", "256Mi"));
    assertThat(at(deployment, CONTAINER + "resources.limits"))
        .isEqualTo(Map.of("cpu", "2", "memory", "512Mi"));
    assertThat((List<?>) at(deployment, POD + "topologySpreadConstraints"))
        .extracting(each -> String.valueOf(((Map<?, ?>) each).get("topologyKey")))
        .containsExactly("topology.kubernetes.io/zone", "kubernetes.io/hostname");
    // Else the kubelet sets HOLDFAST_GATEWAY_PORT and the like, which look like settings.
    assertThat(at(deployment, POD + "enableServiceLinks")).isEqualTo(false);
  }

  @Test
  void aFileOfTheUserIsInTheConfigMapAsItIs() throws Exception {
    String text =
        "# ours\nroutes:\n  - path: /a.B/*\n    cluster: orders\n\nclusters: {orders: {}}\n";
    Path file = Files.writeString(folder.resolve("g.yaml"), text);

    List<Map<String, Object>> documents = print("gateway --gateway-config " + file);

    assertThat(data(documents).get("gateway.yaml")).isEqualTo(text);
    assertThat(words(documents.get(DEPLOYMENT)))
        .containsSubsequence("--config", "/etc/holdfast/config/gateway.yaml");
    assertThat(at(documents.get(DEPLOYMENT), POD + "volumes.2.configMap.name"))
        .isEqualTo(at(documents.get(CONFIG_MAP), "metadata.name"));
  }

  @Test
  void theFirstFilesOfBothAreTakenByTheirPrograms() throws Exception {
    Path gateway = folder.resolve("gateway.yaml");
    Files.writeString(gateway, initial("gateway", "gateway.yaml"));
    CommandRun check = CommandRun.of("gateway", "check", gateway.toString());
    assertThat(check.code()).as(check.err()).isZero();

    Path policy = Files.writeString(folder.resolve("p.yaml"), initial("control", "policy.yaml"));
    try (PolicyFeed feed =
        PolicyFeed.open(Optional.of(policy), new PolicyMeters(new SimpleMeterRegistry()))) {
      assertThat(feed.builder()).isNotNull();
    }
  }

  @Test
  void withoutANamespaceOfServicesThatOfThePodsCounts() {
    List<Map<String, Object>> documents =
        documents(
            CommandRun.of(
                    "kubernetes manifest gateway --namespace prod --image holdfast:0.1".split(" "))
                .out());

    assertThat(words(documents.get(DEPLOYMENT)))
        .containsSubsequence("--registry", "kubernetes:///");
    assertThat(at(documents.get(1), "metadata.namespace")).isEqualTo("prod");
    assertThat(at(documents.get(2), "metadata.name")).isEqualTo("holdfast-gateway");
  }

  private static String initial(String program, String key) {
    return String.valueOf(data(print(program)).get(key));
  }

  private static Map<?, ?> data(List<Map<String, Object>> documents) {
    return (Map<?, ?>) at(documents.get(CONFIG_MAP), "data");
  }

  private static List<Map<String, Object>> print(String programAndOptions) {
    String line =
        "kubernetes manifest "
            + programAndOptions
            + " --namespace edge --services-namespace prod --image holdfast:0.1";
    CommandRun run = CommandRun.of(line.split(" ", -1));
    assertThat(run.code()).as(run.err()).isZero();
    return documents(run.out());
  }

  private static List<String> words(Map<String, Object> deployment) {
    return ((List<?>) at(deployment, CONTAINER + "args")).stream().map(String::valueOf).toList();
  }
}
