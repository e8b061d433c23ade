package dev.holdfast.cli;

import static dev.holdfast.cli.ManifestSchemas.at;
import static dev.holdfast.cli.ManifestSchemas.documents;
import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.registry.kubernetes.RealCluster;
import java.net.http.HttpResponse;
import java.util.Locale;
import java.util.Map;

/** Manifests given to a real kube-apiserver, for good or in a dry run. */
final class ClusterDryRun {
  private static final String DOCUMENTS = "(?m)^---\n";

  private ClusterDryRun() {}

  /** The texts of the documents of a YAML stream. */
  static String[] texts(String yaml) {
    return yaml.split(DOCUMENTS, -1);
  }

  /** Each document is taken, with nothing unknown in it and nothing to warn of. */
  static void assertTaken(RealCluster cluster, String yaml) throws Exception {
    for (String document : texts(yaml)) {
      if (document.isBlank()) {
        continue;
      }
      HttpResponse<String> answer = dryRun(cluster, document);
      assertThat(answer.statusCode()).as(document + answer.body()).isBetween(200, 201);
      assertThat(answer.headers().firstValue("Warning")).as(document).isEmpty();
    }
  }

  /** The answer to one document in a dry run. */
  static HttpResponse<String> dryRun(RealCluster cluster, String yaml) throws Exception {
    Map<String, Object> document = documents(yaml).get(0);
    return cluster
        .calls()
        .dryRun(group(document), namespace(document), plural(document), name(document), yaml);
  }

  /** Applies one document. */
  static void apply(RealCluster cluster, String yaml) throws Exception {
    Map<String, Object> document = documents(yaml).get(0);
    cluster
        .calls()
        .apply(group(document), namespace(document), plural(document), name(document), yaml);
  }

  private static String group(Map<String, Object> document) {
    String version = String.valueOf(document.get("apiVersion"));
    return version.equals("v1") ? "/api/v1" : "/apis/" + version;
  }

  /** Every kind that is printed makes its plural so. */
  private static String plural(Map<String, Object> document) {
    return String.valueOf(document.get("kind")).toLowerCase(Locale.ROOT) + "s";
  }

  private static String namespace(Map<String, Object> document) {
    return String.valueOf(at(document, "metadata.namespace"));
  }

  private static String name(Map<String, Object> document) {
    return String.valueOf(at(document, "metadata.name"));
  }
}
