package dev.holdfast.bench.load;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.holdfast.bench.channel.ClosedLoopLoad;
import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.NettyServerBuilder;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class CallsTest {
  // The first call of a cold JVM on a busy machine takes seconds.
  private static final Duration DEADLINE = Duration.ofSeconds(30);

  private Server server;
  private ManagedChannel channel;

  @BeforeEach
  void start() throws IOException {
    server =
        NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
            .addService(new EchoInstance("s0"))
            .build()
            .start();
    channel = NettyChannelBuilder.forAddress("127.0.0.1", server.getPort()).usePlaintext().build();
  }

  @AfterEach
  void stop() throws InterruptedException {
    channel.shutdownNow();
    server.shutdownNow();
    server.awaitTermination();
  }

  @Test
  void steadyCallsAreAllAccountedForAndSayWhoAnswered() throws InterruptedException {
    FirstAnswerTimes answers = new FirstAnswerTimes();
    OpenLoopLoad calls = new OpenLoopLoad(channel, 200, DEADLINE, answers).start();
    assertThat(answers.awaitFirst("s0", DEADLINE)).isPresent();
    assertThat(answers.awaitFirst("s1", Duration.ofMillis(20))).isEmpty();
    calls.stop();
    assertThat(calls.failed()).as("failures: %s", calls.failures()).isZero();
    assertThat(calls.unaccounted()).isZero();
    assertThat(calls.answered()).isEqualTo(calls.issued()).isPositive();
    assertThat(answers.lastSent("s0")).isPresent();
  }

  @Test
  void aCallThatFailsIsCountedWithItsReason() throws InterruptedException {
    server.shutdownNow();
    OpenLoopLoad calls =
        new OpenLoopLoad(channel, 200, DEADLINE, (instance, sent, answered) -> {}).start();
    await().until(() -> calls.failed() > 0);
    calls.stop();
    assertThat(calls.answered() + calls.failed()).isEqualTo(calls.issued());
    assertThat(calls.failures().keySet()).anyMatch(reason -> reason.startsWith("UNAVAILABLE"));
  }

  @Test
  void aClosedLoopMeasuresWhatItDoes() throws InterruptedException {
    WarmUpCalls.make(channel, 10);
    ClosedLoopLoad loop = new ClosedLoopLoad(channel, 4, 64, true);
    ClosedLoopLoad.Slice slice = loop.run(Duration.ofMillis(50), Duration.ofSeconds(2));
    assertThat(slice.failed()).isZero();
    assertThat(slice.callsPerSecond()).isPositive();
    assertThat(slice.p50Micros()).isPositive().isLessThanOrEqualTo(slice.p99Micros());
    // Four under way and each taking its median: no more calls than that can be done in a second.
    assertThat(slice.callsPerSecond()).isLessThan(4 * 1e6 / slice.p50Micros() * 4);
  }
}
