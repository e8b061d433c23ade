package dev.holdfast.registry.kubernetes;

import dev.holdfast.core.RegistryException.RegistryErrorKind;

/** The kinds of failed API server requests that the client handles differently. */
enum ApiError {
  /** The connection could not be established. */
  UNREACHABLE(RegistryErrorKind.UNAVAILABLE),
  /** The connection broke under the request. */
  BROKEN(RegistryErrorKind.UNAVAILABLE),
  /** No answer in time: the server may be stuck, or the connection dead. */
  TIMEOUT(RegistryErrorKind.UNAVAILABLE),
  /** A certificate was refused, by either side. */
  CERTIFICATE_REFUSED(RegistryErrorKind.UNAUTHENTICATED),
  /** There is no token or certificate to be had, or the file of one can't be read. */
  NO_CREDENTIALS(RegistryErrorKind.UNAUTHENTICATED),
  /** The token or certificate is not accepted. */
  UNAUTHORIZED(RegistryErrorKind.UNAUTHENTICATED),
  /** The account may not do this. */
  FORBIDDEN(RegistryErrorKind.PERMISSION_DENIED),
  /** The requested resource version is no longer kept by the server: status 410. */
  GONE(RegistryErrorKind.UNAVAILABLE),
  /** The server has not seen our version yet, or lost it: it was restored or lags behind. */
  VERSION_AHEAD(RegistryErrorKind.UNAVAILABLE),
  /** Too much to do: 429, or 503 and the like. */
  BUSY(RegistryErrorKind.UNAVAILABLE),
  /** The server knows no EndpointSlices: 404. */
  NOT_SERVED(RegistryErrorKind.UNAVAILABLE),
  /** The response could not be parsed. */
  MALFORMED(RegistryErrorKind.MALFORMED),
  /** The response is larger than the limit. */
  TOO_LARGE(RegistryErrorKind.MALFORMED),
  /** Any error that no other constant describes. */
  OTHER(RegistryErrorKind.UNAVAILABLE);

  private final RegistryErrorKind kind;

  ApiError(RegistryErrorKind registryErrorKind) {
    this.kind = registryErrorKind;
  }

  /** The kind under which the registry reports this error to its user. */
  RegistryErrorKind kind() {
    return kind;
  }

  /** Whether other credentials, or the same ones read again, may help. */
  boolean isRetriableWithNewCredentials() {
    return this == UNAUTHORIZED || this == CERTIFICATE_REFUSED;
  }
}
