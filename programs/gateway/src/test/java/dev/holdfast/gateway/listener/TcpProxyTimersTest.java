package dev.holdfast.gateway.listener;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.core.RegistryContext;
import dev.holdfast.core.ServiceName;
import dev.holdfast.core.discovery.EndpointDirectory;
import dev.holdfast.core.discovery.LastKnownGoodOptions;
import dev.holdfast.core.testkit.InMemoryStore;
import dev.holdfast.core.testkit.VirtualScheduler;
import dev.holdfast.gateway.cluster.Cluster;
import dev.holdfast.gateway.cluster.ClusterOptions;
import dev.holdfast.gateway.limits.GatewayLimits;
import dev.holdfast.gateway.limits.GatewayMeters;
import dev.holdfast.gateway.loop.ConfigSnapshot;
import dev.holdfast.gateway.loop.ForwardingLoop;
import dev.holdfast.gateway.route.Router;
import dev.holdfast.liveness.LivenessMeters;
import dev.holdfast.liveness.LivenessOptions;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.netty.channel.DefaultEventLoop;
import io.netty.channel.EventLoop;
import io.netty.channel.embedded.EmbeddedChannel;
import java.time.Duration;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What connections that are passed through leave behind when they come and go by thousands. */
class TcpProxyTimersTest {
  private record OneCluster(Router router, Map<String, Cluster> clusters, GatewayLimits limits)
      implements ConfigSnapshot {}

  private static final String NAME = "db";
  private static final long NONE = -1;

  private final EventLoop thread = new DefaultEventLoop();

  @AfterEach
  void close() {
    var unused = thread.shutdownGracefully(0, 0, TimeUnit.SECONDS);
  }

  @Test
  void connectionThatIsGoneIsHeldByNoTimer() {
    // Its time stands still, so that the list of endpoints stays unknown and the connection waits.
    RegistryContext context =
        new RegistryContext(
            new VirtualScheduler(), new SimpleMeterRegistry(), new Random(1), Map.of());
    InMemoryStore store = new InMemoryStore(context.scheduler(), Duration.ofSeconds(15));
    EndpointDirectory directory =
        EndpointDirectory.over(
            store.connect(context), context, LastKnownGoodOptions.forTtl(store.ttl()));
    Cluster cluster =
        Cluster.following(NAME, directory, ServiceName.parse(NAME), ClusterOptions.DEFAULT);
    ConfigSnapshot configSnapshot =
        new OneCluster(head -> null, Map.of(NAME, cluster), GatewayLimits.DEFAULT);
    ForwardingLoop loop =
        new ForwardingLoop(
            thread,
            () -> configSnapshot,
            new ForwardingLoop.ConnectionMonitoring(
                LivenessOptions.DEFAULT,
                LivenessMeters.NONE,
                LivenessMeters.NONE,
                new GatewayMeters(new SimpleMeterRegistry())));
    EmbeddedChannel channel = new EmbeddedChannel();
    thread
        .submit(() -> TcpProxyConnection.open(channel, loop, NAME, false, new L4Refusals()))
        .syncUninterruptibly();
    assertThat(channel.runScheduledPendingTasks()).isPositive();
    // Its own close() would cancel them.
    var unused = channel.pipeline().close();
    channel.runPendingTasks();
    assertThat(channel.runScheduledPendingTasks()).isEqualTo(NONE);
  }
}
