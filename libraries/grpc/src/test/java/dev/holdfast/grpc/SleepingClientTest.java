package dev.holdfast.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.holdfast.lab.TcpRelay;
import dev.holdfast.lab.process.RecordedJvm;
import java.io.IOException;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/**
 * A client's machine sleeps and wakes up: to its process, stopped and continued, that is a gap in
 * time, longer than all patience it has.
 */
@Execution(ExecutionMode.CONCURRENT)
class SleepingClientTest {
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  private final LoopbackTopology loopbackTopology = new LoopbackTopology();

  @AfterEach
  void close() {
    loopbackTopology.close();
  }

  @Test
  @Execution(ExecutionMode.CONCURRENT)
  void whoSleptFindsItsConnectionAndItsFirstCallWorks() throws Exception {
    HoldfastServer server =
        loopbackTopology.serveUnregistered(
            new WordsService("a"), LoopbackTopology.permitting(loopbackTopology.server()));
    try (RecordedJvm client = caller(server.getPort(), 2, 3)) {
      assertThat(client.ask("call", "answered")).isEqualTo("a");
      hold(client);
      client.pause();
      pass(Duration.ofSeconds(5));
      client.resume();
      assertThat(client.ask("call", "answered")).isEqualTo("a");
      client.tell("say awake");
      awaitHeard(client, "[a,a awake]");
    }
  }

  /**
   * The network goes before the machine does, and comes back after it: at the moment of waking an
   * answer is owed for longer than the hard limit, and a client that counts the gap closes at once.
   */
  @Test
  @Execution(ExecutionMode.CONCURRENT)
  void theTimeAsleepIsNotHeldAgainstAServerThatOwesAnAnswer() throws Exception {
    int hardLimitSeconds = 10;
    HoldfastServer server =
        loopbackTopology.serveUnregistered(
            new WordsService("a"), LoopbackTopology.permitting(loopbackTopology.server()));
    try (TcpRelay path = TcpRelay.toPort(server.getPort());
        RecordedJvm client = caller(path.port(), 5, hardLimitSeconds)) {
      hold(client);
      path.stall();
      await().atMost(PATIENCE).until(() -> !client.ask("state", "state").startsWith("suspected=0"));
      client.pause();
      pass(Duration.ofSeconds(hardLimitSeconds + 2));
      client.resume();
      assertThat(client.ask("heard", "heard")).isEqualTo("[a]");
      path.heal();
      client.tell("say awake");
      awaitHeard(client, "[a,a awake]");
      assertThat(client.ask("call", "answered")).isEqualTo("a");
    }
  }

  private static RecordedJvm caller(int port, int windowSeconds, int hardLimitSeconds)
      throws IOException {
    return RecordedJvm.start(
        CallerProgram.class,
        "127.0.0.1:" + port,
        Integer.toString(windowSeconds),
        Integer.toString(hardLimitSeconds));
  }

  private static void hold(RecordedJvm client) throws IOException {
    client.tell("hold");
    awaitHeard(client, "[a]");
  }

  private static void awaitHeard(RecordedJvm client, String all) {
    await().atMost(PATIENCE).until(() -> client.ask("heard", "heard").equals(all));
  }

  private static void pass(Duration time) {
    long beganNanos = System.nanoTime();
    await().atMost(PATIENCE).until(() -> System.nanoTime() - beganNanos > time.toNanos());
  }
}
