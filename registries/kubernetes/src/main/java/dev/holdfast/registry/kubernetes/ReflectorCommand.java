package dev.holdfast.registry.kubernetes;

import java.time.Duration;
import java.util.Set;

/** A command that the owner of a {@link Reflector} executes. */
sealed interface ReflectorCommand {

  /** Ask for a page; {@code version} and {@code next} as in {@link ApiTransport.ApiListRequest}. */
  record ListPage(long ticket, String version, String next) implements ReflectorCommand {}

  /** Open a watch from this version on, which the server ends after the timeout. */
  record StartWatch(long ticket, String version, Duration timeout) implements ReflectorCommand {}

  /** Give up what was asked for under this ticket; {@code doubted} when nobody answered. */
  record CancelRequest(long ticket, boolean unresponsive) implements ReflectorCommand {}

  /** Show the slices of these services, or of all when a whole list was read. */
  record Publish(Set<String> services, boolean all) implements ReflectorCommand {}

  /** The slices that were published last are still right. */
  record Confirm() implements ReflectorCommand {}

  /** Say that the slices can't be followed now. */
  record Report(ApiFailure failure) implements ReflectorCommand {}
}
