package dev.holdfast.cli.demo.registry;

import dev.holdfast.cli.Secrets;
import dev.holdfast.cli.UserError;
import dev.holdfast.cli.demo.process.RunDirectory;
import dev.holdfast.core.RegistryUri;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The registry that the user chose for the demo. Parsing has no side effects; opening starts it.
 */
public interface RegistryChoice {

  /** Starts or reaches the registry; what it needs on disk is inside the scratch folder. */
  DemoRegistry open(RunDirectory runDirectory) throws IOException, InterruptedException;

  /**
   * Understands the value of {@code --registry}.
   *
   * @throws UserError when it names nothing that instances can register in
   */
  static RegistryChoice parse(String text) {
    if (text.equals("file")) {
      return runDirectory -> DemoFileRegistry.inside(runDirectory.directory());
    }
    if (text.equals("etcd:start")) {
      return DemoManagedEtcd::start;
    }
    RegistryUri uri = uri(text);
    return switch (uri.scheme()) {
      case "file" -> inDirectory(uri);
      case "etcd" -> runDirectory -> DemoExternalEtcd.open(uri);
      default -> throw unknown(text);
    };
  }

  private static RegistryUri uri(String text) {
    if (!text.contains("://")) {
      throw unknown(text);
    }
    Secrets.refuseOnCommandLine("registry", text);
    try {
      return RegistryUri.parse(text);
    } catch (IllegalArgumentException e) {
      throw UserError.usage(String.valueOf(e.getMessage()));
    }
  }

  private static RegistryChoice inDirectory(RegistryUri uri) {
    Path parent = Path.of("/" + uri.namespace());
    return runDirectory -> {
      if (!Files.isDirectory(parent)) {
        throw UserError.usage("registry: " + uri + " (expected: a directory that exists)");
      }
      return DemoFileRegistry.inside(parent);
    };
  }

  private static UserError unknown(String text) {
    return UserError.usage(
        "registry: \""
            + Secrets.redact(text)
            + "\" (expected: file, etcd:start, etcd://HOST:PORT/NAMESPACE or file:///DIRECTORY)");
  }
}
