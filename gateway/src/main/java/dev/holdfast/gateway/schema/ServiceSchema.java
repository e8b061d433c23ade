package dev.holdfast.gateway.schema;

import dev.holdfast.gateway.json.JsonTerms;
import dev.holdfast.transcoding.http.HttpTranscoder;
import dev.holdfast.transcoding.http.RejectedBinding;
import dev.holdfast.transcoding.schema.ServiceCatalog;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * What is known of the services behind a cluster. Immutable.
 *
 * @param services full names of the gRPC services that are offered; known also when what they look
 *     like is not
 * @param face their HTTP/JSON face; empty when no schema can be made of the files
 * @param hash of the files, 64 hexadecimal digits; "" without a schema
 * @param trouble why there is no face; "" when there is one
 */
public record ServiceSchema(
    Set<String> services, Optional<HttpTranscoder> face, String hash, String trouble) {
  private static final int LOGGED_DIGITS = 12;

  public ServiceSchema {
    services = Set.copyOf(services);
  }

  /** Makes a schema of what a server said. Takes time: not on a thread that decides. */
  public static ServiceSchema of(ReflectedSchema reflected) {
    Set<String> services = new TreeSet<>(reflected.services());
    try {
      ServiceCatalog catalog = reflected.catalog();
      HttpTranscoder known = JsonTerms.DEFAULT.withNearestNames().transcoder(catalog);
      return new ServiceSchema(services, Optional.of(known), catalog.hash(), "");
    } catch (ReflectionException e) {
      return new ServiceSchema(services, Optional.empty(), "", String.valueOf(e.getMessage()));
    }
  }

  /** The same with a face of these terms. Takes time when it has others. */
  ServiceSchema with(JsonTerms terms) {
    return face.isEmpty()
        ? this
        : new ServiceSchema(services, face.map(terms::transcoder), hash, trouble);
  }

  /**
   * What the files say and is not served all the same, each with the reason: bindings of
   * annotations, and files that lack an import.
   */
  public List<String> rejected() {
    List<String> rejected = new ArrayList<>();
    face.ifPresent(
        known -> {
          rejected.addAll(known.catalog().unlinked());
          known.rejected().stream().map(RejectedBinding::toString).forEach(rejected::add);
        });
    return rejected;
  }

  boolean isWhole() {
    return face.isPresent();
  }

  boolean isSameAs(ServiceSchema other) {
    return hash.equals(other.hash) && services.equals(other.services);
  }

  /** The hash as a log line has it. */
  String shortHash() {
    return hash.isEmpty() ? "none" : hash.substring(0, Math.min(LOGGED_DIGITS, hash.length()));
  }
}
