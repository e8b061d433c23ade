package dev.holdfast.lab.kubernetes;

import java.util.Locale;

/** The verbs of requests, with the words of Kubernetes roles. */
public enum ApiVerb {
  /** Reads a single object by its name. */
  GET,
  /** Lists all objects of a kind, or those that a selector matches. */
  LIST,
  /** Watches the changes of the same objects from a version on. */
  WATCH;

  /** As it stands in a role: {@code list}. */
  public String word() {
    return name().toLowerCase(Locale.ROOT);
  }
}
