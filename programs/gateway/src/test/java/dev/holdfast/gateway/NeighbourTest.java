package dev.holdfast.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.handler.codec.http2.Http2Settings;
import org.junit.jupiter.api.Test;

/** The kit of attacks itself: a bystander on the attacked cluster and endpoint. */
class NeighbourTest {
  @Test
  void playedServerServesTheNeighbourAndShowsTheTestAllOthers() throws Exception {
    Http2Settings closed = new Http2Settings().initialWindowSize(0);
    RawPeer.Upstream upstream = RawPeer.listen(closed);
    try (Besieged besieged = new Besieged(upstream.address())) {
      Bystander neighbour = besieged.neighbour();
      RawPeer client = besieged.client();
      client.headers(3, RawPeer.call(Besieged.PATH), true);
      RawPeer server = upstream.accepted();
      RawPeer.Frame call = server.next("HEADERS");
      assertThat(call.header(":path")).isEqualTo(Besieged.PATH);
      neighbour.assertUnharmed();
      // Both have one connection to the upstream.
      assertThat(upstream.peers()).isEmpty();
    } finally {
      upstream.close();
    }
  }
}
