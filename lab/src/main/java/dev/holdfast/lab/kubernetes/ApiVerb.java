package dev.holdfast.lab.kubernetes;

import java.util.Locale;

/** What a client may ask for; the words of Kubernetes' roles. */
public enum ApiVerb {
  /** One object by its name. */
  GET,
  /** All objects of a kind, or those that a selector chooses. */
  LIST,
  /** Every change of them from a version on. */
  WATCH;

  /** As it stands in a role: {@code list}. */
  public String word() {
    return name().toLowerCase(Locale.ROOT);
  }
}
