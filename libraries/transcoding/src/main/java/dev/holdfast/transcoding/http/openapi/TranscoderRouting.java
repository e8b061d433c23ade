package dev.holdfast.transcoding.http.openapi;

import java.util.Optional;

/** The routing in front of several transcoders, which selects a transcoder by path. */
@FunctionalInterface
public interface TranscoderRouting {
  /** No routing: every transcoder that has the path may be selected. */
  TranscoderRouting NONE = path -> Optional.empty();

  /** The name of the transcoder that a path is routed to; empty when any may be selected. */
  Optional<String> of(String path);
}
