package dev.holdfast.grpc.internal.resolver;

import dev.holdfast.core.ServiceTarget;
import dev.holdfast.core.discovery.Registries;

/**
 * A service and the registries of the process to look it up in.
 *
 * @param service where and what
 * @param registries opens the registry
 */
public record ResolvedTarget(ServiceTarget service, Registries registries) {
  private static final String DNS = "dns";
  private static final String SRV = "srv";

  /**
   * Understands a target, and opens its registry once to hear whether its parameters make sense.
   *
   * @throws IllegalArgumentException saying what was given and what was expected
   */
  public static ResolvedTarget parse(String target, Registries registries) {
    TargetSyntax.requireOnePort(target);
    ResolvedTarget resolved = new ResolvedTarget(registries.resolveTarget(target), registries);
    // Nothing is connected by opening: this only moves the error to where the target was written.
    registries.open(resolved.service.registry()).close();
    return resolved;
  }

  /**
   * The name that a server proves by its certificate: the host (with its port) for DNS, without the
   * labels of service and protocol for SRV, else the service.
   */
  String authority() {
    String name = service.service().name();
    return switch (service.registry().scheme()) {
      case DNS -> service.service().portName().map(port -> name + ":" + port).orElse(name);
      case SRV -> name.replaceFirst("^(_[^.]*\\.)+", "");
      default -> name;
    };
  }

  /** The service and the registry without secrets, for messages. */
  public String subject() {
    return service.toString();
  }
}
