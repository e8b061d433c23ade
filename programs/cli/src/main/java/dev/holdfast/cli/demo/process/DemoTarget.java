package dev.holdfast.cli.demo.process;

import dev.holdfast.core.RegistryUri;
import dev.holdfast.core.ServiceName;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.stream.Collectors;

/** The target URI that instances register as and clients call. */
public final class DemoTarget {
  private DemoTarget() {}

  /**
   * The service in the registry as one URI, its user included (passwords never come this far).
   *
   * @param service relative to the registry's namespace
   */
  public static String of(RegistryUri registry, ServiceName service) {
    String query =
        registry.parameters().entrySet().stream()
            .map(parameter -> parameter.getKey() + "=" + parameter.getValue())
            .collect(Collectors.joining("&"));
    String user = registry.userInfo().isEmpty() ? "" : registry.userInfo() + "@";
    String authority = user + registry.authority();
    try {
      // Quotes what a folder's name may hold and a URI may not, such as a blank.
      return new URI(
              registry.scheme(),
              authority.isEmpty() ? null : authority,
              "/" + service.inside(registry.namespace()).path(),
              query.isEmpty() ? null : query,
              null)
          .toASCIIString()
          .replaceFirst("^file:/(?!/)", "file:///");
    } catch (URISyntaxException e) {
      throw new IllegalArgumentException(
          "registry: \"" + registry + "\" (expected: parts that a URI can hold)", e);
    }
  }
}
