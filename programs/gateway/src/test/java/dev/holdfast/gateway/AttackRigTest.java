package dev.holdfast.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.handler.codec.http2.Http2Settings;
import org.junit.jupiter.api.Test;

/** The kit of attacks itself: a bystander on the attacked cluster and endpoint. */
class AttackRigTest {
  @Test
  void playedServerServesTheNeighbourAndShowsTheTestAllOthers() throws Exception {
    Http2Settings closed = new Http2Settings().initialWindowSize(0);
    RawPeer.Upstream upstream = RawPeer.listen(closed);
    try (AttackedGateway attackedGateway = new AttackedGateway(upstream.address())) {
      BackgroundCaller neighbour = attackedGateway.neighbour();
      RawPeer client = attackedGateway.client();
      client.headers(3, RawPeer.call(AttackedGateway.PATH), true);
      RawPeer server = upstream.accepted();
      RawPeer.Frame call = server.next("HEADERS");
      assertThat(call.header(":path")).isEqualTo(AttackedGateway.PATH);
      neighbour.assertUnharmed();
      // Both have one connection to the upstream.
      assertThat(upstream.peers()).isEmpty();
    } finally {
      upstream.close();
    }
  }
}
