package dev.holdfast.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.grpc.ForwardingServerCallListener.SimpleForwardingServerCallListener;
import io.grpc.Grpc;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.services.MetricRecorder;
import io.grpc.xds.orca.OrcaServiceImpl;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/**
 * Load reports (ORCA) are a stream per connection, which a policy opens when its endpoint turns
 * READY. One that stayed on the loser of a race would keep it from ending, and leave the winner
 * without a weight.
 */
@Execution(ExecutionMode.CONCURRENT)
class LoadReportsTest {
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final Map<String, Object> FOLLOWS_REPORTS =
      Map.of(
          "loadBalancingConfig",
          List.of(
              Map.of(
                  "weighted_round_robin",
                  Map.of("enableOobLoadReport", true, "oobReportingPeriod", "0.1s"))));

  private final ScheduledExecutorService timers = Executors.newSingleThreadScheduledExecutor();
  private final LoopbackTopology loopbackTopology = new LoopbackTopology();
  private final FakeLivenessHandler fakeLivenessHandler = new FakeLivenessHandler();
  private final ReportedClients reported = new ReportedClients();

  @AfterEach
  void close() {
    loopbackTopology.close();
    timers.shutdownNow();
  }

  @Test
  void reportsMoveToTheReplacementSoThatTheOldConnectionEnds() throws Exception {
    loopbackTopology.serve(
        new WordsService("a"),
        loopbackTopology
            .server()
            .addService(
                OrcaServiceImpl.createService(
                    timers, MetricRecorder.newInstance(), 100, TimeUnit.MILLISECONDS))
            .intercept(reported));
    ManagedChannel channel =
        loopbackTopology.channel(
            loopbackTopology
                .builder()
                .defaultServiceConfig(FOLLOWS_REPORTS)
                .configureNetty(fakeLivenessHandler::stand));
    assertThat(LoopbackTopology.call(channel, WordsService.PLACE)).isEqualTo("a");
    FakeLivenessHandler.FakeWatchedConnection old = fakeLivenessHandler.post(0);
    await().atMost(PATIENCE).until(() -> reported.now().equals(Set.of(localOf(old))));

    old.suspect();
    FakeLivenessHandler.FakeWatchedConnection replacement = fakeLivenessHandler.post(1);
    await().atMost(PATIENCE).until(() -> reported.now().equals(Set.of(localOf(replacement))));
    await().atMost(PATIENCE).until(() -> !old.channel().isActive());
    assertThat(LoopbackTopology.call(channel, WordsService.PLACE)).isEqualTo("a");
    assertThat(reported.now()).containsExactly(localOf(replacement));
  }

  private static SocketAddress localOf(
      FakeLivenessHandler.FakeWatchedConnection fakeWatchedConnection) {
    return fakeWatchedConnection.channel().localAddress();
  }

  /** Knows from which connections reports are asked for. */
  private static final class ReportedClients implements ServerInterceptor {
    private final Set<SocketAddress> now = ConcurrentHashMap.newKeySet();

    Set<SocketAddress> now() {
      return Set.copyOf(now);
    }

    @Override
    public <Q, A> ServerCall.Listener<Q> interceptCall(
        ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
      ServerCall.Listener<Q> listener = next.startCall(call, headers);
      if (!call.getMethodDescriptor().getFullMethodName().contains("orca")) {
        return listener;
      }
      SocketAddress client =
          Objects.requireNonNull(call.getAttributes().get(Grpc.TRANSPORT_ATTR_REMOTE_ADDR));
      now.add(client);
      return new SimpleForwardingServerCallListener<>(listener) {
        @Override
        public void onCancel() {
          now.remove(client);
          super.onCancel();
        }

        @Override
        public void onComplete() {
          now.remove(client);
          super.onComplete();
        }
      };
    }
  }
}
