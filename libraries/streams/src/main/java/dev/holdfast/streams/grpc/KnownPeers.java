package dev.holdfast.streams.grpc;

import dev.holdfast.core.annotation.Limit;
import dev.holdfast.streams.session.ClientSession;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.MethodDescriptor;
import java.util.Collections;
import java.util.Map;
import java.util.WeakHashMap;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * The last known kind of peer of each channel, in two parts: of its bidirectional streams together,
 * and of each method in one direction by authority. Servers of earlier versions have sessions for
 * the former only. Channels are held by weak keys. Thread-safe.
 */
final class KnownPeers {
  @Limit(
      of = "methods in one direction of a channel whose servers are known",
      then = "all are forgotten and found out again")
  static final int MAX_METHODS = 1_000;

  private static final String BIDIRECTIONAL = "";

  private final Map<Channel, Map<String, ClientSession.Peer>> peers =
      Collections.synchronizedMap(new WeakHashMap<>());

  /** The key of a call's peer within its channel. */
  static String keyOf(MethodDescriptor<?, ?> method, CallOptions options) {
    if (method.getType() == MethodDescriptor.MethodType.BIDI_STREAMING) {
      return BIDIRECTIONAL;
    }
    String authority = options.getAuthority();
    return (authority == null ? "" : authority) + "/" + method.getFullMethodName();
  }

  ClientSession.Peer get(Channel channel, String key) {
    Map<String, ClientSession.Peer> known = peers.get(channel);
    ClientSession.@Nullable Peer peer = known == null ? null : known.get(key);
    return peer == null ? ClientSession.Peer.UNKNOWN : peer;
  }

  /**
   * Records the kind of a server that answered. A server without sessions may stand beside others,
   * so all are doubted then.
   */
  void onPeer(Channel channel, String key, boolean hasSessions) {
    ClientSession.Peer peer =
        hasSessions ? ClientSession.Peer.HOLDFAST : ClientSession.Peer.LIKELY_PLAIN;
    if (get(channel, key) != peer) {
      Map<String, ClientSession.Peer> known =
          peers.computeIfAbsent(channel, unused -> new ConcurrentHashMap<>(1));
      if (known.size() >= MAX_METHODS) {
        known.clear();
      }
      known.put(key, peer);
    }
  }
}
