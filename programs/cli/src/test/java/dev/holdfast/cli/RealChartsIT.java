package dev.holdfast.cli;

import static dev.holdfast.cli.ManifestSchemas.at;
import static dev.holdfast.cli.ManifestSchemas.documents;
import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.registry.kubernetes.RealCluster;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The chart and the bases of {@code deploy}, rendered by the real Helm and Kustomize: they are the
 * manifests that the program prints, and a real kube-apiserver takes them. {@code ./verify --long}
 * builds all three and runs this.
 */
class RealChartsIT {
  private static final Path ROOT = Path.of(System.getProperty("holdfast.root"));
  private static final Path CHART = ROOT.resolve("deploy/chart");
  private static final Path TOOLS = ROOT.resolve(".holdfast/interop/kube-tools");
  private static final String IMAGE = "holdfast:" + VersionCommand.number();

  @TempDir static Path clusterFolder;
  private static RealCluster cluster;

  @TempDir Path folder;

  @BeforeAll
  @Timeout(value = 10, unit = TimeUnit.MINUTES)
  static void start() throws Exception {
    assertThat(TOOLS.resolve("stamp")).as("made by scripts/kube-tools").exists();
    cluster = RealCluster.start(clusterFolder);
    for (String namespace : new String[] {"prod", "edge"}) {
      cluster.calls().namespace(namespace);
    }
  }

  @AfterAll
  static void stop() {
    if (cluster != null) {
      cluster.close();
    }
  }

  @Test
  void helmFindsNothingToBlameInTheChart() throws Exception {
    ToolRun lint = tool("helm", "lint", "--strict", CHART.toString());

    assertThat(lint.code).as(lint.out).isZero();
    assertThat(lint.out).contains("1 chart(s) linted, 0 chart(s) failed").doesNotContain("[WARN");
  }

  @ParameterizedTest
  @CsvSource({
    "gateway, '', ''",
    "gateway, servicesNamespace=prod, --services-namespace prod",
    "gateway, gateway.tlsSecret=edge-tls, --tls-secret edge-tls",
    "gateway, 'gateway.replicas=3,gateway.drainSeconds=600', --replicas 3 --drain 10m",
    "gateway, gateway.serviceAccount=edge, --service-account edge",
    "control, '', ''",
    "control, 'control.tlsSecret=mesh-tls,servicesNamespace=prod', "
        + "--tls-secret mesh-tls --services-namespace prod",
    "control, control.drainSeconds=0, --drain 0s"
  })
  void chartMakesTheManifestsThatTheProgramPrints(String program, String values, String options)
      throws Exception {
    String other = program.equals("gateway") ? "control" : "gateway";
    String enabled = program + ".enabled=true," + other + ".enabled=false";
    String rendered = template(values.isEmpty() ? enabled : enabled + "," + values);

    assertThat(byKind(rendered)).isEqualTo(byKind(printed(program, options)));
    ClusterDryRun.assertTaken(cluster, rendered);
  }

  @Test
  void aFileOfTheUserIsInTheConfigMapOfTheChart() throws Exception {
    Path file =
        Files.writeString(
            folder.resolve("g.yaml"), "routes:\n  - path: /a.B/*\n    cluster: orders\n");

    ToolRun run = helm("--set-file", "gateway.config=" + file);

    assertThat(run.code).as(run.out).isZero();
    assertThat(byKind(run.out)).isEqualTo(byKind(printed("gateway", "--gateway-config " + file)));
  }

  @Test
  void valuesForSchedulingAndTheLikeAreWhereTheServerWantsThem() throws Exception {
    Path values =
        Files.writeString(
            folder.resolve("values.yaml"),
            """
            imagePullSecrets: [{name: registry}]
            image: {repository: registry.example/holdfast, tag: "1.2", pullPolicy: Always}
            gateway: &pods
              podAnnotations: {example.com/team: edge}
              nodeSelector: {kubernetes.io/arch: amd64}
              tolerations: [{key: edge, operator: Exists}]
              affinity: {nodeAffinity: {}}
              env: [{name: HOLDFAST_ZONE, value: a}]
              extraArgs: [--threads, "2"]
              resources: {limits: {memory: 1Gi}}
              service: {type: LoadBalancer, annotations: {example.com/lb: internal}}
            control:
              enabled: true
              <<: *pods
              extraArgs: [--service, orders]
            """);

    ToolRun run = helm("--values", values.toString());

    assertThat(run.code).as(run.out).isZero();
    ClusterDryRun.assertTaken(cluster, run.out);
    Map<String, Map<String, Object>> objects = byKind(run.out);
    for (String program : List.of("gateway", "control")) {
      Map<String, Object> deployment = object(objects, "Deployment holdfast-" + program);
      String pod = "spec.template.spec.";
      assertThat(at(deployment, pod + "imagePullSecrets.0.name")).isEqualTo("registry");
      assertThat(at(deployment, pod + "containers.0.image"))
          .isEqualTo("registry.example/holdfast:1.2");
      assertThat(at(deployment, pod + "nodeSelector"))
          .isEqualTo(Map.of("kubernetes.io/arch", "amd64"));
      assertThat(at(deployment, pod + "containers.0.env.1.name")).isEqualTo("HOLDFAST_ZONE");
      assertThat((Map<?, ?>) at(deployment, "spec.template.metadata.annotations")).hasSize(4);
      assertThat(at(deployment, pod + "containers.0.resources.limits.memory")).isEqualTo("1Gi");
      Map<String, Object> service = object(objects, "Service holdfast-" + program);
      assertThat(at(service, "spec.type")).isEqualTo("LoadBalancer");
      assertThat(at(service, "metadata.annotations"))
          .isEqualTo(Map.of("example.com/lb", "internal"));
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "gateway.replica=3",
        "gateway.replicas=0",
        "gateway.drainSeconds=86401",
        "control.drainSeconds=301",
        "control.service.type=Ingress",
        "servicesNamespace=Prod",
        "gateways.enabled=true"
      })
  void theSchemaRefusesWhatMakesNoSense(String value) throws Exception {
    ToolRun run = helm("--set", value);

    assertThat(run.code).isNotZero();
    assertThat(run.out).contains("values don't meet the specifications of the schema");
  }

