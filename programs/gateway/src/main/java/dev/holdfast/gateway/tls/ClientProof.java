package dev.holdfast.gateway.tls;

import io.netty.util.AsciiString;

/**
 * The x-forwarded-client-cert data of a connection, made once per connection.
 *
 * @param element for the client's certificate; empty when none is forwarded
 * @param believed whether the client may speak for others, so that its own header is kept in front
 *     of the element
 */
public record ClientProof(AsciiString element, boolean believed) {
  /** No certificate: for clients without one, and where none is forwarded. */
  public static final ClientProof NONE = new ClientProof(AsciiString.EMPTY_STRING, false);
}
