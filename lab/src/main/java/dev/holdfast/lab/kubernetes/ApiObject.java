package dev.holdfast.lab.kubernetes;

import java.util.Map;

/** Something to be kept by an {@link ApiStore}: what a controller would write. */
public interface ApiObject {
  /** Its kind. */
  ApiResource resource();

  /** Where it lives. */
  String namespace();

  /** Unique for its kind within the namespace. */
  String name();

  /** What label selectors see. */
  Map<String, String> labels();

  /** Everything beside kind and metadata: JSON fields without the braces around them. */
  String content();
}
