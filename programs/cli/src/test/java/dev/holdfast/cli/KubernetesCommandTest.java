package dev.holdfast.cli;

import static dev.holdfast.cli.ManifestSchemas.at;
import static dev.holdfast.cli.ManifestSchemas.documents;
import static dev.holdfast.cli.ManifestSchemas.violations;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.InstanceOfAssertFactories.map;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the kubernetes commands print is taken by a cluster and suffices there. */
class KubernetesCommandTest {
  private static final String CLIENT =
      "kubernetes manifest client --namespace web --name shop --image shop:1.0"
          + " --target kubernetes:///orders.prod:grpc";
  private static final String CONTROL =
      "kubernetes manifest control --namespace mesh --services-namespace prod --image holdfast:0.1";
  private static final String GATEWAY =
      "kubernetes manifest gateway --namespace edge --services-namespace prod --image holdfast:0.1";

  @Test
  void rbacPrintsARoleAndItsBinding() throws Exception {
    CommandRun run = run("kubernetes rbac --namespace prod --service-account shop");

    assertThat(run.code()).as(run.err()).isZero();
    List<Map<String, Object>> documents = documents(run.out());
    assertThat(documents).extracting(d -> d.get("kind")).containsExactly("Role", "RoleBinding");
    assertThat(at(documents.get(0), "rules.0"))
        .isEqualTo(
            Map.of(
                "apiGroups", List.of("discovery.k8s.io"),
                "resources", List.of("endpointslices"),
                "verbs", List.of("get", "list", "watch")));
    assertThat(at(documents.get(1), "subjects.0"))
        .isEqualTo(Map.of("kind", "ServiceAccount", "name", "shop", "namespace", "prod"));
    assertThat(at(documents.get(1), "roleRef.name"))
        .isEqualTo(at(documents.get(0), "metadata.name"));
    assertThat(violations(run.out())).isEmpty();
  }

  /** Under a shared name the second binding would replace the first one, and take its role away. */
  @Test
  void eachAccountHasABindingOfItsOwn() {
    List<Object> names = new ArrayList<>();
    for (String line :
        List.of(
            "kubernetes rbac --namespace prod --service-account shop",
            "kubernetes rbac --namespace prod --service-account stock",
            "kubernetes rbac --namespace prod --service-account shop --account-namespace web",
            CONTROL,
            GATEWAY,
            GATEWAY.replace("edge", "edge-2"),
            CLIENT)) {
      documents(run(line).out()).stream()
          .filter(document -> "RoleBinding".equals(document.get("kind")))
          .forEach(binding -> names.add(at(binding, "metadata.name")));
    }

    // The client of the last line has the account that the third one names.
    assertThat(names).hasSize(7);
    assertThat(Set.copyOf(names)).hasSize(6);
  }

