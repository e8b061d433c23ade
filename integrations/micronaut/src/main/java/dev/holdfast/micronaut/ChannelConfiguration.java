package dev.holdfast.micronaut;

import dev.holdfast.core.discovery.Registries;
import dev.holdfast.grpc.HoldfastChannelBuilder;
import io.micronaut.context.annotation.ConfigurationBuilder;
import io.micronaut.context.annotation.ConfigurationProperties;
import io.micronaut.context.annotation.EachProperty;
import io.micronaut.context.annotation.Parameter;
import io.micronaut.grpc.channels.GrpcDefaultManagedChannelConfiguration;
import io.micronaut.grpc.channels.GrpcManagedChannelConfiguration;
import jakarta.inject.Inject;

/**
 * The settings of a channel that follows a registry: methods of {@link HoldfastChannelBuilder} as
 * properties, as Micronaut has it for its own channels.
 *
 * <p>The methods are listed because the classes that Micronaut's processor makes name the types of
 * all arguments: with a method that is new in gRPC they would not load beside an older version.
 */
abstract class ChannelConfiguration {
  @ConfigurationBuilder(
      prefixes = {"use", ""},
      allowZeroArgs = true,
      includes = {
        "zone",
        "slowStart",
        "loadBalancing",
        "retryIdempotent",
        "idleTimeoutOfPath",
        "withoutLiveness",
        "plaintext",
        "transportSecurity",
        "overrideAuthority",
        "userAgent",
        "defaultLoadBalancingPolicy",
        "defaultServiceConfig",
        "disableServiceConfigLookUp",
        "idleTimeout",
        "keepAliveTime",
        "keepAliveTimeout",
        "keepAliveWithoutCalls",
        "maxInboundMessageSize",
        "maxInboundMetadataSize",
        "enableRetry",
        "disableRetry",
        "maxRetryAttempts",
        "maxHedgedAttempts",
        "retryBufferSize",
        "perRpcBufferLimit",
        "maxTraceEvents"
      })
  protected final HoldfastChannelBuilder builder;

  ChannelConfiguration(String target, Registries registries) {
    builder = HoldfastChannelBuilder.forTarget(target, registries);
  }

  HoldfastChannelBuilder builder() {
    return builder;
  }

  /** Of a channel with a name, under {@code grpc.channels.NAME}. */
  @EachProperty(GrpcManagedChannelConfiguration.PREFIX)
  static final class Named extends ChannelConfiguration {
    Named(@Parameter String name, TargetSettings targets, Registries registries) {
      super(targets.targetOf(name), registries);
    }
  }

  /** Of a channel without settings of its own, under {@code grpc.client}. */
  @ConfigurationProperties(GrpcDefaultManagedChannelConfiguration.PREFIX)
  static final class Default extends ChannelConfiguration {
    /** For contexts that read all configuration when they start. */
    @Inject
    Default(Registries registries) {
      this(GrpcDefaultManagedChannelConfiguration.NAME, registries);
    }

    Default(String target, Registries registries) {
      super(target, registries);
    }
  }
}
