package dev.holdfast.streams.grpc;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.streams.session.ClientSession.Peer;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.MethodDescriptor;
import org.junit.jupiter.api.Test;

/** Tests of what a client remembers of its servers, and of what it concludes nothing from. */
class KnownPeersTest {
  private final KnownPeers peers = new KnownPeers();
  private final Channel channel = new NoChannel();

  @Test
  void methodInOneDirectionIsKnownByItsOwnAnswersOnly() {
    String count = KnownPeers.keyOf(OneWayTopology.COUNT, CallOptions.DEFAULT);
    String collect = KnownPeers.keyOf(OneWayTopology.COLLECT, CallOptions.DEFAULT);
    String talk = KnownPeers.keyOf(StreamTopology.TALK, CallOptions.DEFAULT);

    peers.onPeer(channel, talk, true);
    assertThat(peers.get(channel, count)).isEqualTo(Peer.UNKNOWN);
    peers.onPeer(channel, count, true);
    assertThat(peers.get(channel, count)).isEqualTo(Peer.HOLDFAST);
    assertThat(peers.get(channel, collect)).isEqualTo(Peer.UNKNOWN);
    peers.onPeer(channel, count, false);
    assertThat(peers.get(channel, count)).isEqualTo(Peer.LIKELY_PLAIN);
    assertThat(peers.get(channel, talk)).isEqualTo(Peer.HOLDFAST);
    assertThat(peers.get(new NoChannel(), talk)).isEqualTo(Peer.UNKNOWN);
  }

  @Test
  void bidirectionalMethodsOfAChannelAreKnownTogether() {
    String talk = KnownPeers.keyOf(StreamTopology.TALK, CallOptions.DEFAULT);
    String other = KnownPeers.keyOf(StreamTopology.method("test.Talk/Other"), CallOptions.DEFAULT);

    peers.onPeer(channel, talk, true);

    assertThat(peers.get(channel, other)).isEqualTo(Peer.HOLDFAST);
  }

  @Test
  void authoritiesAreToldApart() {
    CallOptions elsewhere = CallOptions.DEFAULT.withAuthority("other");

    peers.onPeer(channel, KnownPeers.keyOf(OneWayTopology.COUNT, CallOptions.DEFAULT), true);

    assertThat(peers.get(channel, KnownPeers.keyOf(OneWayTopology.COUNT, elsewhere)))
        .isEqualTo(Peer.UNKNOWN);
  }

  @Test
  void atItsLimitItFindsOutAgain() {
    for (int i = 0; i < KnownPeers.MAX_METHODS; i++) {
      peers.onPeer(channel, "/method" + i, true);
    }
    assertThat(peers.get(channel, "/method0")).isEqualTo(Peer.HOLDFAST);

    peers.onPeer(channel, "/one-more", true);

    assertThat(peers.get(channel, "/method0")).isEqualTo(Peer.UNKNOWN);
    assertThat(peers.get(channel, "/one-more")).isEqualTo(Peer.HOLDFAST);
  }

  private static final class NoChannel extends Channel {
    @Override
    public <ReqT, RespT> ClientCall<ReqT, RespT> newCall(
        MethodDescriptor<ReqT, RespT> method, CallOptions options) {
      throw new IllegalStateException("no call is made");
    }

    @Override
    public String authority() {
      return "none";
    }
  }
}
