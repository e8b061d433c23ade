package dev.holdfast.registry.kubernetes;

import dev.holdfast.core.RegistryException.Kind;

/** The kinds of failed API server requests that the client handles differently. */
enum ApiError {
  /** The connection could not be established. */
  UNREACHABLE(Kind.UNAVAILABLE),
  /** The connection broke under the request. */
  BROKEN(Kind.UNAVAILABLE),
  /** No answer in time: the server may be stuck, or the connection dead. */
  TIMEOUT(Kind.UNAVAILABLE),
  /** A certificate was refused, by either side. */
  CERTIFICATE_REFUSED(Kind.UNAUTHENTICATED),
  /** There is no token or certificate to be had, or the file of one can't be read. */
  NO_CREDENTIALS(Kind.UNAUTHENTICATED),
  /** The token or certificate is not accepted. */
  UNAUTHORIZED(Kind.UNAUTHENTICATED),
  /** The account may not do this. */
  FORBIDDEN(Kind.PERMISSION_DENIED),
  /** The requested resource version is no longer kept by the server: status 410. */
  GONE(Kind.UNAVAILABLE),
  /** The server has not seen our version yet, or lost it: it was restored or lags behind. */
  VERSION_AHEAD(Kind.UNAVAILABLE),
  /** Too much to do: 429, or 503 and the like. */
  BUSY(Kind.UNAVAILABLE),
  /** The server knows no EndpointSlices: 404. */
  NOT_SERVED(Kind.UNAVAILABLE),
  /** The response could not be parsed. */
  MALFORMED(Kind.MALFORMED),
  /** The response is larger than the limit. */
  TOO_LARGE(Kind.MALFORMED),
  /** Any error that no other constant describes. */
  OTHER(Kind.UNAVAILABLE);

  private final Kind kind;

  ApiError(Kind kind) {
    this.kind = kind;
  }

  /** The kind under which the registry reports this error to its user. */
  Kind kind() {
    return kind;
  }

  /** Whether other credentials, or the same ones read again, may help. */
  boolean isCuredByCredentials() {
    return this == UNAUTHORIZED || this == CERTIFICATE_REFUSED;
  }
}
