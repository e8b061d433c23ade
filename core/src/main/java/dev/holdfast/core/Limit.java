package dev.holdfast.core;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * Marks a constant that bounds what a peer, a file or a failure could make grow: a queue, a list, a
 * buffer, a number of tries, a wait.
 *
 * <p>docs/limits.md is made from these, so each says what it bounds and what happens there. It
 * stands on static constants of type {@code int}, {@code long} (bytes when the name ends so) and
 * {@link java.time.Duration}.
 */
@Documented
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.FIELD)
public @interface Limit {
  /** What is bounded, in a few words. */
  String of();

  /** What happens at the limit. */
  String then();
}
