package dev.holdfast.core.annotation;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * Marks a constant that bounds something which a peer, a file, a setting or a failure could make
 * grow: a queue, a list, a buffer, a number of retries, a wait.
 *
 * <p>docs/limits.md is generated from these annotations. Valid on static constants of type {@code
 * int}, {@code long} (bytes when the name ends so) and {@link java.time.Duration}.
 */
@Documented
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.FIELD)
public @interface Limit {
  /** The bounded quantity, in a few words. */
  String of();

  /** The behaviour at the limit. */
  String then();
}
