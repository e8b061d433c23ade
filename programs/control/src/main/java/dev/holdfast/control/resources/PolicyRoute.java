package dev.holdfast.control.resources;

import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * A route for some calls. A call takes the first route that matches; a call without a match follows
 * the service's own split.
 *
 * @param path which methods; all when empty
 * @param headers what all of these headers must be; any when empty
 * @param percent which part of the calls that fit; the others go on to the next route
 * @param to how they are divided; to all instances when it divides nothing
 * @param timeout in place of the service's
 */
public record PolicyRoute(
    Optional<PathRule> path,
    List<HeaderRule> headers,
    Percent percent,
    TrafficSplit to,
    Optional<Duration> timeout) {

  public PolicyRoute {
    headers = List.copyOf(headers);
  }
}
