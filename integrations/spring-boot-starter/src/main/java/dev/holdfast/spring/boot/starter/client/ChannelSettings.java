package dev.holdfast.spring.boot.starter.client;

import io.grpc.ManagedChannelBuilder;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.bind.Bindable;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.boot.context.properties.bind.Name;
import org.springframework.boot.convert.DurationUnit;
import org.springframework.boot.grpc.client.autoconfigure.GrpcClientProperties;
import org.springframework.core.env.Environment;
import org.springframework.util.unit.DataSize;

/**
 * The settings of one channel under {@code spring.grpc.client.channel}; null where nothing is set.
 *
 * <p>{@link #explicit} has what the application set, and null for what is Spring Boot's default,
 * which {@link GrpcClientProperties} can't tell apart.
 *
 * @param inboundMessage the most bytes of a message, -1 for no limit
 * @param inboundMetadata the most bytes of metadata, -1 for no limit
 */
record ChannelSettings(
    @Nullable String userAgent,
    @Nullable DataSize inboundMessage,
    @Nullable DataSize inboundMetadata,
    @Nullable Duration deadline,
    @Nullable String policy,
    @Nullable Duration idleTimeout,
    @Nullable Duration keepaliveTime,
    @Nullable Duration keepaliveTimeout,
    @Nullable Boolean keepaliveWithoutCalls) {

  private static final String PREFIX = "spring.grpc.client";
  private static final ChannelSettings NONE =
      new ChannelSettings(null, null, null, null, null, null, null, null, null);

  /** What the application set under the name of a channel. */
  static ChannelSettings explicit(Environment environment, String name) {
    Map<String, SetChannel> channels =
        Binder.get(environment)
            .bind(PREFIX + ".channel", Bindable.mapOf(String.class, SetChannel.class))
            .orElse(Map.of());
    SetChannel channel = channels.get(name);
    return channel == null ? NONE : channel.settings();
  }

  /** What holds for a channel of Spring Boot's own, its defaults included. */
  static ChannelSettings complete(GrpcClientProperties.Channel channel) {
    return new ChannelSettings(
        channel.getUserAgent(),
        channel.getInbound().getMessage().getMaxSize(),
        channel.getInbound().getMetadata().getMaxSize(),
        channel.getDefault().getDeadline(),
        channel.getDefault().getLoadBalancingPolicy(),
        channel.getIdle().getTimeout(),
        channel.getKeepalive().getTime(),
        channel.getKeepalive().getTimeout(),
        channel.getKeepalive().isWithoutCalls());
  }

  /** Sets on a builder what is set here, but for deadline and policy. */
  void applyTo(ManagedChannelBuilder<?> builder) {
    if (userAgent != null) {
      builder.userAgent(userAgent);
    }
    if (inboundMessage != null) {
      builder.maxInboundMessageSize(bytes("inbound.message.max-size", inboundMessage));
    }
    if (inboundMetadata != null) {
      builder.maxInboundMetadataSize(bytes("inbound.metadata.max-size", inboundMetadata));
    }
    set(idleTimeout, builder::idleTimeout);
    set(keepaliveTime, builder::keepAliveTime);
    set(keepaliveTimeout, builder::keepAliveTimeout);
    if (keepaliveWithoutCalls != null) {
      builder.keepAliveWithoutCalls(keepaliveWithoutCalls);
    }
  }

  private static void set(@Nullable Duration value, BiConsumer<Long, TimeUnit> setter) {
    if (value != null) {
      setter.accept(value.toNanos(), TimeUnit.NANOSECONDS);
    }
  }

  private static int bytes(String name, DataSize size) {
    long bytes = size.toBytes();
    if (bytes < -1) {
      throw new IllegalArgumentException(name + ": " + size + " (expected: -1B or >= 0B)");
    }
    return bytes == -1 ? Integer.MAX_VALUE : (int) Math.min(bytes, Integer.MAX_VALUE);
  }

  /** A channel as Spring Boot names its settings. */
  record SetChannel(
      @Nullable String userAgent,
      @DefaultValue Inbound inbound,
      @Name("default") @DefaultValue Defaults defaults,
      @DefaultValue Idle idle,
      @DefaultValue Keepalive keepalive) {

    ChannelSettings settings() {
      return new ChannelSettings(
          userAgent,
          inbound.message().maxSize(),
          inbound.metadata().maxSize(),
          defaults.deadline(),
          defaults.loadBalancingPolicy(),
          idle.timeout(),
          keepalive.time(),
          keepalive.timeout(),
          keepalive.withoutCalls());
    }

    record Inbound(@DefaultValue Limit message, @DefaultValue Limit metadata) {}

    record Limit(@Nullable DataSize maxSize) {}

    record Defaults(
        @DurationUnit(ChronoUnit.SECONDS) @Nullable Duration deadline,
        @Nullable String loadBalancingPolicy) {}

    record Idle(@DurationUnit(ChronoUnit.SECONDS) @Nullable Duration timeout) {}

    record Keepalive(
        @DurationUnit(ChronoUnit.SECONDS) @Nullable Duration time,
        @DurationUnit(ChronoUnit.SECONDS) @Nullable Duration timeout,
        @Nullable Boolean withoutCalls) {}
  }
}
