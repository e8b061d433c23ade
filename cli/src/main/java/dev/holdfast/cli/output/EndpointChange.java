package dev.holdfast.cli.output;

import dev.holdfast.core.Endpoint;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One thing that changed about one endpoint.
 *
 * @param kind what happened
 * @param endpoint as it is now; as it was, when it was removed
 * @param cause why, as far as the record tells
 */
public record EndpointChange(Kind kind, Endpoint endpoint, String cause) {

  /** What may happen to an endpoint. */
  public enum Kind {
    /** It was there when the watch began. */
    PRESENT,
    /** It is new. */
    ADDED,
    /** Its record is gone. */
    REMOVED,
    /** Another process answers at its address. */
    RESTARTED,
    /** It is about to leave. */
    DRAINING,
    /** It stays after all. */
    STAYING,
    /** It takes calls again. */
    READY,
    /** It takes no calls for now. */
    UNREADY,
    /** Its weight is another. */
    WEIGHT,
    /** Its zone is another. */
    ZONE,
    /** Its metadata are others. */
    METADATA
  }

  /** An endpoint of the first list. */
  public static EndpointChange present(Endpoint endpoint) {
    return new EndpointChange(Kind.PRESENT, endpoint, "known when the watch began");
  }

  /** What lies between two states of an address; null stands for no record. Empty when nothing. */
  public static List<EndpointChange> between(@Nullable Endpoint before, @Nullable Endpoint after) {
    if (before == null) {
      return after == null
          ? List.of()
          : List.of(new EndpointChange(Kind.ADDED, after, "registered" + unusual(after)));
    }
    if (after == null) {
      String cause = before.draining() ? "drained" : "lost: deleted, or its lease ran out";
      return List.of(new EndpointChange(Kind.REMOVED, before, cause));
    }
    return properties(before, after);
  }

  private static List<EndpointChange> properties(Endpoint before, Endpoint after) {
    List<EndpointChange> changes = new ArrayList<>();
    if (!before.instance().equals(after.instance())) {
      changes.add(new EndpointChange(Kind.RESTARTED, after, "another process at this address"));
    }
    if (before.draining() != after.draining()) {
      Kind kind = after.draining() ? Kind.DRAINING : Kind.STAYING;
      changes.add(
          new EndpointChange(kind, after, after.draining() ? "about to leave" : "stays after all"));
    }
    if (before.ready() != after.ready()) {
      Kind kind = after.ready() ? Kind.READY : Kind.UNREADY;
      changes.add(new EndpointChange(kind, after, "its owner says so"));
    }
    if (before.weight() != after.weight()) {
      changes.add(
          new EndpointChange(Kind.WEIGHT, after, before.weight() + " -> " + after.weight()));
    }
    if (!before.zone().equals(after.zone())) {
      String cause = "\"" + before.zone() + "\" -> \"" + after.zone() + "\"";
      changes.add(new EndpointChange(Kind.ZONE, after, EndpointText.printable(cause)));
    }
    if (!before.metadata().equals(after.metadata())) {
      String cause = before.metadata() + " -> " + after.metadata();
      changes.add(new EndpointChange(Kind.METADATA, after, EndpointText.printable(cause)));
    }
    return changes;
  }

  private static String unusual(Endpoint endpoint) {
    return endpoint.isEligible() ? "" : ", " + EndpointText.state(endpoint);
  }
}
