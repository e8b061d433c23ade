package dev.holdfast.control.xds;

import java.util.Map;
import java.util.Optional;

/**
 * What a stream has of one type, for people who look at it.
 *
 * @param all whether it asked for all there are
 * @param resources by name, all that it asked for or was given
 * @param awaited whether the last response was not answered yet
 * @param rejection the client's words when it rejected the last response; empty when it did not
 */
public record SubscriptionView(
    ResourceType type,
    boolean all,
    Map<String, Holding> resources,
    boolean awaited,
    Optional<String> rejection) {
  public SubscriptionView {
    resources = Map.copyOf(resources);
  }

  /** How a client stands to one resource. */
  public enum Standing {
    /** Asked for, and not answered: nothing is known of it yet. */
    REQUESTED,
    /** Asked for, and it does not exist. */
    ABSENT,
    /** Sent, and not answered yet. */
    SENT,
    /** In use. */
    ACCEPTED,
    /** Sent in a response that was rejected. */
    REJECTED
  }

  /**
   * One resource at a client.
   *
   * @param version the last one that was sent; "" when none was
   */
  public record Holding(Standing standing, String version) {}
}
