package dev.holdfast.control.resources;

import java.time.Duration;
import java.util.List;

/**
 * The retry policy of a service. Only methods that are named are retried: a call that may have
 * reached a server is repeated only when the method's owner declares it safe.
 *
 * @param methods those that may be repeated
 * @param on the status codes after which they are, as xDS spells them
 * @param attempts how often a call is sent at most, the first time included
 * @param backoff the longest pause before the first repetition; it doubles
 * @param maxBackoff what the pause never exceeds
 */
public record RetryRule(
    List<PathRule> methods, List<String> on, int attempts, Duration backoff, Duration maxBackoff) {

  public RetryRule {
    methods = List.copyOf(methods);
    on = List.copyOf(on);
  }
}
