package dev.holdfast.core;

import java.util.List;

/**
 * A factory of registries for one URI scheme; found by {@link java.util.ServiceLoader}.
 *
 * <p>Before {@link #open} the caller has checked the parameters of the URI against {@link
 * #uriParameters()}.
 */
public interface RegistryProvider {

  /** The scheme, such as {@code etcd}. */
  String scheme();

  /** An example target as a user would write it, for documents and error messages. */
  String example();

  /** Every query parameter that its URIs may have. The table in the docs is made from this. */
  List<UriParameter> uriParameters();

  /**
   * Opens a registry. Nothing is connected yet, and nothing blocks.
   *
   * @throws IllegalArgumentException when the URI makes no sense, naming the part and what was
   *     expected
   */
  Registry open(RegistryUri uri, RegistryContext context);

  /**
   * A query parameter of a registry URI.
   *
   * @param name as written in the URI
   * @param expected the values it takes, with their range
   * @param defaultValue what holds without it, as text
   * @param meaning one sentence
   */
  record UriParameter(String name, String expected, String defaultValue, String meaning) {}
}
