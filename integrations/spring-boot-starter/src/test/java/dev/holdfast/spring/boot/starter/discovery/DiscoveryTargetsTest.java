package dev.holdfast.spring.boot.starter.discovery;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.holdfast.spring.boot.starter.Applications;
import dev.holdfast.spring.boot.starter.Applications.ClientApplication;
import dev.holdfast.spring.boot.starter.Applications.ServerApplication;
import dev.holdfast.spring.boot.starter.EchoService;
import io.grpc.ManagedChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.springframework.cloud.client.DefaultServiceInstance;
import org.springframework.cloud.client.ServiceInstance;
import org.springframework.cloud.client.discovery.DiscoveryClient;
import org.springframework.cloud.client.discovery.event.HeartbeatEvent;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.grpc.client.GrpcChannelFactory;
import org.springframework.grpc.server.lifecycle.GrpcServerLifecycle;

/** Tests of channels to {@code discovery:///service} over a client of Spring Cloud. */
class DiscoveryTargetsTest {
  private static final Duration LIMIT = Duration.ofSeconds(60);

  private final List<ConfigurableApplicationContext> open = new ArrayList<>();

  @AfterEach
  void closeApplications() {
    open.forEach(ConfigurableApplicationContext::close);
  }

  @Test
  void aHeartbeatBringsTheNewList() {
    ConfigurableApplicationContext client = client();
    InMemoryClient instances = client.getBean(InMemoryClient.class);
    instances.set(List.of(instance(server("one"))));
    ManagedChannel channel = channel(client, "discovery:///orders?poll=1h");
    assertThat(EchoService.say(channel, "x")).isEqualTo("one:x");

    instances.set(List.of(instance(server("two"))));
    client.publishEvent(new HeartbeatEvent(this, 1));

    awaitNames(channel, Set.of("two"));
  }

  @Test
  void theClientIsAskedAgainWithoutAHeartbeat() {
    ConfigurableApplicationContext client = client();
    InMemoryClient instances = client.getBean(InMemoryClient.class);
    instances.set(List.of(instance(server("one"))));
    ManagedChannel channel = channel(client, "discovery:///orders?poll=100ms");
    assertThat(EchoService.say(channel, "x")).isEqualTo("one:x");

    instances.set(List.of(instance(server("one-more")), instance(server("two"))));

    awaitNames(channel, Set.of("one-more", "two"));
  }

  @Test
  void theLastListStaysInUseWhileTheClientFails() {
    ConfigurableApplicationContext client = client();
    InMemoryClient instances = client.getBean(InMemoryClient.class);
    instances.set(List.of(instance(server("one"))));
    ManagedChannel channel = channel(client, "discovery:///orders?poll=100ms");
    assertThat(EchoService.say(channel, "x")).isEqualTo("one:x");

    instances.set(null);
    int asked = instances.asked.get();
    await().atMost(LIMIT).until(() -> instances.asked.get() > asked + 2);

    assertThat(EchoService.say(channel, "y")).isEqualTo("one:y");
  }

  @Test
  void anEmptyListIsNotBelievedAtOnce() {
    ConfigurableApplicationContext client = client();
    InMemoryClient instances = client.getBean(InMemoryClient.class);
    instances.set(List.of(instance(server("one"))));
    ManagedChannel channel = channel(client, "discovery:///orders?poll=100ms");
    assertThat(EchoService.say(channel, "x")).isEqualTo("one:x");

    instances.set(List.of());
    int asked = instances.asked.get();
    await().atMost(LIMIT).until(() -> instances.asked.get() > asked + 2);

    assertThat(EchoService.say(channel, "y")).isEqualTo("one:y");
  }

  @Test
  void anInstanceThatCannotBeReadCostsTheOthersNothing() {
    ConfigurableApplicationContext client = client();
    ServiceInstance malformed =
        new DefaultServiceInstance(
            "bad", "orders", "127.0.0.1", 1, false, Map.of("gRPC_port", "x"));
    client.getBean(InMemoryClient.class).set(List.of(malformed, instance(server("one"))));

    ManagedChannel channel = channel(client, "discovery:///orders");

    assertThat(EchoService.say(channel, "x")).isEqualTo("one:x");
  }

  @Test
  void aHostInTheTargetIsRefused() {
    ConfigurableApplicationContext client = client();

    assertThatThrownBy(() -> channel(client, "discovery://consul:8500/orders"))
        .hasMessageContaining("(expected: discovery:///service, without a host)");
  }

  /** The port of gRPC stands in the metadata, where that of the instance is of an HTTP server. */
  private static ServiceInstance instance(int port) {
    return new DefaultServiceInstance(
        "i" + port, "orders", "127.0.0.1", 1, false, Map.of("gRPC_port", String.valueOf(port)));
  }

  private int server(String name) {
    ConfigurableApplicationContext server =
        Applications.run(
            ServerApplication.class, Map.of("test.name", name, "spring.grpc.server.port", 0));
    open.add(0, server);
    return server.getBean(GrpcServerLifecycle.class).getPort();
  }

  private ConfigurableApplicationContext client() {
    ConfigurableApplicationContext client =
        Applications.run(List.of(ClientApplication.class, InMemoryClient.class), Map.of());
    open.add(0, client);
    return client;
  }

  private static ManagedChannel channel(ConfigurableApplicationContext client, String target) {
    return client.getBean(GrpcChannelFactory.class).createChannel(target);
  }

  private static void awaitNames(ManagedChannel channel, Set<String> expected) {
    await()
        .atMost(LIMIT)
        .untilAsserted(
            () -> {
              Set<String> names = new HashSet<>();
              for (int i = 0; i < 40; i++) {
                names.add(EchoService.say(channel, "x").replace(":x", ""));
              }
              assertThat(names).isEqualTo(expected);
            });
  }

  /** A client with the instances that a test sets. */
  static final class InMemoryClient implements DiscoveryClient {
    private final AtomicInteger asked = new AtomicInteger();
    private volatile @Nullable List<ServiceInstance> instances = List.of();

    /**
     * @param list null to fail
     */
    void set(@Nullable List<ServiceInstance> list) {
      instances = list;
    }

    @Override
    public String description() {
      return "instances of a test";
    }

    @Override
    public List<ServiceInstance> getInstances(String service) {
      asked.incrementAndGet();
      List<ServiceInstance> now = instances;
      if (now == null) {
        throw new IllegalStateException("the client of a test fails");
      }
      return service.equals("orders") ? now : List.of();
    }

    @Override
    public List<String> getServices() {
      return List.of("orders");
    }
  }
}
