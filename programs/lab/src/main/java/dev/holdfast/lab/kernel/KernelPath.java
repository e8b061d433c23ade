package dev.holdfast.lab.kernel;

import dev.holdfast.core.annotation.Limit;
import dev.holdfast.lab.PathFaults.IdleAction;
import java.time.Duration;

/**
 * The configuration of a {@link KernelLab}'s router.
 *
 * @param idleTimeout of established connections, whole seconds, 1 s to 5 days: the kernel's unit
 * @param action DROP or RESET for packets of a connection that the router has dropped
 * @param endpoints number of server addresses behind the router, 1 to {@value #MAX_ENDPOINTS}
 */
public record KernelPath(Duration idleTimeout, IdleAction action, int endpoints) {
  /** The largest number of server addresses. */
  @Limit(of = "addresses of servers behind the kernel lab", then = "more are refused")
  public static final int MAX_ENDPOINTS = 9;

  @Limit(
      of = "idle timeout of the kernel lab, which is the kernel's default",
      then = "a longer one is refused")
  private static final Duration MAX_TIMEOUT = Duration.ofDays(5);

  public KernelPath {
    if (idleTimeout.toSeconds() < 1
        || idleTimeout.toNanosPart() != 0
        || idleTimeout.compareTo(MAX_TIMEOUT) > 0) {
      throw new IllegalArgumentException(
          "idleTimeout: " + idleTimeout + " (expected: whole seconds, 1s to 5 days)");
    }
    if (action != IdleAction.DROP && action != IdleAction.RESET) {
      throw new IllegalArgumentException("action: " + action + " (expected: DROP or RESET)");
    }
    if (endpoints < 1 || endpoints > MAX_ENDPOINTS) {
      throw new IllegalArgumentException(
          "endpoints: " + endpoints + " (expected: 1 to " + MAX_ENDPOINTS + ")");
    }
  }

  /** A router with one server behind it. */
  public static KernelPath of(Duration idleTimeout, IdleAction action) {
    return new KernelPath(idleTimeout, action, 1);
  }
}
