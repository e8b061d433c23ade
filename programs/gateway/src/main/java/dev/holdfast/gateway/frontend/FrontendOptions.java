package dev.holdfast.gateway.frontend;

import dev.holdfast.gateway.cors.CorsPolicy;
import dev.holdfast.transcoding.http.openapi.OpenApiInfo;
import java.time.Duration;
import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * The settings of the frontends. Immutable.
 *
 * @param protocols the enabled protocols
 * @param cors the policy for cross-origin requests
 * @param openApi the info object of {@code GET /openapi.json}; an empty version is replaced by the
 *     schema's hash; empty where the document is not served
 * @param decodesSlashes whether {@code %2F} is a slash in a path that otherwise matches no route
 * @param schemaWait the longest time for which a request waits for the first schema of its cluster
 */
public record FrontendOptions(
    Set<FrontendProtocol> protocols,
    CorsPolicy cors,
    Optional<OpenApiInfo> openApi,
    boolean decodesSlashes,
    Duration schemaWait) {
  /** All protocols, without cross-origin requests. */
  public static final FrontendOptions DEFAULT =
      new FrontendOptions(
          EnumSet.allOf(FrontendProtocol.class),
          CorsPolicy.NONE,
          Optional.empty(),
          false,
          PendingRequest.MAX_WAIT);

  public FrontendOptions {
    protocols = Set.copyOf(protocols);
  }

  /** A copy with another CORS policy. */
  public FrontendOptions withCors(CorsPolicy value) {
    return new FrontendOptions(protocols, value, openApi, decodesSlashes, schemaWait);
  }

  /** A copy with an OpenAPI document. */
  public FrontendOptions withOpenApi(OpenApiInfo value) {
    return new FrontendOptions(protocols, cors, Optional.of(value), decodesSlashes, schemaWait);
  }

  /** A copy with another treatment of escaped slashes. */
  public FrontendOptions withDecodesSlashes(boolean value) {
    return new FrontendOptions(protocols, cors, openApi, value, schemaWait);
  }

  /** A copy with another longest wait for a schema. */
  public FrontendOptions withSchemaWait(Duration value) {
    return new FrontendOptions(protocols, cors, openApi, decodesSlashes, value);
  }

  boolean has(FrontendProtocol frontendProtocol) {
    return protocols.contains(frontendProtocol);
  }

  /** The enabled protocols as text, for error messages. */
  String served() {
    return protocols.isEmpty()
        ? "gRPC"
        : "gRPC, "
            + protocols.stream()
                .sorted()
                .map(FrontendProtocol::title)
                .collect(Collectors.joining(", "));
  }
}
