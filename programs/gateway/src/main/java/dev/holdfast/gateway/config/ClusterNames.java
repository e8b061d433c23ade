package dev.holdfast.gateway.config;

import dev.holdfast.core.NearestName;
import dev.holdfast.core.annotation.Limit;
import dev.holdfast.yaml.YamlMap;
import java.util.Set;
import java.util.TreeSet;

/** The cluster names that a configuration defines, to check references to clusters. */
final class ClusterNames {
  private static final int TYPING_ERRORS = 2;

  @Limit(of = "clusters that the message on an unknown one names", then = "the others are counted")
  private static final int MOST_SHOWN = 10;

  private final Set<String> clusters;

  ClusterNames(Set<String> clusters) {
    this.clusters = new TreeSet<>(clusters);
  }

  /** Reports a problem when a name is not that of a configured cluster. */
  void require(YamlMap at, String key, String name) {
    if (!clusters.contains(name)) {
      at.problem(key, name, expected(name));
    }
  }

  /**
   * The "expected" text for an unknown cluster name, with the nearest known name as a suggestion.
   */
  String expected(String given) {
    if (clusters.isEmpty()) {
      return "the name of a cluster under clusters, where none is";
    }
    String nearest = given.isEmpty() ? "" : NearestName.of(given, clusters, TYPING_ERRORS);
    int more = clusters.size() - MOST_SHOWN;
    return "one of clusters: "
        + String.join(", ", clusters.stream().limit(MOST_SHOWN).toList())
        + (more > 0 ? " and " + more + " more" : "")
        + (nearest.isEmpty() ? "" : "; did you mean " + nearest + "?");
  }
}
