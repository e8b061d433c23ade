package dev.holdfast.core;

/**
 * A value that a user may set: what it is called, which values it takes and what holds without it.
 *
 * <p>An options class keeps its tunables as constants; it validates by them and takes its defaults
 * from them, and the tables in the documents are made from them, so none of the three can drift.
 */
public interface Tunable {
  /** The name as a user writes it. */
  String key();

  /** The values it takes, with their range. */
  String expected();

  /** What holds when nobody sets it, as text; "" when there is nothing to say. */
  String defaultText();

  /** One sentence for the documents. */
  String meaning();

  /** The same as a query parameter of a registry's URI. */
  default RegistryProvider.Parameter parameter() {
    return new RegistryProvider.Parameter(key(), expected(), defaultText(), meaning());
  }
}
