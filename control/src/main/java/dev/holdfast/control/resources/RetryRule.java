package dev.holdfast.control.resources;

import java.time.Duration;
import java.util.List;

/**
 * Which calls clients send again, and when. Only methods that are named: a call that may have
 * reached a server is sent again only when its owner says that this does no harm.
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
