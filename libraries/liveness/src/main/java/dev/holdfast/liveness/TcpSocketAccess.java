package dev.holdfast.liveness;

import dev.holdfast.liveness.LivenessOptions.TcpOptions;
import io.netty.channel.Channel;
import io.netty.channel.ChannelException;
import io.netty.channel.ChannelOption;
import io.netty.channel.epoll.EpollChannelOption;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.epoll.EpollTcpInfo;
import io.netty.channel.socket.nio.NioChannelOption;
import io.netty.channel.socket.nio.NioSocketChannel;
import java.time.Duration;
import jdk.net.ExtendedSocketOptions;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The socket options and the tcp_info that a kind of channel can set and read: everything with
 * epoll, keepalive only with NIO.
 *
 * <p>Stateless, so that a connection needs no object for it: one constant per kind of channel.
 */
enum TcpSocketAccess {
  /** Options, tcp_info and keepalive probes on demand. */
  EPOLL {
    @Override
    void keepAlive(Channel channel, TcpOptions options) {
      set(channel, ChannelOption.SO_KEEPALIVE, true);
      set(channel, EpollChannelOption.TCP_KEEPIDLE, (int) options.keepIdle().toSeconds());
      set(channel, EpollChannelOption.TCP_KEEPINTVL, (int) options.keepInterval().toSeconds());
      set(channel, EpollChannelOption.TCP_KEEPCNT, options.keepCount());
    }

    @Override
    void configure(Channel channel, TcpOptions options) {
      keepAlive(channel, options);
      // grpc's client sets its keepalive timeout here, which kills after one late ACK.
      set(channel, EpollChannelOption.TCP_USER_TIMEOUT, (int) options.userTimeout().toMillis());
    }

    @Override
    TcpInfo read(Channel channel) {
      if (!channel.isOpen()) {
        return TcpInfo.UNKNOWN;
      }
      try {
        EpollTcpInfo info = ((EpollSocketChannel) channel).tcpInfo();
        return new TcpInfo(
            info.unacked(),
            info.retransmits(),
            info.probes(),
            Duration.ofMillis(info.lastAckRecv()).toNanos(),
            info.rtt() * NANOS_PER_MICRO);
      } catch (ChannelException e) {
        log.debug("event=tcp_info_failed channel={}", channel, e);
        return TcpInfo.UNKNOWN;
      }
    }

    /** The kernel reckons anew from the last ACK: after a second of silence it probes at once. */
    @Override
    void probeNow(Channel channel) {
      set(channel, EpollChannelOption.TCP_KEEPIDLE, 1);
    }

    @Override
    void restoreKeepalive(Channel channel, TcpOptions options) {
      set(channel, EpollChannelOption.TCP_KEEPIDLE, (int) options.keepIdle().toSeconds());
    }
  },
  /** Keepalive only: the JDK shows nothing of what the kernel knows. */
  NIO {
    @Override
    void keepAlive(Channel channel, TcpOptions options) {
      set(channel, ChannelOption.SO_KEEPALIVE, true);
      set(channel, KEEP_IDLE, (int) options.keepIdle().toSeconds());
      set(channel, KEEP_INTERVAL, (int) options.keepInterval().toSeconds());
      set(channel, KEEP_COUNT, options.keepCount());
    }
  },
  /** A channel of another kind, or in a test: nothing. */
  OTHER {
    @Override
    void keepAlive(Channel channel, TcpOptions options) {}
  };

  private static final Logger log = LoggerFactory.getLogger(TcpSocketAccess.class);
  private static final long NANOS_PER_MICRO = 1_000;
  private static final ChannelOption<Integer> KEEP_IDLE =
      NioChannelOption.of(ExtendedSocketOptions.TCP_KEEPIDLE);
  private static final ChannelOption<Integer> KEEP_INTERVAL =
      NioChannelOption.of(ExtendedSocketOptions.TCP_KEEPINTERVAL);
  private static final ChannelOption<Integer> KEEP_COUNT =
      NioChannelOption.of(ExtendedSocketOptions.TCP_KEEPCOUNT);

  static TcpSocketAccess of(Channel channel) {
    if (channel instanceof EpollSocketChannel) {
      return EPOLL;
    }
    return channel instanceof NioSocketChannel ? NIO : OTHER;
  }

  /** Sets those of keepalive; an option that the system lacks is left out. */
  abstract void keepAlive(Channel channel, TcpOptions options);

  /** Sets the options; an option that the system lacks is left out. */
  void configure(Channel channel, TcpOptions options) {
    keepAlive(channel, options);
  }

  boolean hasTcpInfo() {
    return this == EPOLL;
  }

  /** The kernel's TCP state; {@link TcpInfo#UNKNOWN} when it cannot be read. */
  TcpInfo read(Channel channel) {
    return TcpInfo.UNKNOWN;
  }

  /** Makes the kernel send a keepalive probe now. */
  void probeNow(Channel channel) {}

  /** Sets back what {@link #probeNow} changed. */
  void restoreKeepalive(Channel channel, TcpOptions options) {}

  private static <T> void set(Channel channel, ChannelOption<T> option, T value) {
    if (!channel.isOpen()) {
      return;
    }
    try {
      if (!channel.config().setOption(option, value)) {
        log.debug("event=socket_option_unknown option={} channel={}", option, channel);
      }
    } catch (ChannelException | UnsupportedOperationException e) {
      log.debug("event=socket_option_refused option={} channel={}", option, channel, e);
    }
  }
}
