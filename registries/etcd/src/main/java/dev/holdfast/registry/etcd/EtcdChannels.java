package dev.holdfast.registry.etcd;

import dev.holdfast.core.HostPort;
import dev.holdfast.core.annotation.Limit;
import io.grpc.ManagedChannel;
import io.grpc.netty.NettyChannelBuilder;
import io.netty.channel.ChannelOption;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** The factory of the channels to the members of one cluster. Confined to the scheduler. */
final class EtcdChannels {
  /**
   * The largest message accepted from etcd, in bytes: a page of a list or a message of a watch.
   * Records may have any size.
   */
  @Limit(
      of = "one message of etcd",
      then = "a page of a list is asked for again in smaller ones; a watch begins anew")
  static final int MAX_INBOUND_MESSAGE_BYTES = 32 << 20;

  // etcd permits a ping every 5 s (--grpc-keepalive-min-time); grpc-java sends none below 10 s.
  private static final Duration KEEPALIVE_TIME = Duration.ofSeconds(10);
  private static final Duration KEEPALIVE_TIMEOUT = Duration.ofSeconds(5);

  private final @Nullable EtcdTls tls;
  private final Duration connectTimeout;

  EtcdChannels(Optional<EtcdTls> tls, Duration connectTimeout) {
    this.tls = tls.orElse(null);
    this.connectTimeout = connectTimeout;
  }

  /** Changes when channels opened before should make way for new ones. */
  int version() {
    if (tls == null) {
      return 0;
    }
    tls.refresh();
    return tls.version();
  }

  boolean arePlainText() {
    return tls == null;
  }

  ManagedChannel open(HostPort member) {
    NettyChannelBuilder builder =
        NettyChannelBuilder.forAddress(member.host(), member.port())
            .directExecutor()
            .disableRetry()
            .disableServiceConfigLookUp()
            .maxInboundMessageSize(MAX_INBOUND_MESSAGE_BYTES)
            .keepAliveTime(KEEPALIVE_TIME.toSeconds(), TimeUnit.SECONDS)
            .keepAliveTimeout(KEEPALIVE_TIMEOUT.toSeconds(), TimeUnit.SECONDS)
            .withOption(
                ChannelOption.CONNECT_TIMEOUT_MILLIS, Math.toIntExact(connectTimeout.toMillis()));
    return tls == null ? builder.usePlaintext().build() : builder.sslContext(tls.context()).build();
  }
}
