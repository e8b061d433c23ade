package dev.holdfast.transcoding.http;

import java.util.Set;

/**
 * Choices of a transcoder. Immutable.
 *
 * @param keepReserved whether escapes of all reserved characters stay in path variables of several
 *     segments (Envoy's default), and not just that of the slash (http.proto's prose)
 * @param plusIsSpace whether a plus in a query is a space
 * @param ignoredParameters names of query parameters that no field need have
 * @param anyContentType whether a body is taken for JSON whatever type it says it has; else types
 *     that a browser sends to strangers without asking are refused
 */
public record TranscodingOptions(
    boolean keepReserved,
    boolean plusIsSpace,
    Set<String> ignoredParameters,
    boolean anyContentType) {
  /** Nothing but the slash kept, pluses kept, no parameter ignored, JSON asked for by its name. */
  public static final TranscodingOptions DEFAULT =
      new TranscodingOptions(false, false, Set.of(), false);

  /** Copies the set. */
  public TranscodingOptions {
    ignoredParameters = Set.copyOf(ignoredParameters);
  }

  /** The same with {@link #keepReserved}. */
  public TranscodingOptions withKeepReserved(boolean keep) {
    return new TranscodingOptions(keep, plusIsSpace, ignoredParameters, anyContentType);
  }

  /** The same with {@link #plusIsSpace}. */
  public TranscodingOptions withPlusIsSpace(boolean space) {
    return new TranscodingOptions(keepReserved, space, ignoredParameters, anyContentType);
  }

  /** The same with {@link #ignoredParameters}. */
  public TranscodingOptions withIgnoredParameters(Set<String> names) {
    return new TranscodingOptions(keepReserved, plusIsSpace, names, anyContentType);
  }

  /** The same with {@link #anyContentType}. */
  public TranscodingOptions withAnyContentType(boolean any) {
    return new TranscodingOptions(keepReserved, plusIsSpace, ignoredParameters, any);
  }
}
