package dev.holdfast.bench.registry;

import dev.holdfast.core.Endpoint;
import dev.holdfast.core.EndpointSet;
import dev.holdfast.core.EndpointsListener;
import dev.holdfast.core.RegistryException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * The gaps during which a follower's list lacks a live endpoint. Counting starts with {@link
 * #begin}. Thread-safe.
 */
public final class MissingEndpoints implements EndpointsListener {
  /** Gap in a list: its beginning, its length, and how many endpoints were missing at most. */
  public record Gap(long fromNanos, long nanos, int most) {}

  private final Set<String> living;
  private final List<Gap> gaps = new ArrayList<>();
  private EndpointSet list = EndpointSet.EMPTY;
  private boolean counting;
  private long sinceNanos;
  private int most;

  public MissingEndpoints(Set<String> living) {
    this.living = Set.copyOf(living);
  }

  @Override
  public synchronized void onEndpoints(EndpointSet endpoints) {
    list = endpoints;
    look(System.nanoTime());
  }

  @Override
  public void onFailure(RegistryException cause) {
    // What counts is the list.
  }

  /** Starts to count missing endpoints as gaps. */
  public synchronized void begin() {
    counting = true;
    look(System.nanoTime());
  }

  /** Ends the count; a gap that is open ends now. */
  public synchronized void end() {
    long nowNanos = System.nanoTime();
    if (most > 0) {
      gaps.add(new Gap(sinceNanos, nowNanos - sinceNanos, most));
    }
    most = 0;
    counting = false;
  }

  /** The endpoints that are missing now. */
  public synchronized Set<String> missing() {
    Set<String> missing = new HashSet<>(living);
    for (Endpoint endpoint : list.eligible()) {
      missing.remove(endpoint.address().toString());
    }
    return missing;
  }

  public synchronized List<Gap> gaps() {
    return List.copyOf(gaps);
  }

  /** The total duration of all gaps, in seconds. */
  public synchronized double seconds() {
    return gaps.stream().mapToLong(Gap::nanos).sum() / 1e9;
  }

  private void look(long nowNanos) {
    if (!counting) {
      return;
    }
    int missing = missing().size();
    if (missing > 0 && most == 0) {
      sinceNanos = nowNanos;
    } else if (missing == 0 && most > 0) {
      gaps.add(new Gap(sinceNanos, nowNanos - sinceNanos, most));
      most = 0;
    }
    if (missing > 0) {
      most = Math.max(most, missing);
    }
  }
}
