package dev.holdfast.transcoding.internal.route;

import java.util.List;

/** Thrown when two bindings have the same paths, so that no precedence rule applies. */
public final class RouteConflictException extends IllegalArgumentException {
  private static final long serialVersionUID = 1L;

  private final transient List<String> owners;

  RouteConflictException(String httpMethod, String shape, List<String> owners) {
    super(
        "%s %s: asked for by %s (expected: one method)"
            .formatted(httpMethod, shape, String.join(" and ", owners)));
    this.owners = List.copyOf(owners);
  }

  /** Full names of the methods. */
  public List<String> owners() {
    return owners;
  }
}
