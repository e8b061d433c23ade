package dev.holdfast.core.discovery;

import dev.holdfast.core.EndpointSet;
import dev.holdfast.core.HostPort;
import dev.holdfast.core.annotation.PureCore;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * The endpoints that a wiped store lost and that nobody has registered again.
 *
 * <p>They stay in use for a grace time that runs only while the store can be followed and is not
 * empty. An empty store has not heard from any instance yet. If the store stays empty for {@value
 * #EMPTY_GRACES} grace times, the endpoints are dropped.
 */
@PureCore
final class PostWipeEndpoints {
  static final int EMPTY_GRACES = 30;

  private final long graceNanos;
  private EndpointSet list = EndpointSet.EMPTY;
  private long sinceNanos;
  private boolean running;
  private boolean empty;

  PostWipeEndpoints(Duration grace) {
    this.graceNanos = grace.toNanos();
  }

  /** Keeps these endpoints, which the store lost; the grace time has not begun. */
  void remember(EndpointSet lost) {
    list = lost;
    running = false;
  }

  /**
   * Stops the grace time while the store can't be followed. The grace time begins anew afterwards.
   */
  void pause() {
    running = false;
  }

  /**
   * The store, which can be followed, holds this now.
   *
   * @return whether the grace time is over, and with it the wait for those that did not come back
   */
  boolean settle(long nowNanos, EndpointSet said) {
    if (list.isEmpty()) {
      return false;
    }
    list =
        EndpointSet.of(list.endpoints().stream().filter(e -> !said.contains(e.address())).toList());
    if (!running || empty != said.isEmpty()) {
      running = true;
      empty = said.isEmpty();
      sinceNanos = nowNanos;
    } else if (!list.isEmpty() && nowNanos - sinceNanos - timeNanos() >= 0) {
      list = EndpointSet.EMPTY;
      return true;
    }
    return false;
  }

  EndpointSet list() {
    return list;
  }

  boolean isEmpty() {
    return list.isEmpty();
  }

  boolean contains(HostPort address) {
    return list.contains(address);
  }

  /** When the grace time ends, if it runs. */
  @Nullable Long endsNanos() {
    return running && !list.isEmpty() ? sinceNanos + timeNanos() : null;
  }

  private long timeNanos() {
    return empty ? EMPTY_GRACES * graceNanos : graceNanos;
  }
}
