package dev.holdfast.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.holdfast.core.local.FreePort;
import io.grpc.ManagedChannel;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class RollingRestartTest {
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private final LoopbackTopology loopbackTopology = new LoopbackTopology();

  @AfterEach
  void close() {
    loopbackTopology.close();
  }

  @Test
  void noCallFailsWhileEveryInstanceIsRestartedOnItsPort() throws Exception {
    List<HoldfastServer> servers = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      servers.add(
          loopbackTopology.serve(
              new WordsService("old" + i), loopbackTopology.server(FreePort.find())));
    }
    ManagedChannel channel = loopbackTopology.channel();
    try (Load load = new Load(channel)) {
      await().atMost(PATIENCE).until(() -> load.seen().containsAll(Set.of("old0", "old1", "old2")));
      for (int i = 0; i < 3; i++) {
        int port = servers.get(i).getPort();
        servers.get(i).shutdown();
        assertThat(servers.get(i).awaitTermination(60, TimeUnit.SECONDS)).isTrue();
        String name = "new" + i;
        // A child process that starts at the moment has the old socket open until it becomes its
        // program.
        await()
            .atMost(PATIENCE)
            .ignoreExceptionsInstanceOf(IOException.class)
            .until(
                () -> loopbackTopology.serve(new WordsService(name), loopbackTopology.server(port)),
                Objects::nonNull);
        await().atMost(PATIENCE).until(() -> load.seen().contains(name));
      }
      load.close();
      assertThat(load.failures).isEmpty();
      assertThat(load.calls.get()).isGreaterThan(20);
      assertThat(loopbackTopology.meters.find("holdfast.grpc.calls.retried").counters())
          .isNotEmpty()
          .allSatisfy(retried -> assertThat(retried.count()).isZero());
    }
  }

  @Test
  void aStreamIsToldBeforeItsServerGoes() throws Exception {
    HoldfastServer server = loopbackTopology.serve(new WordsService("a"));
    ManagedChannel channel = loopbackTopology.channel();
    HeldStream held = HeldStream.follow(channel, "word");
    await().until(() -> held.heard().contains("a"));
    server.shutdown();
    assertThat(held.awaitEnd().isOk()).isTrue();
    assertThat(held.heard()).containsExactly("a", WordsService.LAST_WORD);
    assertThat(server.awaitTermination(30, TimeUnit.SECONDS)).isTrue();
  }

  /** Two threads that call all the time until closed. */
  private static final class Load implements AutoCloseable {
    final List<StatusRuntimeException> failures = new CopyOnWriteArrayList<>();
    final AtomicInteger calls = new AtomicInteger();
    private final Map<String, Boolean> answers = new ConcurrentHashMap<>();
    private final AtomicBoolean closed = new AtomicBoolean();
    private final List<Thread> threads = new ArrayList<>();

    Load(ManagedChannel channel) {
      for (int i = 0; i < 2; i++) {
        Thread thread = new Thread(() -> run(channel), "load-" + i);
        threads.add(thread);
        thread.start();
      }
    }

    Set<String> seen() {
      return answers.keySet();
    }

    private void run(ManagedChannel channel) {
      while (!closed.get()) {
        try {
          answers.put(LoopbackTopology.call(channel, WordsService.PLACE), true);
        } catch (StatusRuntimeException e) {
          failures.add(e);
        }
        calls.incrementAndGet();
      }
    }

    @Override
    public void close() throws InterruptedException {
      closed.set(true);
      for (Thread thread : threads) {
        thread.join();
      }
    }
  }
}
