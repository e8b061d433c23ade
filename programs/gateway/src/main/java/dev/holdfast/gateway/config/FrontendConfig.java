package dev.holdfast.gateway.config;

import dev.holdfast.gateway.frontend.FrontendOptions;
import dev.holdfast.gateway.frontend.json.JsonMapping;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * The configuration of the frontends. Immutable.
 *
 * @param options the settings of all frontends
 * @param json the mapping of HTTP/JSON
 * @param descriptorSets the descriptor-set files by cluster name
 */
public record FrontendConfig(
    FrontendOptions options, JsonMapping json, Map<String, List<Path>> descriptorSets) {
  /** All frontends, without cross-origin requests, with the proto3 JSON mapping. */
  public static final FrontendConfig DEFAULT =
      new FrontendConfig(FrontendOptions.DEFAULT, JsonMapping.DEFAULT, Map.of());

  public FrontendConfig {
    descriptorSets = Map.copyOf(descriptorSets);
  }
}
