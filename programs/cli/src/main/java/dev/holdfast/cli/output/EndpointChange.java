package dev.holdfast.cli.output;

import dev.holdfast.core.Endpoint;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A change of one property of one endpoint, or its arrival or removal.
 *
 * @param kind the kind of change
 * @param endpoint the endpoint after the change; when it was removed, its last state
 * @param cause the reason, as far as the record tells it
 */
public record EndpointChange(EndpointChangeKind kind, Endpoint endpoint, String cause) {

  /** The kinds of change of an endpoint. */
  public enum EndpointChangeKind {
    /** The endpoint was in the first list of the watch. */
    PRESENT,
    /** The endpoint was not in the previous list. */
    ADDED,
    /** The record of the endpoint is gone. */
    REMOVED,
    /** Another process answers at its address. */
    RESTARTED,
    /** The endpoint drains and is about to leave. */
    DRAINING,
    /** The endpoint no longer drains and stays. */
    STAYING,
    /** The endpoint is ready for calls again. */
    READY,
    /** The endpoint is not ready for calls. */
    UNREADY,
    /** The weight of the endpoint changed. */
    WEIGHT,
    /** The zone of the endpoint changed. */
    ZONE,
    /** The metadata of the endpoint changed. */
    METADATA
  }

  /** An endpoint of the first list. */
  public static EndpointChange present(Endpoint endpoint) {
    return new EndpointChange(EndpointChangeKind.PRESENT, endpoint, "known when the watch began");
  }

  /**
   * The changes between two states of an address; null stands for no record. Empty when the states
   * are equal.
   */
  public static List<EndpointChange> between(@Nullable Endpoint before, @Nullable Endpoint after) {
    if (before == null) {
      return after == null
          ? List.of()
          : List.of(
              new EndpointChange(EndpointChangeKind.ADDED, after, "registered" + unusual(after)));
    }
    if (after == null) {
      String cause = before.draining() ? "drained" : "lost: deleted, or its lease ran out";
      return List.of(new EndpointChange(EndpointChangeKind.REMOVED, before, cause));
    }
    return properties(before, after);
  }

  private static List<EndpointChange> properties(Endpoint before, Endpoint after) {
    List<EndpointChange> changes = new ArrayList<>();
    if (!before.instance().equals(after.instance())) {
      changes.add(
          new EndpointChange(
              EndpointChangeKind.RESTARTED, after, "another process at this address"));
    }
    if (before.draining() != after.draining()) {
      EndpointChangeKind endpointChangeKind =
          after.draining() ? EndpointChangeKind.DRAINING : EndpointChangeKind.STAYING;
      changes.add(
          new EndpointChange(
              endpointChangeKind, after, after.draining() ? "about to leave" : "stays after all"));
    }
    if (before.ready() != after.ready()) {
      EndpointChangeKind endpointChangeKind =
          after.ready() ? EndpointChangeKind.READY : EndpointChangeKind.UNREADY;
      changes.add(new EndpointChange(endpointChangeKind, after, "its owner says so"));
    }
    if (before.weight() != after.weight()) {
      changes.add(
          new EndpointChange(
              EndpointChangeKind.WEIGHT, after, before.weight() + " -> " + after.weight()));
    }
    if (!before.zone().equals(after.zone())) {
      String cause = "\"" + before.zone() + "\" -> \"" + after.zone() + "\"";
      changes.add(
          new EndpointChange(EndpointChangeKind.ZONE, after, EndpointText.printable(cause)));
    }
    if (!before.metadata().equals(after.metadata())) {
      String cause = before.metadata() + " -> " + after.metadata();
      changes.add(
          new EndpointChange(EndpointChangeKind.METADATA, after, EndpointText.printable(cause)));
    }
    return changes;
  }

  private static String unusual(Endpoint endpoint) {
    return endpoint.isEligible() ? "" : ", " + EndpointText.state(endpoint);
  }
}
