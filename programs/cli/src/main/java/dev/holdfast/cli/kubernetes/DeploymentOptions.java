package dev.holdfast.cli.kubernetes;

import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The options of every manifest with a Deployment, checked when they are asked for. */
// picocli fills the fields.
@SuppressWarnings({"FieldMayBeFinal", "FieldCanBeFinal"})
final class DeploymentOptions {
  /** How many pods there are by default: one may go while another serves. */
  static final int REPLICAS = 2;

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
  private int replicas = REPLICAS;

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
}
