package dev.holdfast.registry.kubernetes;

import dev.holdfast.core.RegistryException.Kind;

/** What went wrong with a request to an API server, as far as something depends on it. */
enum ApiError {
  /** No connection. */
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
  /** What is asked for is not kept any more: 410. */
  GONE(Kind.UNAVAILABLE),
  /** The server has not seen our version yet, or lost it: it was restored or lags behind. */
  VERSION_AHEAD(Kind.UNAVAILABLE),
  /** Too much to do: 429, or 503 and the like. */
  BUSY(Kind.UNAVAILABLE),
  /** The server knows no EndpointSlices: 404. */
  NOT_SERVED(Kind.UNAVAILABLE),
  /** What came makes no sense. */
  MALFORMED(Kind.MALFORMED),
  /** More came than is accepted. */
  TOO_LARGE(Kind.MALFORMED),
  /** Anything else. */
  OTHER(Kind.UNAVAILABLE);

  private final Kind kind;

  ApiError(Kind kind) {
    this.kind = kind;
  }

  /** What a user of the registry is told. */
  Kind kind() {
    return kind;
  }

  /** Whether other credentials, or the same ones read again, may help. */
  boolean isCuredByCredentials() {
    return this == UNAUTHORIZED || this == CERTIFICATE_REFUSED;
  }
}
