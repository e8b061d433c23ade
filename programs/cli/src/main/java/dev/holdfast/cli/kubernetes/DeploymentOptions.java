package dev.holdfast.cli.kubernetes;

import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The options of every manifest with a Deployment, checked when they are asked for. */
// picocli fills the fields.
@SuppressWarnings({"FieldMayBeFinal", "FieldCanBeFinal"})
final class DeploymentOptions {
  @Option(
      names = "--namespace",
      required = true,
      paramLabel = "NAMESPACE",
      description = "Where its pods run.")
  private String namespace = "";

  @Option(
      names = "--image",
      required = true,
      paramLabel = "IMAGE",
      description = "The image of its pods.")
  private String image = "";

  @Option(
      names = "--service-account",
      paramLabel = "NAME",
      description = "The account of its pods; by default called as the Deployment.")
  private @Nullable String account;

  @Option(names = "--replicas", paramLabel = "COUNT", description = "How many pods (2).")
  private int replicas = 2;

  String namespace() {
    return ManifestText.label("namespace", namespace);
  }

  String image() {
    return ManifestText.image(image);
  }

  /** The account of a Deployment of this name. */
  String account(String deployment) {
    return ManifestText.label("service-account", account == null ? deployment : account);
  }

  int replicas() {
    return ManifestText.replicas(replicas);
  }

  /**
   * The manifest of a Deployment as YAML.
   *
   * @param app the name of the Deployment
   * @param pod further lines of the pod spec, before its containers
   * @param containers the lines of the containers, and those of the pod spec that follow them
   */
  String yaml(String app, String pod, String containers) {
    return """
    apiVersion: apps/v1
    kind: Deployment
    metadata:
      name: %1$s
      namespace: %2$s
      labels:
        app.kubernetes.io/name: %1$s
    spec:
      replicas: %3$d
      selector:
        matchLabels:
          app.kubernetes.io/name: %1$s
      template:
        metadata:
          labels:
            app.kubernetes.io/name: %1$s
        spec:
          serviceAccountName: %4$s
    %5$s      securityContext:
            runAsNonRoot: true
            seccompProfile:
              type: RuntimeDefault
          containers:
    %6$s\
    """
        .formatted(app, namespace(), replicas(), account(app), pod, containers);
  }
}
