package dev.holdfast.grpc;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.core.PathProfile;
import dev.holdfast.hooks.ChannelHooks;
import dev.holdfast.hooks.Heartbeat;
import dev.holdfast.liveness.LivenessOptions;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ClientInterceptor;
import io.grpc.ManagedChannel;
import io.grpc.MethodDescriptor;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** What a stream's interceptor learns of the channel it stands in. */
class HoldfastChannelHooksTest {
  private final AtomicReference<@Nullable ChannelHooks> seen = new AtomicReference<>();

  @Test
  void aPathOnWhichPingsDoNotCountHasAHeartbeatWellWithinItsTimeout() {
    for (PathProfile profile : PathProfile.values()) {
      ChannelHooks host = host(builder -> builder.path(profile));
      boolean hop = profile.layer() == PathProfile.Layer.REQUESTS;
      assertThat(host.heartbeat().isPresent()).as(profile.name()).isEqualTo(hop);
      if (hop) {
        Duration third = profile.idleTimeout().orElseThrow().dividedBy(3);
        assertThat(host.heartbeat().map(Heartbeat::every).orElseThrow())
            .as(profile.name())
            .isLessThanOrEqualTo(third);
      }
    }
    assertThat(host(builder -> builder).heartbeat()).isEmpty();
    assertThat(host(builder -> builder.path(PathProfile.NGINX).withoutLiveness()).heartbeat())
        .as("who probes connections himself still has the hop")
        .isPresent();
    assertThat(
            host(builder -> builder.liveness(LivenessOptions.DEFAULT.withPingsEndAtHop(true)))
                .heartbeat())
        .isPresent();
  }

  @Test
  void theLimitOfMessagesIsKnownUnlessItWasSaidBehindTheBuildersBack() {
    assertThat(host(builder -> builder).maxInboundMessageBytes()).hasValue(4 * 1024 * 1024);
    assertThat(host(builder -> builder.maxInboundMessageSize(7)).maxInboundMessageBytes())
        .hasValue(7);
    assertThat(
            host(builder -> builder.configureNetty(netty -> netty.maxInboundMessageSize(7)))
                .maxInboundMessageBytes())
        .isEmpty();
  }

  @Test
  void whoAskedHearsOnceThatTheChannelEndsItsCalls() {
    ManagedChannel channel = channel(builder -> builder);
    ChannelHooks host = hostOf(channel);
    AtomicInteger told = new AtomicInteger();
    AtomicInteger untold = new AtomicInteger();
    var unused = host.onShutdownNow(told::incrementAndGet);
    host.onShutdownNow(untold::incrementAndGet).close();

    channel.shutdown();
    assertThat(host.isShutdown()).isTrue();
    assertThat(told).hasValue(0);
    channel.shutdownNow();
    channel.shutdownNow();

    assertThat(told).hasValue(1);
    assertThat(untold).hasValue(0);
    var late = host.onShutdownNow(untold::incrementAndGet);
    late.close();
    assertThat(untold).hasValue(1);
  }

  @Test
  void unaryCallsCarryNothingMore() {
    ManagedChannel channel = channel(builder -> builder);
    var unused = channel.newCall(WordsService.GET, CallOptions.DEFAULT);
    assertThat(seen.get()).isNull();
    channel.shutdownNow();
  }

  private ChannelHooks host(UnaryOperator<HoldfastChannelBuilder> settings) {
    ManagedChannel channel = channel(settings);
    try {
      return hostOf(channel);
    } finally {
      channel.shutdownNow();
    }
  }

  private ChannelHooks hostOf(ManagedChannel channel) {
    MethodDescriptor<String, String> stream =
        WordsService.GET.toBuilder().setType(MethodDescriptor.MethodType.BIDI_STREAMING).build();
    var unused = channel.newCall(stream, CallOptions.DEFAULT);
    return Objects.requireNonNull(seen.get());
  }

  private ManagedChannel channel(UnaryOperator<HoldfastChannelBuilder> settings) {
    HoldfastChannelBuilder builder =
        HoldfastChannelBuilder.forTarget("localhost:1").usePlaintext().intercept(new Seen());
    return settings.apply(builder).build();
  }

  private final class Seen implements ClientInterceptor {
    @Override
    public <Q, A> ClientCall<Q, A> interceptCall(
        MethodDescriptor<Q, A> method, CallOptions options, Channel next) {
      seen.set(options.getOption(ChannelHooks.KEY));
      return next.newCall(method, options);
    }
  }
}
