package dev.holdfast.gateway.config;

import dev.holdfast.gateway.json.FaceTerms;
import dev.holdfast.gateway.json.JsonTerms;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * How clients without gRPC are served. Immutable.
 *
 * @param terms who is
 * @param json what JSON looks like
 * @param descriptorSets files that say what the services of a cluster look like, by its name
 */
public record FacesConfig(FaceTerms terms, JsonTerms json, Map<String, List<Path>> descriptorSets) {
  /** All faces, for no page of another origin, JSON as proto3 maps it. */
  public static final FacesConfig DEFAULT =
      new FacesConfig(FaceTerms.DEFAULT, JsonTerms.DEFAULT, Map.of());

  public FacesConfig {
    descriptorSets = Map.copyOf(descriptorSets);
  }
}
