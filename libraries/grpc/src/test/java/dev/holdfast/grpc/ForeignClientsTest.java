package dev.holdfast.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.holdfast.lab.Middlebox;
import dev.holdfast.liveness.LivenessOptions;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.opentest4j.TestAbortedException;

/** Clients of grpc-go and C-core with default settings, silent for long at a server of ours. */
class ForeignClientsTest {
  private static final Duration SILENCE = Duration.ofSeconds(5);
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final LivenessOptions EAGER =
      LivenessOptions.DEFAULT.withProbing(Duration.ofSeconds(1), Duration.ofSeconds(1));

  @TempDir static Path folder;
  private final LoopbackTopology loopbackTopology = new LoopbackTopology();
  private final List<ClientGone> gone = new CopyOnWriteArrayList<>();
  private final List<PeerProgram> idle = new ArrayList<>();
  private final List<PeerProgram> holding = new ArrayList<>();
  private final List<String> missing = new ArrayList<>();

  @AfterEach
  void close() throws Exception {
    loopbackTopology.close();
    for (PeerProgram client : idle) {
      client.close();
    }
    for (PeerProgram client : holding) {
      client.close();
    }
  }

  @Test
  @Timeout(value = 10, unit = TimeUnit.MINUTES)
  void clientsOfOtherGrpcsAnswerWhenTheyAreAskedAndAreKept() throws Exception {
    HoldfastServer server =
        loopbackTopology.serveUnregistered(
            new WordsService("a"),
            loopbackTopology.server().liveness(EAGER).onClientGone(gone::add));
    try (Middlebox path = Middlebox.toPort(server.getPort()).start()) {
      start("go", () -> PeerProgram.go(folder), path.port());
      start("python", PeerProgram::python, path.port());
      for (PeerProgram client : holding) {
        client.order("follow");
        await().atMost(PATIENCE).until(() -> client.lines().size() == 3);
      }
      int clients = idle.size() + holding.size();
      await().atMost(PATIENCE).until(() -> probes() >= (double) clients * SILENCE.toSeconds());
      assertThat(gone).isEmpty();
      for (PeerProgram client : idle) {
        client.order("get");
        await()
            .atMost(PATIENCE)
            .until(() -> client.lines().equals(List.of("word a", "ready", "word a")));
      }
      assertThat(holding)
          .allSatisfy(
              client -> assertThat(client.lines()).containsExactly("word a", "ready", "word a"));
      assertThat(path.counts().opened()).as("no second connection").isEqualTo(clients);
    }
    assumeTrue(missing.isEmpty(), () -> String.join("; ", missing));
  }

  private void start(String name, Callable<List<String>> command, int port) throws Exception {
    try {
      List<String> found = command.call();
      idle.add(PeerProgram.client(name + "-idle", found, port));
      holding.add(PeerProgram.client(name + "-holding", found, port));
    } catch (TestAbortedException e) {
      missing.add(String.valueOf(e.getMessage()));
    }
  }

  private double probes() {
    return loopbackTopology
        .meters
        .get("holdfast.liveness.probes")
        .tag("role", "server")
        .counter()
        .count();
  }
}
