package dev.holdfast.liveness;

import dev.holdfast.liveness.LivenessOptions.TcpOptions;
import io.netty.channel.Channel;

/**
 * The TCP keepalive of sockets that no {@link LivenessHandler} watches, because their protocol has
 * no PING or is not known.
 */
public final class TcpKeepalive {
  private TcpKeepalive() {}

  /**
   * Makes the kernel probe a quiet peer, so that hops on the path don't forget the connection and
   * that it ends when the peer is gone. An option that the system lacks is left out. Without {@link
   * TcpOptions#userTimeout}: Linux also counts that while a peer that is there does not read, and
   * here nothing but the socket holds the sender back.
   */
  public static void set(Channel channel, TcpOptions options) {
    TcpSocketAccess.of(channel).keepAlive(channel, options);
  }
}
