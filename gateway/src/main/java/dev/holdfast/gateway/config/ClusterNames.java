package dev.holdfast.gateway.config;

import dev.holdfast.core.NearestName;
import dev.holdfast.yaml.YamlMap;
import java.util.Set;
import java.util.TreeSet;

/** The clusters that a gateway's file names, for whatever refers to one. */
final class ClusterNames {
  private static final int TYPING_ERRORS = 2;
  private static final int MOST_SHOWN = 10;

  private final Set<String> clusters;

  ClusterNames(Set<String> clusters) {
    this.clusters = new TreeSet<>(clusters);
  }

  /** Notes a name that is none of them. */
  void require(YamlMap at, String key, String name) {
    if (!clusters.contains(name)) {
      at.problem(key, name, expected(name));
    }
  }

  /** What should stand there, with the nearest name. */
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
