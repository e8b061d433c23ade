package dev.holdfast.gateway.listener;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.core.EndpointSet;
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
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What connections that are passed through leave behind when they come and go by thousands. */
class TcpProxyTimersTest {
  private record OneCluster(Router router, Map<String, Cluster> clusters, GatewayLimits limits)
      implements ConfigSnapshot {}

  private static final String NAME = "db";
  private static final long NONE = -1;

  // Nobody turns it, so that the list of endpoints stays unknown and the connection waits.
  private final EventLoop still = new DefaultEventLoop(task -> {});

  @Test
  void connectionThatIsGoneIsHeldByNoTimer() {
    Cluster cluster = Cluster.fixed(NAME, EndpointSet.of(List.of()), ClusterOptions.DEFAULT);
    ConfigSnapshot configSnapshot =
        new OneCluster(head -> null, Map.of(NAME, cluster), GatewayLimits.DEFAULT);
    ForwardingLoop loop =
        new ForwardingLoop(
            still,
            () -> configSnapshot,
            new ForwardingLoop.ConnectionMonitoring(
                LivenessOptions.DEFAULT,
                LivenessMeters.NONE,
                LivenessMeters.NONE,
                new GatewayMeters(new SimpleMeterRegistry())));
    EmbeddedChannel channel = new EmbeddedChannel();
    TcpProxyConnection.open(channel, loop, NAME, false, new L4Refusals());
    assertThat(channel.runScheduledPendingTasks()).isPositive();
    // Its own close() would cancel them.
    var unused = channel.pipeline().close();
    channel.runPendingTasks();
    assertThat(channel.runScheduledPendingTasks()).isEqualTo(NONE);
  }
}
