package dev.holdfast.lab.kubernetes;

import java.util.Comparator;

/** The key of an object in the store, in the order of lists. */
record ObjectKey(ApiResource resource, String namespace, String name)
    implements Comparable<ObjectKey> {
  private static final Comparator<ObjectKey> ORDER =
      Comparator.comparing(ObjectKey::resource)
          .thenComparing(ObjectKey::namespace)
          .thenComparing(ObjectKey::name);

  @Override
  public int compareTo(ObjectKey other) {
    return ORDER.compare(this, other);
  }

  /**
   * The position of the object in lists, as a continue token holds it; the next page begins behind
   * it.
   */
  String path() {
    return namespace + "/" + name;
  }
}
