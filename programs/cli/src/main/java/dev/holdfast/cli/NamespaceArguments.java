package dev.holdfast.cli;

import dev.holdfast.core.Registry;
import dev.holdfast.core.RegistryUri;
import dev.holdfast.core.ServiceName;

/** The conversion of command arguments to namespaces. */
public final class NamespaceArguments {
  private NamespaceArguments() {}

  /**
   * A namespace inside another; slashes at its ends don't count.
   *
   * @throws IllegalArgumentException when it is malformed
   */
  public static String join(String outer, String given) {
    String inner = given.replaceAll("^/+|/+$", "");
    String whole = outer.isEmpty() || inner.isEmpty() ? outer + inner : outer + "/" + inner;
    // Only a service name knows what a namespace may look like.
    return ServiceName.of(whole, "any").namespace();
  }

  /**
   * Refuses a registry that can't list.
   *
   * @throws UserError saying what to do instead
   */
  public static void requireListable(Registry registry, RegistryUri uri) {
    if (!registry.capabilities().contains(Registry.Capability.NAMES)) {
      throw UserError.failed(
          "registry: "
              + uri.scheme()
              + " can't list the services of a namespace (expected: a registry that can, or the"
              + " name of one service)");
    }
  }
}
