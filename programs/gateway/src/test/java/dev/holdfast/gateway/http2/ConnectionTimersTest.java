package dev.holdfast.gateway.http2;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.gateway.cluster.Cluster;
import dev.holdfast.gateway.limits.GatewayLimits;
import dev.holdfast.gateway.limits.GatewayMeters;
import dev.holdfast.gateway.loop.ConfigSnapshot;
import dev.holdfast.gateway.loop.ForwardingLoop;
import dev.holdfast.gateway.route.Router;
import dev.holdfast.liveness.ConnectionRole;
import dev.holdfast.liveness.LivenessMeters;
import dev.holdfast.liveness.LivenessOptions;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.netty.channel.DefaultEventLoop;
import io.netty.channel.EventLoop;
import io.netty.channel.embedded.EmbeddedChannel;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What connections leave behind that come and go, as those of an attacker do by thousands. */
class ConnectionTimersTest {
  private record NoRoutes(Router router, Map<String, Cluster> clusters, GatewayLimits limits)
      implements ConfigSnapshot {}

  private static final long NONE = -1;

  private final EventLoop thread = new DefaultEventLoop();

  @AfterEach
  void close() {
    var unused = thread.shutdownGracefully(0, 0, TimeUnit.SECONDS);
  }

  @Test
  void connectionThatIsGoneIsHeldByNoTimer() {
    EmbeddedChannel channel = new EmbeddedChannel();
    accept(loop(), channel);
    assertNothingIsLeft(channel);
  }

  @Test
  void connectionThatWasAskedToLeaveAndIsGoneIsHeldByNoTimer() {
    ForwardingLoop loop = loop();
    inLoop(
        () -> {
          Duration hour = Duration.ofHours(1);
          var unusedDrain = loop.drain(hour, hour, hour);
        });
    EmbeddedChannel channel = new EmbeddedChannel();
    accept(loop, channel);
    assertNothingIsLeft(channel);
  }

  private void accept(ForwardingLoop loop, EmbeddedChannel channel) {
    inLoop(() -> DownstreamConnection.accept(loop, channel, null));
  }

  private ForwardingLoop loop() {
    SimpleMeterRegistry meters = new SimpleMeterRegistry();
    ConfigSnapshot configSnapshot = new NoRoutes(head -> null, Map.of(), GatewayLimits.DEFAULT);
    return new ForwardingLoop(
        thread,
        () -> configSnapshot,
        new ForwardingLoop.ConnectionMonitoring(
            LivenessOptions.DEFAULT,
            LivenessMeters.on(meters, ConnectionRole.SERVER),
            LivenessMeters.on(meters, ConnectionRole.CLIENT),
            new GatewayMeters(meters)));
  }

  private void assertNothingIsLeft(EmbeddedChannel channel) {
    awaitFlushes();
    assertThat(channel.runScheduledPendingTasks()).isPositive();
    // Its own close() would cancel them.
    var unused = channel.pipeline().close();
    awaitFlushes();
    channel.runPendingTasks();
    channel.releaseOutbound();
    assertThat(channel.runScheduledPendingTasks()).isEqualTo(NONE);
  }

  /** Waits for the loop's thread, which flushes, and which is not the channel's here. */
  private void awaitFlushes() {
    inLoop(() -> {});
  }

  private void inLoop(Runnable step) {
    thread.submit(step).syncUninterruptibly();
  }
}
