package dev.holdfast.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.holdfast.core.testkit.LogLines;
import io.grpc.InsecureServerCredentials;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the builder of servers says about settings. */
@Isolated("it reads what a class logs, for whomever")
class ServerBuilderWordsTest {
  private final LoopbackTopology loopbackTopology = new LoopbackTopology();

  @AfterEach
  void close() {
    loopbackTopology.close();
  }

  @Test
  void whatIsWrongWithKeepaliveIsSaidOncePerProcess() throws Exception {
    BuilderKeepaliveLinter.forgetWhatWasSaid();
    try (LogLines log = new LogLines(BuilderKeepaliveLinter.class)) {
      for (int i = 0; i < 2; i++) {
        loopbackTopology.serveUnregistered(
            new WordsService("a"),
            loopbackTopology
                .server()
                .keepAliveTime(3, TimeUnit.SECONDS)
                .keepAliveTimeout(5, TimeUnit.SECONDS));
      }
      List<String> lines = log.all();
      assertThat(log.untidy()).isEmpty();
      assertThat(lines).hasSize(2).allMatch(line -> line.contains("server=test.Words"));
      assertThat(lines.get(0)).contains("KL-09 The server's library raises a time of 3s to 10s");
      assertThat(lines.get(1)).contains("KL-08 The server closes a connection whose one answer");
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {-1, 65_536, 70_000})
  void aPortThatCanNotBeIsRefusedWithWhatWasExpected(int port) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> HoldfastServerBuilder.forPort(port))
        .withMessage("port: " + port + " (expected: 0 to 65535)");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> HoldfastServerBuilder.forPort(port, InsecureServerCredentials.create()))
        .withMessage("port: " + port + " (expected: 0 to 65535)");
  }
}