  @Test
  void rbacForSeveralNamespacesBindsTheAccountOfOne() throws Exception {
    CommandRun run =
        run("kubernetes rbac --namespace prod --namespace test --account-namespace web");

    List<Map<String, Object>> documents = documents(run.out());
    assertThat(documents)
        .extracting(d -> at(d, "metadata.namespace"))
        .containsExactly("prod", "prod", "test", "test");
    assertThat(at(documents.get(3), "subjects.0"))
        .isEqualTo(Map.of("kind", "ServiceAccount", "name", "default", "namespace", "web"));
    assertThat(violations(run.out())).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        CLIENT,
        CLIENT + " --service-account web --replicas 5 --target-variable ORDERS_TARGET",
        CONTROL,
        CONTROL + " --tls-secret mesh-tls --name xds --replicas 1",
        GATEWAY,
        GATEWAY + " --tls-secret edge-tls --name front --replicas 3",
        "kubernetes rbac --namespace prod --account-namespace web"
      })
  void manifestsPassTheSchemasOfTheirKinds(String line) throws Exception {
    CommandRun run = run(line);

    assertThat(run.code()).as(run.err()).isZero();
    assertThat(violations(run.out())).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "replicas: 2|replicas: two",
        "serviceAccountName|serviceAccountNam",
        "kind: Deployment|kind: Deploymint",
        "image: shop:1.0|imag: shop:1.0",
        "name: shop|name: Shop"
      })
  void schemasFindWhatIsWrong(String change) throws Exception {
    String[] words = change.split("\\|", -1);
    String yaml = run(CLIENT).out();

    assertThat(yaml).contains(words[0]);
    assertThat(violations(yaml.replace(words[0], words[1]))).isNotEmpty();
  }

  @Test
  void clientHasItsTargetInAVariableAndItsRoleWhereTheServiceIs() {
    List<Map<String, Object>> documents = documents(run(CLIENT).out());

    assertThat(documents)
        .extracting(d -> d.get("kind") + " " + at(d, "metadata.namespace"))
        .containsExactly("ServiceAccount web", "Role prod", "RoleBinding prod", "Deployment web");
    Map<String, Object> deployment = documents.get(3);
    assertThat(at(deployment, "spec.template.spec.containers.0.env.0"))
        .isEqualTo(Map.of("name", "GRPC_TARGET", "value", "kubernetes:///orders.prod:grpc"));
    assertThat(at(deployment, "spec.template.spec.serviceAccountName"))
        .isEqualTo(at(documents.get(0), "metadata.name"))
        .isEqualTo(at(documents.get(2), "subjects.0.name"));
    assertThat(at(documents.get(2), "subjects.0.namespace")).isEqualTo("web");
  }

  @Test
  void serviceWithoutANamespaceIsInThatOfTheClient() {
    String line = CLIENT.replace("orders.prod:grpc", "orders");

    assertThat(at(documents(run(line).out()).get(1), "metadata.namespace")).isEqualTo("web");
  }

  @Test
  void controlPlanesServeTheNamespaceTheyMayRead() throws Exception {
    List<Map<String, Object>> documents = documents(run(CONTROL).out());

    assertThat(documents)
        .extracting(d -> d.get("kind") + " " + at(d, "metadata.namespace"))
        .containsExactly(
            "ServiceAccount mesh",
            "Role prod",
            "RoleBinding prod",
            "ConfigMap mesh",
            "Deployment mesh",
            "Service mesh",
            "PodDisruptionBudget mesh");
    String container = "spec.template.spec.containers.0";
    assertThat(at(documents.get(4), container + ".args"))
        .asInstanceOf(org.assertj.core.api.InstanceOfAssertFactories.list(String.class))
        .startsWith("control", "--registry", "kubernetes:///prod", "--listen")
        .doesNotContain("--cert");
    assertThat(at(documents.get(5), "spec.ports.0.targetPort"))
        .isEqualTo(at(documents.get(4), container + ".ports.0.name"));
    assertThat(run(CONTROL + " --tls-secret mesh-tls").out())
        .contains("/etc/holdfast/tls/tls.crt", "secretName: mesh-tls");
  }

  @Test
  void theServiceSaysHttp2InTheClearOnlyWhenItIs() {
    String protocol = "spec.ports.0";

    assertThat(at(documents(run(CONTROL).out()).get(5), protocol))
        .asInstanceOf(map(String.class, Object.class))
        .containsEntry("appProtocol", "kubernetes.io/h2c");
    assertThat(at(documents(run(CONTROL + " --tls-secret mesh-tls").out()).get(5), protocol))
        .asInstanceOf(map(String.class, Object.class))
        .containsEntry("name", "grpc-xds")
        .doesNotContainKey("appProtocol");
  }

  @ParameterizedTest
  @ValueSource(strings = {CONTROL, CONTROL + " --tls-secret mesh-tls"})
  void argumentsOfTheControlPlaneAreOnesThatThisProgramTakes(String line) {
    Map<String, Object> deployment = documents(run(line).out()).get(4);
    Object arguments = at(deployment, "spec.template.spec.containers.0.args");

    assertThat(arguments).isInstanceOf(List.class);
    String[] words = ((List<?>) arguments).stream().map(String::valueOf).toArray(String[]::new);
    assertThat(HoldfastCommand.commandLine().parseArgs(words).subcommand().matchedOptions())
        .hasSize(line.equals(CONTROL) ? 5 : 7);
  }

  @ParameterizedTest
  @ValueSource(strings = {GATEWAY, GATEWAY + " --tls-secret edge-tls"})
  void gatewaysServeTheNamespaceTheyMayReadAtThePortOfTheirService(String line) {
    List<Map<String, Object>> documents = documents(run(line).out());

    assertThat(documents)
        .extracting(d -> d.get("kind") + " " + at(d, "metadata.namespace"))
        .containsExactly(
            "ServiceAccount edge",
            "Role prod",
            "RoleBinding prod",
            "ConfigMap edge",
            "Deployment edge",
            "Service edge",
            "PodDisruptionBudget edge");
    String container = "spec.template.spec.containers.0";
    Object arguments = at(documents.get(4), container + ".args");
    String[] words = ((List<?>) arguments).stream().map(String::valueOf).toArray(String[]::new);
    assertThat(HoldfastCommand.commandLine().parseArgs(words).subcommand().matchedOptions())
        .hasSize(line.equals(GATEWAY) ? 5 : 7);
    int port = line.equals(GATEWAY) ? 8_080 : 8_443;
    assertThat(words).startsWith("gateway", "--registry", "kubernetes:///prod", "--listen");
    assertThat(words).contains("0.0.0.0:" + port);
    assertThat(at(documents.get(4), container + ".ports.0.containerPort")).isEqualTo(port);
    assertThat(at(documents.get(5), "spec.ports.0.port")).isEqualTo(port);
    assertThat(at(documents.get(5), "spec.ports.0.targetPort"))
        .isEqualTo(at(documents.get(4), container + ".ports.0.name"));
  }

  @Test
  void jsonIsAListThatKubectlTakes() {
    CommandRun run = run(CLIENT + " --json");

    assertThat(run.out())
        .startsWith("{\"apiVersion\":\"v1\",\"kind\":\"List\",\"items\":[{\"apiVersion\":\"v1\",")
        .contains("\"replicas\":2", "\"runAsNonRoot\":true")
        .hasLineCount(1);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "kubernetes|kubernetes: no command (expected: rbac, manifest, chart, kustomize)",
        "kubernetes manifest|manifest: no command (expected: client, control, gateway)",
        "kubernetes rbac|missing required option: '--namespace=NAMESPACE'",
        "kubernetes rbac --namespace Prod|namespace: \"Prod\" (expected: ",
        "kubernetes manifest control --namespace a --image :x|image: \":x\" (expected: such as ",
        CLIENT + " --replicas 0|replicas: 0 (expected: >= 1)",
        CLIENT + " --target-variable 1X|target-variable: \"1X\" (expected: ",
        GATEWAY
            + " --gateway-config /no/such|gateway-config: /no/such: no such file (expected: a"
            + " file)",
        CONTROL + " --policy /|policy: /: is a directory (expected: a file)",
        GATEWAY + " --drain 25h|drain: 25h (expected: ",
        CONTROL + " --drain 6m|drain: 6m (expected: ",
        "kubernetes manifest client --namespace a --name b --image c --target dns:///x"
            + "|target: \"dns:///x\" (expected: such as kubernetes:///orders.prod:grpc)",
        "kubernetes manifest client --namespace a --name b --image c --target kubernetes:///a.b.c"
            + "|service: \"a.b.c\" (expected: "
      })
  void whatMakesNoSenseIsSaidWithWhatWasExpected(String lineAndMessage) {
    String[] parts = lineAndMessage.split("\\|", -1);

    CommandRun run = run(parts[0]);

    assertThat(run.code()).isEqualTo(ExitCode.USAGE);
    assertThat(run.err()).startsWith("holdfast: " + parts[1]);
    assertThat(run.out()).isEmpty();
  }

  private static CommandRun run(String line) {
    return CommandRun.of(line.split(" ", -1));
  }
}
