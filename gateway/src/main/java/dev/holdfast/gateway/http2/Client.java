package dev.holdfast.gateway.http2;

import dev.holdfast.gateway.tls.ClientProof;
import io.netty.channel.Channel;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.util.AsciiString;
import io.netty.util.AttributeKey;

/**
 * Who calls, as upstreams are told: found out once per connection. Immutable.
 *
 * @param address for x-forwarded-for, without the port; empty for one that is not known
 * @param proof what is told of its certificate
 * @param trusted whether it is a proxy whose x-forwarded headers count
 */
public record Client(AsciiString address, ClientProof proof, boolean trusted) {
  /** The gateway itself, or a client of which nothing is known. */
  public static final Client NOBODY = new Client(AsciiString.EMPTY_STRING, ClientProof.NONE, false);

  private static final AttributeKey<ClientProof> PROOF =
      AttributeKey.valueOf(Client.class, "proof");

  private static final AttributeKey<Boolean> TRUSTED =
      AttributeKey.valueOf(Client.class, "trusted");

  /** The client of a connection is a proxy whose x-forwarded headers count. */
  public static void trust(Channel channel) {
    channel.attr(TRUSTED).set(true);
  }

  /** The client of a connection has this certificate. */
  public static void set(Channel channel, ClientProof proof) {
    channel.attr(PROOF).set(proof);
  }

  /** The client of a connection that was accepted, after its handshake if there is one. */
  public static Client of(Channel channel) {
    ClientProof proof = channel.attr(PROOF).get();
    return new Client(
        ClientAddress.host(channel),
        proof == null ? ClientProof.NONE : proof,
        Boolean.TRUE.equals(channel.attr(TRUSTED).get()));
  }

  /** The value of x-forwarded-for: this client, behind those that a trusted proxy names. */
  public CharSequence forwardedFor(Http2Headers request) {
    CharSequence before = trusted ? request.get(Names.X_FORWARDED_FOR) : null;
    if (before == null) {
      return address;
    }
    String all = String.join(", ", request.getAll(Names.X_FORWARDED_FOR));
    return address.isEmpty() ? all : AsciiString.of(all + ", " + address);
  }

  /** Takes along what a client that speaks for others says of them. */
  public void bring(Http2Headers said, Http2Headers call) {
    if (proof.believed()) {
      call.set(Names.X_FORWARDED_CLIENT_CERT, said.getAll(Names.X_FORWARDED_CLIENT_CERT));
    }
  }
}
