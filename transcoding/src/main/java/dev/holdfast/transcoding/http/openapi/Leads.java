package dev.holdfast.transcoding.http.openapi;

import java.util.Optional;

/** What stands before transcoders and decides by paths which of them is asked. */
@FunctionalInterface
public interface Leads {
  /** Nothing: whoever has the path is asked. */
  Leads NONE = path -> Optional.empty();

  /** The name of the one that a path leads to; empty where each may have it. */
  Optional<String> of(String path);
}
