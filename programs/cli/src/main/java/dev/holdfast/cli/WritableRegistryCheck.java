package dev.holdfast.cli;

import dev.holdfast.core.Registry;
import dev.holdfast.core.RegistryUri;

/** The check that a registry accepts registrations. */
final class WritableRegistryCheck {
  private WritableRegistryCheck() {}

  /**
   * Refuses a registry that can only be read.
   *
   * @throws UserError naming those that can be written to
   */
  static void require(Registry registry, RegistryUri uri) {
    if (!registry.capabilities().contains(Registry.Capability.ANNOUNCE)) {
      throw UserError.failed(
          "registry: " + uri.scheme() + " can't be written to (expected: etcd or file)");
    }
  }
}
