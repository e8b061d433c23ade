package dev.holdfast.gateway.json;

import dev.holdfast.gateway.cors.Cors;
import dev.holdfast.transcoding.http.openapi.OpenApiInfo;
import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Who is served without gRPC, and how. Immutable.
 *
 * @param faces that are served
 * @param cors which pages may call
 * @param openApi what {@code GET /openapi.json} says of the services, an empty version standing for
 *     their schema's hash; empty where it is not served
 * @param decodesSlashes whether {@code %2F} is a slash in a path that leads nowhere without
 */
public record FaceTerms(
    Set<Face> faces, Cors cors, Optional<OpenApiInfo> openApi, boolean decodesSlashes) {
  /** All faces, for no page of another origin. */
  public static final FaceTerms DEFAULT =
      new FaceTerms(EnumSet.allOf(Face.class), Cors.NONE, Optional.empty(), false);

  public FaceTerms {
    faces = Set.copyOf(faces);
  }

  /** The same for other pages. */
  public FaceTerms withCors(Cors value) {
    return new FaceTerms(faces, value, openApi, decodesSlashes);
  }

  /** The same with an OpenAPI document. */
  public FaceTerms withOpenApi(OpenApiInfo value) {
    return new FaceTerms(faces, cors, Optional.of(value), decodesSlashes);
  }

  /** The same with another meaning of escaped slashes. */
  public FaceTerms withDecodesSlashes(boolean value) {
    return new FaceTerms(faces, cors, openApi, value);
  }

  boolean has(Face face) {
    return faces.contains(face);
  }

  /** What is served, for who asked for something else. */
  String served() {
    return faces.isEmpty()
        ? "gRPC"
        : "gRPC, " + faces.stream().sorted().map(Face::title).collect(Collectors.joining(", "));
  }
}
