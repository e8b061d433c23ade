package dev.holdfast.spring.boot.starter;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.holdfast.registry.etcd.local.EtcdProcess;
import dev.holdfast.spring.boot.starter.Applications.ClientApplication;
import dev.holdfast.spring.boot.starter.Applications.ServerApplication;
import io.grpc.ManagedChannel;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.grpc.client.GrpcChannelFactory;

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
    try (ConfigurableApplicationContext one = server("one");
        ConfigurableApplicationContext client = client()) {
      ManagedChannel channel = client.getBean(GrpcChannelFactory.class).createChannel("orders");
      assertThat(EchoService.say(channel, "hello")).isEqualTo("one:hello");

      try (ConfigurableApplicationContext two = server("two")) {
        awaitNames(channel, Set.of("one", "two"));
      }
      awaitNames(channel, Set.of("one"));
    }
  }

  @Test
  void callsSurviveAnOutageOfTheRegistry() {
    try (ConfigurableApplicationContext one = server("one");
        ConfigurableApplicationContext client = client()) {
      ManagedChannel channel = client.getBean(GrpcChannelFactory.class).createChannel("orders");
      assertThat(EchoService.say(channel, "hello")).isEqualTo("one:hello");
      etcd.kill();
      for (int i = 0; i < 100; i++) {
        assertThat(EchoService.say(channel, "hello")).isEqualTo("one:hello");
      }
    }
  }

  private ConfigurableApplicationContext server(String name) {
    return Applications.runRegistered(
        List.of(ServerApplication.class),
        Map.of(
            "test.name",
            name,
            "spring.grpc.server.port",
            0,
            "holdfast.server.registry",
            etcd.uri("prod"),
            "holdfast.server.service",
            "orders",
            "holdfast.server.drain.spread",
            "100ms",
            "holdfast.server.advertise",
            "127.0.0.1"));
  }

  private ConfigurableApplicationContext client() {
    return Applications.run(
        ClientApplication.class,
        Map.of("spring.grpc.client.channel.orders.target", etcd.uri("prod") + "/orders"));
  }

  private static void awaitNames(ManagedChannel channel, Set<String> expected) {
    await()
        .atMost(Duration.ofSeconds(60))
        .untilAsserted(
            () -> {
              Set<String> names = new HashSet<>();
              for (int i = 0; i < 40; i++) {
                names.add(EchoService.say(channel, "x").replace(":x", ""));
              }
              assertThat(names).isEqualTo(expected);
            });
  }
}
