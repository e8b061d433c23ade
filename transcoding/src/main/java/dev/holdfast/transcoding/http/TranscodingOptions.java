package dev.holdfast.transcoding.http;

import java.util.Set;

/**
 * Choices of a transcoder. Immutable.
 *
 * @param keepReserved whether escapes of all reserved characters stay in path variables of several
 *     segments (Envoy's default), and not just that of the slash (http.proto's prose)
 * @param plusIsSpace whether a plus in a query is a space, as grpc-gateway, ESPv2 and forms of HTML
 *     have it; Envoy does not unless asked
 * @param ignoredParameters names of query parameters that no field need have; {@link #ANY} stands
 *     for all names
 * @param anyContentType whether a body is taken for JSON whatever type it says it has; else types
 *     that a browser sends to strangers without asking are refused
 * @param lenient whether what other transcoders take is taken: <code>{}</code> as the body of a
 *     method without one, a field of the path again in the query (the path counts), and JSON values
 *     one after the other as the messages of a client's stream
 */
public record TranscodingOptions(
    boolean keepReserved,
    boolean plusIsSpace,
    Set<String> ignoredParameters,
    boolean anyContentType,
    boolean lenient) {
  /** Every parameter that no field has. */
  public static final String ANY = "*";

  /**
   * Nothing but the slash kept, a plus a space, no parameter ignored, JSON asked for by its name,
   * and nothing taken that google.api.http has not.
   */
  public static final TranscodingOptions DEFAULT =
      new TranscodingOptions(false, true, Set.of(), false, false);

  /** Copies the set. */
  public TranscodingOptions {
    ignoredParameters = Set.copyOf(ignoredParameters);
  }

  /** The same with {@link #keepReserved}. */
  public TranscodingOptions withKeepReserved(boolean keep) {
    return new TranscodingOptions(keep, plusIsSpace, ignoredParameters, anyContentType, lenient);
  }

  /** The same with {@link #plusIsSpace}. */
  public TranscodingOptions withPlusIsSpace(boolean space) {
    return new TranscodingOptions(keepReserved, space, ignoredParameters, anyContentType, lenient);
  }

  /** The same with {@link #ignoredParameters}. */
  public TranscodingOptions withIgnoredParameters(Set<String> names) {
    return new TranscodingOptions(keepReserved, plusIsSpace, names, anyContentType, lenient);
  }

  /** The same with {@link #anyContentType}. */
  public TranscodingOptions withAnyContentType(boolean any) {
    return new TranscodingOptions(keepReserved, plusIsSpace, ignoredParameters, any, lenient);
  }

  /** The same with {@link #lenient}. */
  public TranscodingOptions withLenient(boolean value) {
    return new TranscodingOptions(
        keepReserved, plusIsSpace, ignoredParameters, anyContentType, value);
  }
}
