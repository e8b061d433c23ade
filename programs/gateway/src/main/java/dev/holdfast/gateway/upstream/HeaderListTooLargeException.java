package dev.holdfast.gateway.upstream;

/**
 * The failure of a request whose headers exceed the SETTINGS_MAX_HEADER_LIST_SIZE of the upstream
 * (RFC 9113, 6.5.2). Nothing of the request was sent.
 */
public final class HeaderListTooLargeException extends Exception {
  private static final long serialVersionUID = 1;

  /**
   * @param bytes the size of the headers, with those that the gateway added
   * @param limit the setting of the upstream, in bytes
   */
  HeaderListTooLargeException(long bytes, long limit) {
    super(
        "request headers of %d bytes are too large: SETTINGS_MAX_HEADER_LIST_SIZE of the upstream"
                .formatted(bytes)
            + " is "
            + limit,
        null,
        false,
        false);
  }
}
