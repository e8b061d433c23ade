package dev.holdfast.transcoding.http;

import java.util.Set;

/**
 * Options of path, query and body mapping. Immutable.
 *
 * @param keepReserved whether multi-segment path variables keep escapes of all reserved characters
 *     (Envoy's default) instead of only that of the slash (http.proto's text)
 * @param plusIsSpace whether a plus in a query is a space, as in grpc-gateway, ESPv2 and HTML
 *     forms; off by default in Envoy
 * @param ignoredParameters names of query parameters that are ignored; {@link #ANY} ignores all
 *     unknown names
 * @param anyContentType whether a body of any content type is read as JSON; otherwise content types
 *     that browsers send cross-origin without a CORS preflight are refused
 * @param lenient whether the extensions of other transcoders are accepted: <code>{}</code> as the
 *     body of a method without one, a path field again in the query (the path wins), and
 *     concatenated JSON values as a request stream
 */
public record TranscodingOptions(
    boolean keepReserved,
    boolean plusIsSpace,
    Set<String> ignoredParameters,
    boolean anyContentType,
    boolean lenient) {
  /** The wildcard for all query parameters that no field has. */
  public static final String ANY = "*";

  /**
   * The strict defaults: only the slash stays escaped, a plus is a space, no parameter is ignored,
   * JSON must be declared, and no extension of google.api.http is accepted.
   */
  public static final TranscodingOptions DEFAULT =
      new TranscodingOptions(false, true, Set.of(), false, false);

  /** Copies the set of ignored parameters. */
  public TranscodingOptions {
    ignoredParameters = Set.copyOf(ignoredParameters);
  }

  /** A copy with another {@link #keepReserved}. */
  public TranscodingOptions withKeepReserved(boolean keep) {
    return new TranscodingOptions(keep, plusIsSpace, ignoredParameters, anyContentType, lenient);
  }

  /** A copy with another {@link #plusIsSpace}. */
  public TranscodingOptions withPlusIsSpace(boolean space) {
    return new TranscodingOptions(keepReserved, space, ignoredParameters, anyContentType, lenient);
  }

  /** A copy with other {@link #ignoredParameters}. */
  public TranscodingOptions withIgnoredParameters(Set<String> names) {
    return new TranscodingOptions(keepReserved, plusIsSpace, names, anyContentType, lenient);
  }

  /** A copy with another {@link #anyContentType}. */
  public TranscodingOptions withAnyContentType(boolean any) {
    return new TranscodingOptions(keepReserved, plusIsSpace, ignoredParameters, any, lenient);
  }

  /** A copy with another {@link #lenient}. */
  public TranscodingOptions withLenient(boolean value) {
    return new TranscodingOptions(
        keepReserved, plusIsSpace, ignoredParameters, anyContentType, value);
  }
}
