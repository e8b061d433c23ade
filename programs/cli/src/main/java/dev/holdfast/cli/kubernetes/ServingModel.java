package dev.holdfast.cli.kubernetes;

import static dev.holdfast.cli.kubernetes.manifest.ManifestNode.fields;
import static dev.holdfast.cli.kubernetes.manifest.ManifestNode.items;
import static dev.holdfast.cli.kubernetes.manifest.ManifestNode.scalar;

import dev.holdfast.cli.kubernetes.manifest.Condition;
import dev.holdfast.cli.kubernetes.manifest.ManifestNode.Fields;
import dev.holdfast.cli.kubernetes.manifest.ManifestNode.Lines;
import dev.holdfast.cli.kubernetes.manifest.ManifestNode.Scalar;
import dev.holdfast.cli.kubernetes.manifest.ManifestNode.Whole;
import dev.holdfast.registry.kubernetes.KubernetesRole;
import java.util.List;
import java.util.Map;

/**
 * The objects that a serving program needs in a cluster. The manifests that the program prints, the
 * chart's templates and the base of Kustomize are written from this one model.
 */
final class ServingModel {
  private static final String RBAC_GROUP = "rbac.authorization.k8s.io";

  private final ServingProgram program;
  private final ServingValues values;
  private final ChartExpressions chart;
  private final ServingPodSpec pods;

  ServingModel(ServingProgram program, ServingValues values) {
    this.program = program;
    this.values = values;
    this.chart = new ChartExpressions(program);
    this.pods = new ServingPodSpec(program, values);
  }

  /** All objects, in the order in which they are applied. */
  List<Fields> objects() {
    return List.of(
        serviceAccount(), role(), roleBinding(), configMap(), deployment(), service(), budget());
  }

  /** All objects but the ConfigMap, which Kustomize generates. */
  List<Fields> objectsWithoutConfigMap() {
    return List.of(serviceAccount(), role(), roleBinding(), deployment(), service(), budget());
  }

  private Fields serviceAccount() {
    return object("v1", "ServiceAccount", metadata(account()));
  }

  private Fields role() {
    return object(RBAC_GROUP + "/v1", "Role", roleMetadata())
        .with("rules", List.of(KubernetesRole.rule()));
  }

  private Fields roleBinding() {
    return object(RBAC_GROUP + "/v1", "RoleBinding", roleMetadata())
        .with(
            "roleRef",
            fields()
                .with("apiGroup", RBAC_GROUP)
                .with("kind", "Role")
                .with("name", scalar(values.role(), chart.role())))
        .with(
            "subjects",
            items()
                .with(
                    fields()
                        .with("kind", "ServiceAccount")
                        .with("name", account())
                        .with("namespace", subjectNamespace())));
  }

  /** A subject has a namespace in any case; Kustomize puts that of its overlay in its place. */
  private Scalar subjectNamespace() {
    String namespace = values.namespace().isEmpty() ? "default" : values.namespace();
    return scalar(namespace, ChartExpressions.NAMESPACE);
  }

  private Fields configMap() {
    return object("v1", "ConfigMap", metadata(app()))
        .with(
            "data",
            fields()
                .with(
                    program.configFile().name(),
                    new Lines(values.config(), chart.value("config"))));
  }

  private Fields deployment() {
    Fields update = fields().with("maxSurge", 1).with("maxUnavailable", 0);
    return object("apps/v1", "Deployment", metadata(app()))
        .with(
            "spec",
            fields()
                .with("replicas", scalar(values.replicas(), chart.inserted("replicas")))
                .with("strategy", fields().with("rollingUpdate", update))
                .with("selector", selector())
                .with("template", pods.template()));
  }

  /** With TLS nothing is said of the protocol: h2c is HTTP/2 in plaintext, and nothing else. */
  private Fields service() {
    boolean tls = values.tlsSecret().isPresent();
    String plaintext = "not " + chart.value("tlsSecret");
    Condition h2c = new Condition(!tls, plaintext);
    Fields port =
        fields()
            .with("name", program.ports().name())
            .with("port", pods.port())
            .with("targetPort", program.ports().name());
    if (program.ports().onlyHttp2()) {
      port.with("appProtocol", "kubernetes.io/h2c", h2c);
    }
    String annotations = chart.value("service.annotations");
    Fields metadata =
        metadata(app())
            .with(
                "annotations", new Whole(Map.of(), annotations), new Condition(false, annotations));
    return object("v1", "Service", metadata)
        .with(
            "spec",
            fields()
                .with("type", scalar("ClusterIP", chart.inserted("service.type")))
                .with("selector", fields().with(ServingPodSpec.LABEL, app()))
                .with("ports", items().with(port)));
  }

  /** A drained node never takes all pods at once. */
  private Fields budget() {
    return object("policy/v1", "PodDisruptionBudget", metadata(app()))
        .with("spec", fields().with("maxUnavailable", 1).with("selector", selector()));
  }

  private static Fields object(String version, String kind, Fields metadata) {
    return fields().with("apiVersion", version).with("kind", kind).with("metadata", metadata);
  }

  private Fields metadata(Scalar name) {
    return fields()
        .with("name", name)
        .with(
            "namespace",
            scalar(values.namespace(), ChartExpressions.NAMESPACE),
            Condition.inPlain(!values.namespace().isEmpty()))
        .with("labels", pods.labels());
  }

  private Fields roleMetadata() {
    return fields()
        .with("name", scalar(values.role(), chart.role()))
        .with(
            "namespace",
            scalar(values.roleNamespace(), ChartExpressions.SERVICES_NAMESPACE),
            Condition.inPlain(!values.roleNamespace().isEmpty()))
        .with("labels", pods.labels());
  }

  private Fields selector() {
    return fields().with("matchLabels", fields().with(ServingPodSpec.LABEL, app()));
  }

  private Scalar app() {
    return scalar(values.app(), chart.app());
  }

  private Scalar account() {
    return scalar(values.account(), chart.account());
  }
}
