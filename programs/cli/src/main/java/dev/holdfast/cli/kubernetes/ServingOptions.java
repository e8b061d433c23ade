package dev.holdfast.cli.kubernetes;

import dev.holdfast.cli.UserError;
import dev.holdfast.cli.kubernetes.manifest.ManifestYaml;
import dev.holdfast.core.DurationText;
import dev.holdfast.core.IoErrorText;
import dev.holdfast.core.annotation.Limit;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
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
  @Limit(
      of = "the file that a printed ConfigMap holds",
      then = "the manifest is refused; the API server takes at most 1 MiB")
  private static final int MAX_CONFIG_BYTES = 1_000_000;

  private static final Duration JUST_BELOW_A_SECOND = Duration.ofMillis(999);

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

  @Option(
      names = "--drain",
      paramLabel = "DURATION",
      description =
          "How long streams may go on when a pod ends; 5m of gateways, 5s of control planes by"
              + " default.")
  private @Nullable String drain;

  /**
   * The manifests of a program with these options.
   *
   * @param config the file for the ConfigMap; null for the program's initial one
   */
  ManifestText manifest(ServingProgram program, @Nullable Path config) {
    ManifestText text = new ManifestText();
    new ServingModel(program, values(program, config))
        .objects()
        .forEach(object -> text.with(ManifestYaml.plain(object)));
    return text;
  }

  private ServingValues values(ServingProgram program, @Nullable Path config) {
    String app = name == null ? "holdfast-" + program.command() : ManifestText.label("name", name);
    String home = deployment.namespace();
    String services =
        servicesNamespace == null
            ? ""
            : ManifestText.label("services-namespace", servicesNamespace);
    return new ServingValues(
        app,
        home,
        services,
        deployment.account(app),
        deployment.image(),
        deployment.replicas(),
        Optional.ofNullable(tlsSecret).map(secret -> ManifestText.label("tls-secret", secret)),
        drain == null ? program.drainSeconds() : seconds(program, drain),
        config == null ? program.configFile().initial() : text(program, config));
  }

  private static int seconds(ServingProgram program, String text) {
    Duration duration = DurationText.parse("drain", text, Duration.ZERO, program.longestDrain());
    return Math.toIntExact(duration.plus(JUST_BELOW_A_SECOND).toSeconds());
  }

  private static String text(ServingProgram program, Path file) {
    String option = program == ServingProgram.GATEWAY ? "gateway-config" : "policy";
    try {
      if (Files.size(file) > MAX_CONFIG_BYTES) {
        throw UserError.usage(
            option + ": " + file + " (expected: at most " + MAX_CONFIG_BYTES + " bytes)");
      }
      return Files.readString(file);
    } catch (IOException e) {
      throw UserError.usage(
          option + ": " + file + ": " + IoErrorText.of(e) + " (expected: a file)");
    }
  }
}
