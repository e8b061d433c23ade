package dev.holdfast.core;

/**
 * A setting of an options class: its key, its valid values and its default.
 *
 * <p>An options class keeps its tunables as constants, validates with them and takes its defaults
 * from them. The tables in the documents are generated from them too.
 */
public interface Tunable {
  /** The name as a user writes it. */
  String key();

  /** The values it takes, with their range. */
  String expected();

  /** The default as text; "" when there is none to show. */
  String defaultText();

  /** A sentence about the setting, for the documents. */
  String meaning();

  /** The same as a query parameter of a registry's URI. */
  default RegistryProvider.UriParameter uriParameter() {
    return new RegistryProvider.UriParameter(key(), expected(), defaultText(), meaning());
  }
}
