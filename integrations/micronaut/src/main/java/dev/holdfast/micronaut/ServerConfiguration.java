package dev.holdfast.micronaut;

import dev.holdfast.core.DurationText;
import dev.holdfast.core.discovery.Registries;
import dev.holdfast.grpc.DrainOptions;
import dev.holdfast.grpc.HoldfastServerBuilder;
import io.grpc.netty.NettyServerBuilder;
import io.micronaut.context.annotation.ConfigurationBuilder;
import io.micronaut.context.annotation.ConfigurationProperties;
import io.micronaut.context.annotation.Requires;
import io.micronaut.core.convert.format.MapFormat;
import io.micronaut.core.naming.conventions.StringConvention;
import io.micronaut.grpc.server.GrpcServerConfiguration;
import java.time.Duration;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The settings of a server that registers itself, under {@code grpc.server} beside those of
 * Micronaut: methods of {@link HoldfastServerBuilder} as properties, among them those of gRPC that
 * Holdfast takes into account. Listed for the same reason as in {@link ChannelConfiguration}.
 */
@ConfigurationProperties(GrpcServerConfiguration.PREFIX)
@Requires(classes = GrpcServerConfiguration.class)
final class ServerConfiguration {
  private static final Duration LONGEST_GRACE = Duration.ofHours(1);

  /** The share of the budget that calls which were cut have to end. */
  private static final int END_SHARE = 20;

  private static final Duration END_AT_MOST = Duration.ofMillis(500);

  /** The builder on that of Micronaut's configuration: its address, its TLS and its settings. */
  @ConfigurationBuilder(
      prefixes = "",
      allowZeroArgs = true,
      includes = {
        "register",
        "advertise",
        "zone",
        "weight",
        "idleTimeoutOfPath",
        "withoutLiveness",
        "keepAliveTime",
        "keepAliveTimeout",
        "permitKeepAliveTime",
        "permitKeepAliveWithoutCalls",
        "maxConnectionAge",
        "maxConnectionAgeGrace",
        "maxInboundMessageSize",
        "maxInboundMetadataSize"
      })
  final HoldfastServerBuilder builder;

  private final Duration budget;
  private @Nullable Duration spread;

  ServerConfiguration(GrpcServerConfiguration micronaut, Registries registries) {
    builder =
        HoldfastServerBuilder.over((NettyServerBuilder) micronaut.getServerBuilder())
            .registries(registries)
            .registerOnStart(false);
    budget = micronaut.getAwaitTermination();
  }

  /** Sets how long a stopping server still takes calls after its record is gone. */
  void setSpread(Duration value) {
    spread = value;
  }

  /** Sets the properties of this instance that clients can read, with their keys as written. */
  void setMetadata(@MapFormat(keyFormat = StringConvention.RAW) Map<String, String> value) {
    value.forEach(builder::metadata);
  }

  /**
   * The builder, whose server stops within the time that Micronaut waits for it. A budget that is
   * too short for the defaults shortens them.
   */
  HoldfastServerBuilder builder() {
    Duration parts = budget.minus(shorter(END_AT_MOST, budget.dividedBy(END_SHARE)));
    DrainOptions standard = DrainOptions.DEFAULT;
    Duration withdraw = shorter(standard.withdrawWithin(), parts.dividedBy(2));
    Duration spreading = spread == null ? shorter(standard.spread(), parts.dividedBy(4)) : spread;
    Duration grace = parts.minus(withdraw).minus(spreading);
    if (grace.isNegative()) {
      throw new IllegalArgumentException(
          "grpc.server.spread: "
              + DurationText.format(spreading)
              + " (expected: 0s to "
              + DurationText.format(parts.minus(withdraw))
              + ", of grpc.server.await-termination)");
    }
    return builder.drain(new DrainOptions(withdraw, spreading, shorter(grace, LONGEST_GRACE)));
  }

  private static Duration shorter(Duration one, Duration other) {
    return one.compareTo(other) < 0 ? one : other;
  }
}