  @ParameterizedTest
  @ValueSource(strings = {"gateway", "control"})
  void theBaseOfKustomizeMakesTheManifestsThatTheProgramPrints(String program) throws Exception {
    String rendered = overlay(program, "");

    assertThat(byKind(rendered)).isEqualTo(byKind(printed(program, "")));
    ClusterDryRun.assertTaken(cluster, rendered);
  }

  @Test
  void anOverlayGivesImageReplicasAndAFileOfItsOwn() throws Exception {
    Files.writeString(folder.resolve("gateway.yaml"), "clusters: {orders: {}}\n");
    String rendered =
        overlay(
            "gateway",
            """
            images: [{name: holdfast, newName: registry.example/holdfast, newTag: "1.2"}]
            replicas: [{name: holdfast-gateway, count: 4}]
            configMapGenerator:
              - name: holdfast-gateway
                behavior: merge
                files: [gateway.yaml]
            """);

    ClusterDryRun.assertTaken(cluster, rendered);
    Map<String, Map<String, Object>> objects = byKind(rendered);
    Map<String, Object> deployment = object(objects, "Deployment holdfast-gateway");
    assertThat(at(deployment, "spec.replicas")).isEqualTo(4);
    assertThat(at(deployment, "spec.template.spec.containers.0.image"))
        .isEqualTo("registry.example/holdfast:1.2");
    assertThat(object(objects, "ConfigMap holdfast-gateway").get("data"))
        .isEqualTo(Map.of("gateway.yaml", "clusters: {orders: {}}\n"));
  }

  private String overlay(String program, String more) throws Exception {
    Path base = ROOT.resolve("deploy/kustomize").resolve(program);
    Files.writeString(
        folder.resolve("kustomization.yaml"),
        """
        namespace: edge
        resources: [%s]
        %s\
        """
            .formatted(folder.toRealPath().relativize(base.toRealPath()), more));
    ToolRun run = tool("kustomize", "build", folder.toString());
    assertThat(run.code).as(run.out).isZero();
    return run.out;
  }

  private String template(String values) throws Exception {
    ToolRun run = helm("--set", values);
    assertThat(run.code).as(run.out).isZero();
    return run.out;
  }

  private ToolRun helm(String... more) throws Exception {
    List<String> words =
        new ArrayList<>(List.of("template", "holdfast", CHART.toString(), "--namespace", "edge"));
    words.addAll(List.of("--kube-version", "1.36.0"));
    words.addAll(List.of(more));
    return tool("helm", words.toArray(String[]::new));
  }

  private static String printed(String program, String options) {
    String line = "kubernetes manifest " + program + " --namespace edge --image " + IMAGE;
    CommandRun run = CommandRun.of((options.isEmpty() ? line : line + " " + options).split(" "));
    assertThat(run.code()).as(run.err()).isZero();
    return run.out();
  }

  /** The objects by kind and name. */
  private static Map<String, Map<String, Object>> byKind(String yaml) {
    Map<String, Map<String, Object>> objects = new TreeMap<>();
    for (String text : ClusterDryRun.texts(yaml)) {
      if (!text.isBlank()) {
        Map<String, Object> object = documents(text).get(0);
        String name = object.get("kind") + " " + at(object, "metadata.name");
        assertThat(objects.put(name, object)).as(name).isNull();
      }
    }
    assertThat(objects).isNotEmpty();
    return objects;
  }

  private static Map<String, Object> object(
      Map<String, Map<String, Object>> objects, String kindAndName) {
    return Objects.requireNonNull(objects.get(kindAndName), kindAndName);
  }

  private record ToolRun(int code, String out) {}

  /** Runs a tool to its end; both outputs go into one file. */
  private ToolRun tool(String name, String... words) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(List.of(TOOLS.resolve(name).toString()));
    command.addAll(List.of(words));
    Path out = Files.createTempFile(folder, "out", ".txt");
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.environment().put("HELM_CACHE_HOME", folder.toString());
    builder.environment().put("HELM_CONFIG_HOME", folder.toString());
    builder.environment().put("HELM_DATA_HOME", folder.toString());
    Process process = builder.redirectErrorStream(true).redirectOutput(out.toFile()).start();
    if (!process.waitFor(2, TimeUnit.MINUTES)) {
      process.destroyForcibly();
      throw new AssertionError(command + ": still running after 2 minutes");
    }
    return new ToolRun(process.exitValue(), Files.readString(out));
  }
}
