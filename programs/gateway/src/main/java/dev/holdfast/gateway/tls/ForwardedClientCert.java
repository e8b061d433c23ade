package dev.holdfast.gateway.tls;

import io.netty.util.AsciiString;

/**
 * The x-forwarded-client-cert data of a connection, made once per connection.
 *
 * @param element for the client's certificate; empty when none is forwarded
 * @param trusted whether the client may speak for others, so that its own header is kept in front
 *     of the element
 */
public record ForwardedClientCert(AsciiString element, boolean trusted) {
  /** No certificate: for clients without one, and where none is forwarded. */
  public static final ForwardedClientCert NONE =
      new ForwardedClientCert(AsciiString.EMPTY_STRING, false);
}
