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
 */
public record Client(AsciiString address, ClientProof proof) {
  /** The gateway itself, or a client of which nothing is known. */
  public static final Client NOBODY = new Client(AsciiString.EMPTY_STRING, ClientProof.NONE);

  private static final AttributeKey<ClientProof> PROOF =
      AttributeKey.valueOf(Client.class, "proof");

  /** The client of a connection has this certificate. */
  public static void set(Channel channel, ClientProof proof) {
    channel.attr(PROOF).set(proof);
  }

  /** The client of a connection that was accepted, after its handshake if there is one. */
  public static Client of(Channel channel) {
    ClientProof proof = channel.attr(PROOF).get();
    return new Client(ClientAddress.host(channel), proof == null ? ClientProof.NONE : proof);
  }

  /** Takes along what a client that speaks for others says of them. */
  public void bring(Http2Headers said, Http2Headers call) {
    if (proof.believed()) {
      call.set(Names.X_FORWARDED_CLIENT_CERT, said.getAll(Names.X_FORWARDED_CLIENT_CERT));
    }
  }
}
