package dev.holdfast.gateway.config;

import dev.holdfast.gateway.json.FaceTerms;
import dev.holdfast.gateway.json.JsonTerms;

/**
 * How clients without gRPC are served. Immutable.
 *
 * @param terms who is
 * @param json what JSON looks like
 */
public record FacesConfig(FaceTerms terms, JsonTerms json) {
  /** All faces, for no page of another origin, JSON as proto3 maps it. */
  public static final FacesConfig DEFAULT = new FacesConfig(FaceTerms.DEFAULT, JsonTerms.DEFAULT);
}
