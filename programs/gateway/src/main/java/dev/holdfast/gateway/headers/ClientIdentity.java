package dev.holdfast.gateway.headers;

import dev.holdfast.gateway.tls.ForwardedClientCert;
import io.netty.channel.Channel;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.util.AsciiString;
import io.netty.util.AttributeKey;

/**
 * The identity of a client as upstreams see it, determined once per connection. Immutable.
 *
 * @param address for x-forwarded-for, without the port; empty if unknown
 * @param proof the client's certificate as upstreams see it
 * @param trusted whether the client is a proxy whose x-forwarded headers count
 * @param certificateNames the names in the client's verified certificate, whether or not upstreams
 *     see them; empty for none
 */
public record ClientIdentity(
    AsciiString address, ForwardedClientCert proof, boolean trusted, String certificateNames) {
  /** The identity of calls that the gateway makes itself, or of an unknown client. */
  public static final ClientIdentity UNKNOWN =
      new ClientIdentity(AsciiString.EMPTY_STRING, ForwardedClientCert.NONE, false);

  private static final AttributeKey<ForwardedClientCert> PROOF =
      AttributeKey.valueOf(ClientIdentity.class, "proof");

  private static final AttributeKey<String> CERTIFICATE_NAMES =
      AttributeKey.valueOf(ClientIdentity.class, "certificateNames");

  private static final AttributeKey<Boolean> TRUSTED =
      AttributeKey.valueOf(ClientIdentity.class, "trusted");

  /** An identity without a certificate, unless upstreams see one. */
  public ClientIdentity(AsciiString address, ForwardedClientCert proof, boolean trusted) {
    this(address, proof, trusted, "");
  }

  /** Marks the client of a connection as a proxy whose x-forwarded headers count. */
  public static void trust(Channel channel) {
    channel.attr(TRUSTED).set(true);
  }

  /**
   * Sets the certificate of a connection's client.
   *
   * @param proof the certificate as upstreams see it
   * @param certificateNames the names in the verified certificate; empty for none
   */
  public static void set(Channel channel, ForwardedClientCert proof, String certificateNames) {
    channel.attr(PROOF).set(proof);
    channel.attr(CERTIFICATE_NAMES).set(certificateNames);
  }

  /** The client of an accepted connection; after its TLS handshake, if there is one. */
  public static ClientIdentity of(Channel channel) {
    ForwardedClientCert proof = channel.attr(PROOF).get();
    String names = channel.attr(CERTIFICATE_NAMES).get();
    return new ClientIdentity(
        ClientAddress.host(channel),
        proof == null ? ForwardedClientCert.NONE : proof,
        Boolean.TRUE.equals(channel.attr(TRUSTED).get()),
        names == null ? "" : names);
  }

  /** The value of x-forwarded-for: the addresses that a trusted proxy names, then this client's. */
  public CharSequence forwardedFor(Http2Headers request) {
    CharSequence before = trusted ? request.get(HeaderNames.X_FORWARDED_FOR) : null;
    if (before == null) {
      return address;
    }
    String all = String.join(", ", request.getAll(HeaderNames.X_FORWARDED_FOR));
    return address.isEmpty() ? all : AsciiString.of(all + ", " + address);
  }

  /**
   * Copies x-forwarded-client-cert from the client's request to a call that is made for it, if the
   * client is trusted with that header.
   */
  public void copyClientCert(Http2Headers said, Http2Headers call) {
    if (proof.trusted()) {
      call.set(
          HeaderNames.X_FORWARDED_CLIENT_CERT, said.getAll(HeaderNames.X_FORWARDED_CLIENT_CERT));
    }
  }
}
