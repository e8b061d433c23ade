package dev.holdfast.spring.boot.starter.actuator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.holdfast.core.EndpointListState;
import dev.holdfast.core.RegistrationState;
import dev.holdfast.grpc.HoldfastServer;
import dev.holdfast.spring.boot.starter.Applications;
import dev.holdfast.spring.boot.starter.Applications.ClientApplication;
import dev.holdfast.spring.boot.starter.Applications.ServerApplication;
import dev.holdfast.spring.boot.starter.EchoService;
import io.grpc.ManagedChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.boot.health.contributor.Status;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.grpc.client.GrpcChannelFactory;

/** Tests of the health contributor and of the actuator endpoint in real applications. */
class HoldfastActuatorTest {
  private static final String EXPOSED = "management.endpoints.web.exposure.include";

  @TempDir Path folder;

  @Test
  void theEndpointShowsListsServersAndRecords() {
    try (ConfigurableApplicationContext server = server();
        ConfigurableApplicationContext client = client(registry())) {
      ManagedChannel channel = client.getBean(GrpcChannelFactory.class).createChannel("orders");
      assertThat(EchoService.say(channel, "x")).isEqualTo("server:x");

      HoldfastEndpoint.HoldfastStatus ofClient = client.getBean(HoldfastEndpoint.class).status();
      assertThat(ofClient.servers()).isEmpty();
      assertThat(ofClient.lists())
          .singleElement()
          .satisfies(
              list -> {
                assertThat(list.service()).endsWith("orders");
                assertThat(list.state()).isEqualTo(EndpointListState.FOLLOWING);
                assertThat(list.endpoints()).hasSize(1);
                assertThat(list.more()).isZero();
              });

      assertThat(server.getBean(HoldfastEndpoint.class).status().servers())
          .singleElement()
          .satisfies(
              own -> {
                assertThat(own.state()).isEqualTo(HoldfastServer.ServerState.SERVING);
                assertThat(own.registrations())
                    .singleElement()
                    .satisfies(
                        record -> assertThat(record.state()).isEqualTo(RegistrationState.VISIBLE));
              });
    }
  }

  @Test
  void healthIsUpWithAListAndAVisibleRecord() {
    try (ConfigurableApplicationContext server = server();
        ConfigurableApplicationContext client = client(registry())) {
      ManagedChannel channel = client.getBean(GrpcChannelFactory.class).createChannel("orders");
      assertThat(EchoService.say(channel, "x")).isEqualTo("server:x");

      assertThat(client.getBean(HoldfastHealthIndicator.class).health().getStatus())
          .isEqualTo(Status.UP);
      assertThat(server.getBean(HoldfastHealthIndicator.class).health().getStatus())
          .isEqualTo(Status.UP);
    }
  }

  @Test
  void healthIsUnknownAndNotDownWithoutAList() {
    // Port 1 of this machine: nobody listens there.
    try (ConfigurableApplicationContext client = client("etcd://127.0.0.1:1/prod")) {
      ManagedChannel channel = client.getBean(GrpcChannelFactory.class).createChannel("orders");
      channel.getState(true);

      await()
          .atMost(Duration.ofSeconds(60))
          .until(() -> !client.getBean(HoldfastEndpoint.class).status().lists().isEmpty());
      assertThat(client.getBean(HoldfastHealthIndicator.class).health().getStatus())
          .isEqualTo(Status.UNKNOWN);
    }
  }

  @Test
  void nothingIsShownUnlessItIsExposed() {
    try (ConfigurableApplicationContext client =
        Applications.run(
            ClientApplication.class, Map.of("management.endpoints.web.exposure.include", "info"))) {
      assertThat(client.getBeansOfType(HoldfastEndpoint.class)).isEmpty();
    }
  }

  private ConfigurableApplicationContext server() {
    return Applications.runRegistered(
        List.of(ServerApplication.class),
        Map.of(
            EXPOSED,
            "holdfast",
            "spring.grpc.server.port",
            0,
            "holdfast.server.registry",
            registry(),
            "holdfast.server.service",
            "orders"));
  }

  private static ConfigurableApplicationContext client(String registry) {
    return Applications.run(
        ClientApplication.class,
        Map.of(
            EXPOSED, "holdfast", "spring.grpc.client.channel.orders.target", registry + "/orders"));
  }

  private String registry() {
    return "file://" + folder.resolve("prod");
  }
}
