package dev.holdfast.gateway.route;

import org.jspecify.annotations.Nullable;

/** The parts of a request that decide its route. Valid only during the lookup. */
public interface RequestHead {
  /**
   * The path in normal form ({@link PathNormalization}) with its query, such as {@code
   * /pkg.Service/Method}; "" when absent.
   */
  CharSequence path();

  /** The authority or host, with its port if it was sent; "" when absent. */
  CharSequence authority();

  /** The first value of a header by its lower-case name; null when absent. */
  @Nullable CharSequence header(CharSequence name);
}
