package dev.holdfast.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.holdfast.core.testkit.LogLines;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;

/** What an operator reads of a server: each step of its life, once. */
@Isolated("it reads what a class logs, for whomever")
class ServerLogLinesTest {
  private final LoopbackTopology loopbackTopology = new LoopbackTopology();

  @AfterEach
  void close() {
    loopbackTopology.close();
  }

  @Test
  void everyStepOfItsLifeIsOneLine() throws Exception {
    try (LogLines log = new LogLines(HoldfastServer.class)) {
      HoldfastServer server = loopbackTopology.serve(new WordsService("a"));
      int port = server.getPort();
      server.shutdown();
      await().until(() -> of(port, log.all()).size() == 5);

      assertThat(of(port, log.untidy())).isEmpty();
      assertThat(of(port, log.all()))
          .extracting(line -> line.replaceFirst(" port=" + port + ".*", ""))
          .containsExactly(
              "INFO event=server_started",
              "INFO event=server_withdrawing",
              "INFO event=server_spreading",
              "INFO event=server_finishing",
              "INFO event=server_terminated");
      assertThat(of(port, log.all()).get(0)).contains("targets=\"memory:///test/words\"");
    }
  }

  /** Servers of tests that run at the same time talk too. */
  private static List<String> of(int port, List<String> lines) {
    return lines.stream().filter(line -> line.contains(" port=" + port)).toList();
  }
}
