package dev.holdfast.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.grpc.ManagedChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** grpc-java's own xDS client, which nobody has changed, over a registry of files. */
class UnmodifiedClientTest {
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  @TempDir Path folder;
  private ControlTown town;

  @BeforeEach
  void open() throws Exception {
    town = new ControlTown(folder);
  }

  @AfterEach
  void close() throws Exception {
    town.close();
  }

  @Test
  void callsFollowTheRegistry() throws Exception {
    Backend one = town.backend("one");
    Backend two = town.backend("two");
    town.list("orders", one.address());
    ControlPlane control = town.control();
    ManagedChannel channel = town.channel(control.address(), "orders");

    assertThat(Backend.who(channel)).isEqualTo("one");
    town.list("orders", one.address(), two.address());
    await().atMost(PATIENCE).until(() -> reached(channel).equals(Set.of("one", "two")));
    town.list("orders", two.address());
    await().atMost(PATIENCE).until(() -> reached(channel).equals(Set.of("two")));
  }

  private static Set<String> reached(ManagedChannel channel) {
    Set<String> names = new HashSet<>();
    for (int i = 0; i < 4; i++) {
      names.add(Backend.who(channel));
    }
    return names;
  }
}
