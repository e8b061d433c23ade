package dev.holdfast.gateway.config;

import dev.holdfast.gateway.json.FaceTerms;
import dev.holdfast.gateway.json.JsonTerms;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * The configuration of the frontends. Immutable.
 *
 * @param terms the settings of all frontends
 * @param json the mapping of HTTP/JSON
 * @param descriptorSets the descriptor-set files by cluster name
 */
public record FacesConfig(FaceTerms terms, JsonTerms json, Map<String, List<Path>> descriptorSets) {
  /** All frontends, without cross-origin requests, with the proto3 JSON mapping. */
  public static final FacesConfig DEFAULT =
      new FacesConfig(FaceTerms.DEFAULT, JsonTerms.DEFAULT, Map.of());

  public FacesConfig {
    descriptorSets = Map.copyOf(descriptorSets);
  }
}
