package dev.holdfast.lab.kubernetes;

import java.util.Map;

/** An object for an {@link ApiStore}, as a controller would write it. */
public interface ApiObject {
  /** The kind of the object. */
  ApiResource resource();

  /** The namespace of the object. */
  String namespace();

  /** Unique for its kind within the namespace. */
  String name();

  /** The labels of the object, which label selectors match. */
  Map<String, String> labels();

  /** The object's fields except kind and metadata: JSON fields without the surrounding braces. */
  String content();
}
