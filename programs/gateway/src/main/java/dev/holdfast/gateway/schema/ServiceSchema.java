package dev.holdfast.gateway.schema;

import dev.holdfast.gateway.frontend.json.JsonMapping;
import dev.holdfast.transcoding.http.HttpTranscoder;
import dev.holdfast.transcoding.http.RejectedBinding;
import dev.holdfast.transcoding.schema.ServiceCatalog;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * The known schema of the services behind a cluster. Immutable.
 *
 * @param services full names of the offered gRPC services, known even when their descriptors are
 *     not
 * @param transcoder the transcoder of HTTP/JSON; empty when the files make no valid schema
 * @param hash of the files, 64 hexadecimal digits; "" without a schema
 * @param trouble why there is no transcoder; "" when there is one
 */
public record ServiceSchema(
    Set<String> services, Optional<HttpTranscoder> transcoder, String hash, String trouble) {
  private static final int LOGGED_DIGITS = 12;

  public ServiceSchema {
    services = Set.copyOf(services);
  }

  /**
   * The schema of a reflection response. Links descriptors, so it must not run on an event loop or
   * scheduler.
   */
  public static ServiceSchema of(ReflectedSchema reflected) {
    Set<String> services = new TreeSet<>(reflected.services());
    try {
      ServiceCatalog catalog = reflected.catalog();
      HttpTranscoder known = JsonMapping.DEFAULT.withNearestNames().transcoder(catalog);
      return new ServiceSchema(services, Optional.of(known), catalog.hash(), "");
    } catch (ReflectionException e) {
      return new ServiceSchema(services, Optional.empty(), "", String.valueOf(e.getMessage()));
    }
  }

  /** A copy with another mapping. Rebuilds the transcoder when the mapping differs. */
  ServiceSchema with(JsonMapping terms) {
    return transcoder.isEmpty()
        ? this
        : new ServiceSchema(services, transcoder.map(terms::transcoder), hash, trouble);
  }

  /**
   * The parts that are not served, each with the reason: invalid bindings of annotations, and files
   * that lack an import.
   */
  public List<String> rejected() {
    List<String> rejected = new ArrayList<>();
    transcoder.ifPresent(
        known -> {
          rejected.addAll(known.catalog().unlinked());
          known.rejected().stream().map(RejectedBinding::toString).forEach(rejected::add);
        });
    return rejected;
  }

  boolean isWhole() {
    return transcoder.isPresent();
  }

  boolean isSameAs(ServiceSchema other) {
    return hash.equals(other.hash) && services.equals(other.services);
  }

  /** The abbreviated hash for log lines; "none" without a schema. */
  String shortHash() {
    return hash.isEmpty() ? "none" : hash.substring(0, Math.min(LOGGED_DIGITS, hash.length()));
  }
}
