package dev.holdfast.micronaut;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.holdfast.registry.etcd.local.EtcdProcess;
import io.grpc.ManagedChannel;
import io.micronaut.context.ApplicationContext;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tests of real applications that find each other in a real etcd. */
class EtcdApplicationsTest {
  @TempDir Path folder;
  private EtcdProcess etcd;

  @BeforeEach
  void startEtcd() throws IOException {
    etcd = EtcdProcess.start(folder);
  }

  @AfterEach
  void stopEtcd() {
    etcd.close();
  }

  @Test
  void serverRegistersAndChannelFollowsIt() {
    try (ApplicationContext one = server("one");
        ApplicationContext client = client()) {
      ManagedChannel channel = Applications.orders(client);
      assertThat(EchoService.say(channel, "hello")).isEqualTo("one:hello");

      try (ApplicationContext two = server("two")) {
        await()
            .atMost(Applications.LIMIT)
            .until(() -> Applications.names(channel, 40).equals(Set.of("one", "two")));
      }
      await()
          .atMost(Applications.LIMIT)
          .until(() -> Applications.names(channel, 40).equals(Set.of("one")));
    }
  }

  @Test
  void callsSurviveAnOutageOfTheRegistry() {
    try (ApplicationContext one = server("one");
        ApplicationContext client = client()) {
      ManagedChannel channel = Applications.orders(client);
      assertThat(EchoService.say(channel, "hello")).isEqualTo("one:hello");

      etcd.kill();

      assertThat(Applications.names(channel, 100)).isEqualTo(Set.of("one"));
    }
  }

  private ApplicationContext server(String name) {
    return Applications.server(
        Map.of(
            "test.name",
            name,
            "grpc.server.register",
            etcd.uri("prod") + "/orders",
            "grpc.server.advertise",
            "127.0.0.1",
            "grpc.server.spread",
            "100ms"));
  }

  private ApplicationContext client() {
    return Applications.context(
        Map.of(
            "grpc.channels.orders.target",
            etcd.uri("prod") + "/orders",
            "grpc.channels.orders.plaintext",
            true));
  }
}
