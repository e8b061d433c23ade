package dev.holdfast.registry.file;

import dev.holdfast.core.Registry;
import dev.holdfast.core.RegistryContext;
import dev.holdfast.core.RegistryProvider;
import dev.holdfast.core.RegistryUri;
import java.util.List;

/**
 * The provider of registries in directories: {@code file:///var/lib/holdfast/prod}.
 *
 * <p>The path is the namespace, a service is a directory in it, and an instance is a file in that.
 * Needs no installation; suits one host, or a few that share a file system.
 */
public final class FileRegistryProvider implements RegistryProvider {
  static final String SCHEME = "file";

  @Override
  public String scheme() {
    return SCHEME;
  }

  @Override
  public String example() {
    return "file:///var/lib/holdfast/prod/orders";
  }

  @Override
  public List<UriParameter> uriParameters() {
    return FileOptions.PARAMETERS;
  }

  @Override
  public Registry open(RegistryUri uri, RegistryContext context) {
    if (!uri.authority().isEmpty() || !uri.userInfo().isEmpty()) {
      throw new IllegalArgumentException(
          "registry: \"" + uri + "\" (expected: file:/// with three slashes and an absolute path)");
    }
    return new FileRegistry(uri, FileOptions.of(uri), context);
  }
}
