package dev.holdfast.gateway.tls;

import io.netty.util.AsciiString;

/**
 * What services are told of a client's certificate in x-forwarded-client-cert. Made once per
 * connection.
 *
 * @param element its certificate there; empty when nothing is told
 * @param believed whether the client is one that speaks for others, so that what it says there
 *     itself stays, before its own
 */
public record ClientProof(AsciiString element, boolean believed) {
  /** Of clients without a certificate, and where services are told nothing. */
  public static final ClientProof NONE = new ClientProof(AsciiString.EMPTY_STRING, false);
}
