package dev.holdfast.duplex.conformance.implementation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.StringReader;
import java.io.StringWriter;
import org.junit.jupiter.api.Test;

class ImplementationTest {
  @Test
  void drainedServerIsKnownWhereverTheEventStands() throws Exception {
    try (Implementation adapter =
        adapter(
            """
            {"event":"drained","port":7}
            {"event":"closed","stream":"h1","reason":"MOVED"}
            {"event":"drained","port":8}
            """)) {
      assertThat(adapter.await("closed", "h1").text("reason")).isEqualTo("MOVED");
      adapter.awaitDrained(7);
      adapter.awaitDrained(8);
    }
  }

  @Test
  void serverThatListensOnThePortOfADrainedOneIsNotDrained() throws Exception {
    try (Implementation adapter =
        adapter(
            """
            {"event":"drained","port":7}
            {"event":"listening","port":7}
            """)) {
      assertThat(adapter.awaitPort()).isEqualTo(7);
      assertThatThrownBy(() -> adapter.awaitDrained(7))
          .isInstanceOf(AssertionError.class)
          .hasMessageContaining("no event drained");
    }
  }

  @Test
  void messageThatNobodyAwaitsFailsTheScenario() throws Exception {
    try (Implementation adapter =
        adapter(
            """
            {"event":"message","stream":"h1","text":"m1"}
            {"event":"drained","port":7}
            """)) {
      assertThatThrownBy(() -> adapter.awaitDrained(7))
          .isInstanceOf(AssertionError.class)
          .hasMessageContaining("m1");
    }
  }

  private static Implementation adapter(String events) throws Exception {
    String described = "{\"event\":\"describe\",\"name\":\"java\",\"options\":[]}\n";
    return Implementation.connect(new StringReader(described + events), new StringWriter());
  }
}
