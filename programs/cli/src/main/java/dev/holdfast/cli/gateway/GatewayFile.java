package dev.holdfast.cli.gateway;

import dev.holdfast.cli.RegistryOptions;
import dev.holdfast.cli.UserError;
import dev.holdfast.core.IoErrorText;
import dev.holdfast.core.RegistryUri;
import dev.holdfast.core.discovery.Registries;
import dev.holdfast.gateway.config.GatewayConfig;
import dev.holdfast.gateway.config.GatewayYaml;
import dev.holdfast.gateway.config.TlsFileLocation;
import dev.holdfast.yaml.FileWatch;
import dev.holdfast.yaml.YamlException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Set;

/** The configuration file of a gateway, with the command-line options that complete it. */
final class GatewayFile {
  /** The problem text for a valid configuration that has neither a registry nor a cluster. */
  static final String NO_CLUSTERS =
      "neither a registry nor a cluster, so no call can be answered (expected: registry or clusters"
          + " in the file, --registry URI or HOLDFAST_REGISTRY)";

  private final Path path;
  private final String zone;
  private final Registries registries;
  private final Optional<RegistryUri> registry;

  /**
   * A file that need not be there.
   *
   * @param zone where the gateway stands when the file does not say it
   */
  GatewayFile(Path path, RegistryOptions options, String zone) {
    this.path = path;
    this.zone = zone;
    this.registries = new Registries(options.context());
    this.registry = options.isNamed() ? Optional.of(options.uri()) : Optional.empty();
  }

  Path path() {
    return path;
  }

  /**
   * The text that stands there.
   *
   * @throws UserError when it can't be read
   * @throws YamlException when it is too long
   */
  String text() {
    try {
      return FileWatch.read(path);
    } catch (IOException e) {
      throw UserError.usage("config: " + path + ": " + IoErrorText.of(e) + " (expected: a file)");
    }
  }

  /**
   * Parses the text of the file.
   *
   * @throws YamlException with every problem
   */
  GatewayConfig parsed(String text) {
    return parsed(text, Set.of());
  }

  /**
   * Parses the text of the file for a running gateway.
   *
   * @param keys files of certificates, keys and the like that it uses
   */
  GatewayConfig parsed(String text, Set<Path> keys) {
    Path parent = path.getParent();
    TlsFileLocation place = TlsFileLocation.of(parent == null ? Path.of("") : parent).using(keys);
    GatewayConfig config =
        GatewayYaml.parse(path.toString(), text, registries::resolveTarget, registry, place);
    return config.zone().isEmpty() ? config.withZone(zone) : config;
  }
}
