package dev.holdfast.gateway.json;

import java.util.EnumSet;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Who is served without gRPC, and how. Immutable.
 *
 * @param faces that are served
 * @param cors which pages may call
 */
public record FaceTerms(Set<Face> faces, Cors cors) {
  /** All faces, for no page of another origin. */
  public static final FaceTerms DEFAULT = new FaceTerms(EnumSet.allOf(Face.class), Cors.NONE);

  public FaceTerms {
    faces = Set.copyOf(faces);
  }

  /** The same for other pages. */
  public FaceTerms withCors(Cors value) {
    return new FaceTerms(faces, value);
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
