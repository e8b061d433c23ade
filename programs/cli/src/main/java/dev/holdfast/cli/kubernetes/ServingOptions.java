package dev.holdfast.cli.kubernetes;

import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/**
 * The options of pods that serve the services of a namespace. Values are checked when they are
 * read.
 */
// picocli fills the fields.
@SuppressWarnings({"FieldMayBeFinal", "FieldCanBeFinal"})
final class ServingOptions {
  @Mixin private final DeploymentOptions deployment = new DeploymentOptions();

  @Option(
      names = "--services-namespace",
      paramLabel = "NAMESPACE",
      description = "The namespace whose services they serve; by default the same.")
  private @Nullable String servicesNamespace;

  @Option(
      names = "--name",
      paramLabel = "NAME",
      description =
          "What the Deployment and the Service are called; by default holdfast- and what they are.")
  private @Nullable String name;

  @Option(
      names = "--tls-secret",
      paramLabel = "NAME",
      description = "The Secret with tls.crt and tls.key; plaintext without.")
  private @Nullable String tlsSecret;

  DeploymentOptions deployment() {
    return deployment;
  }

  String name(String program) {
    return name == null ? "holdfast-" + program : ManifestText.label("name", name);
  }

  String servicesNamespace() {
    return servicesNamespace == null ? deployment.namespace() : servicesNamespace;
  }

  Optional<String> tlsSecret() {
    return Optional.ofNullable(tlsSecret).map(secret -> ManifestText.label("tls-secret", secret));
  }
}
