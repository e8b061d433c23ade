package dev.holdfast.lab.kubernetes;

import java.util.Comparator;

/** Where an object stands in the store; sorted as lists are. */
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

  /** What a continue token says: lists go on behind it. */
  String path() {
    return namespace + "/" + name;
  }
}
