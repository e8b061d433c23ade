package dev.holdfast.gateway.json;

import dev.holdfast.gateway.cors.Cors;
import dev.holdfast.transcoding.http.openapi.OpenApiInfo;
import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * The settings of the frontends. Immutable.
 *
 * @param faces the enabled protocols
 * @param cors the policy for cross-origin requests
 * @param openApi the info object of {@code GET /openapi.json}; an empty version is replaced by the
 *     schema's hash; empty where the document is not served
 * @param decodesSlashes whether {@code %2F} is a slash in a path that otherwise matches no route
 */
public record FaceTerms(
    Set<Face> faces, Cors cors, Optional<OpenApiInfo> openApi, boolean decodesSlashes) {
  /** All protocols, without cross-origin requests. */
  public static final FaceTerms DEFAULT =
      new FaceTerms(EnumSet.allOf(Face.class), Cors.NONE, Optional.empty(), false);

  public FaceTerms {
    faces = Set.copyOf(faces);
  }

  /** A copy with another CORS policy. */
  public FaceTerms withCors(Cors value) {
    return new FaceTerms(faces, value, openApi, decodesSlashes);
  }

  /** A copy with an OpenAPI document. */
  public FaceTerms withOpenApi(OpenApiInfo value) {
    return new FaceTerms(faces, cors, Optional.of(value), decodesSlashes);
  }

  /** A copy with another treatment of escaped slashes. */
  public FaceTerms withDecodesSlashes(boolean value) {
    return new FaceTerms(faces, cors, openApi, value);
  }

  boolean has(Face face) {
    return faces.contains(face);
  }

  /** The enabled protocols as text, for error messages. */
  String served() {
    return faces.isEmpty()
        ? "gRPC"
        : "gRPC, " + faces.stream().sorted().map(Face::title).collect(Collectors.joining(", "));
  }
}
