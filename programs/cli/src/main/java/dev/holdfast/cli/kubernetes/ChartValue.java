package dev.holdfast.cli.kubernetes;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A value that users of the Helm chart may give.
 *
 * @param path its keys, with dots between them
 * @param description the comment in {@code values.yaml} and in the schema
 * @param initial the value unless a user gives another
 * @param schema what a value must be, as JSON Schema
 */
record ChartValue(String path, String description, Object initial, Map<String, Object> schema) {
  private static final String NAME = "^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$";

  /** All values, in the order in which {@code values.yaml} has them. */
  static List<ChartValue> all() {
    List<ChartValue> all = new ArrayList<>();
    all.add(
        new ChartValue(
            "image.repository",
            "The image, whose entry point is the holdfast program.",
            "holdfast",
            pattern("^[A-Za-z0-9][A-Za-z0-9._:/-]{0,400}$")));
    all.add(
        new ChartValue(
            "image.tag",
            "Its tag; the version of the chart where there is none.",
            "",
            pattern("^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$|^$")));
    all.add(
        new ChartValue(
            "image.pullPolicy",
            "When a node fetches the image.",
            "IfNotPresent",
            oneOf("Always", "IfNotPresent", "Never")));
    all.add(
        new ChartValue(
            "imagePullSecrets",
            "Secrets with which nodes fetch it, such as [{name: registry}].",
            List.of(),
            type("array")));
    all.add(
        new ChartValue(
            "servicesNamespace",
            "The namespace whose services are served; that of the release where there is none.",
            "",
            pattern(NAME + "|^$")));
    for (ServingProgram program : ServingProgram.values()) {
      addOf(program, all);
    }
    return all;
  }

  private static void addOf(ServingProgram program, List<ChartValue> all) {
    String prefix = program.command() + ".";
    boolean gateway = program == ServingProgram.GATEWAY;
    all.add(
        new ChartValue(
            prefix + "enabled",
            gateway
                ? "Whether there is a gateway: one address for all services."
                : "Whether there is a control plane: the services by xDS.",
            gateway,
            type("boolean")));
    all.add(
        new ChartValue(
            prefix + "replicas",
            "How many pods there are.",
            DeploymentOptions.REPLICAS,
            atLeast(1, Integer.MAX_VALUE)));
    all.add(
        new ChartValue(
            prefix + "serviceAccount",
            "The name of their ServiceAccount; RELEASE-" + program.command() + " by default.",
            "",
            pattern(NAME + "|^$")));
    all.add(
        new ChartValue(
            prefix + "tlsSecret",
            "The Secret (of type kubernetes.io/tls) with certificate and key; plaintext without.",
            "",
            pattern(NAME + "|^$")));
    all.add(
        new ChartValue(
            prefix + "drainSeconds",
            "How long streams may go on when a pod ends; its grace period is 30 s longer.",
            program.drainSeconds(),
            atLeast(0, Math.toIntExact(program.longestDrain().toSeconds()))));
    all.add(
        new ChartValue(
            prefix + "config",
            program.configFile().name() + ", followed as it changes.",
            program.configFile().initial(),
            type("string")));
    addOfPods(prefix, all);
  }

  private static void addOfPods(String prefix, List<ChartValue> all) {
    all.add(
        new ChartValue(
            prefix + "service.type",
            "How clients reach the Service.",
            "ClusterIP",
            oneOf("ClusterIP", "NodePort", "LoadBalancer")));
    all.add(
        new ChartValue(
            prefix + "service.annotations",
            "Annotations of the Service, such as those of a cloud's load balancer.",
            Map.of(),
            type("object")));
    all.add(
        new ChartValue(
            prefix + "resources",
            "Requests and limits. The JVM takes its heap and its threads from the limits.",
            ServingPodSpec.RESOURCES,
            type("object")));
    all.add(
        new ChartValue(
            prefix + "podAnnotations", "Further annotations of pods.", Map.of(), type("object")));
    all.add(
        new ChartValue(
            prefix + "nodeSelector", "Labels of the nodes for pods.", Map.of(), type("object")));
    all.add(
        new ChartValue(
            prefix + "tolerations", "Taints of nodes that pods bear.", List.of(), type("array")));
    all.add(
        new ChartValue(
            prefix + "affinity",
            "Rules of scheduling beside the spread.",
            Map.of(),
            type("object")));
    all.add(
        new ChartValue(prefix + "env", "Further environment variables.", List.of(), type("array")));
    Map<String, Object> words = type("array");
    words.put("items", type("string"));
    all.add(
        new ChartValue(prefix + "extraArgs", "Further options of the command.", List.of(), words));
  }

  /** The keys of the path. */
  List<String> keys() {
    return List.of(path.split("\\.", -1));
  }

  /** The schema with the description. */
  Map<String, Object> describedSchema() {
    Map<String, Object> described = new LinkedHashMap<>();
    described.put("description", description);
    described.putAll(schema);
    return described;
  }

  private static Map<String, Object> type(String type) {
    Map<String, Object> schema = new LinkedHashMap<>();
    schema.put("type", type);
    return schema;
  }

  private static Map<String, Object> pattern(String pattern) {
    Map<String, Object> schema = type("string");
    schema.put("pattern", pattern);
    return schema;
  }

  private static Map<String, Object> oneOf(String... values) {
    Map<String, Object> schema = type("string");
    schema.put("enum", List.of(values));
    return schema;
  }

  private static Map<String, Object> atLeast(int least, int most) {
    Map<String, Object> schema = type("integer");
    schema.put("minimum", least);
    schema.put("maximum", most);
    return schema;
  }
}
