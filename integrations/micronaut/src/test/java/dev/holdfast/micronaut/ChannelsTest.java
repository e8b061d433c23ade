package dev.holdfast.micronaut;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.holdfast.core.discovery.Registries;
import dev.holdfast.grpc.HoldfastChannelBuilder;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ClientInterceptor;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import io.grpc.MethodDescriptor;
import io.grpc.ServerBuilder;
import io.grpc.netty.NettyServerBuilder;
import io.micronaut.context.ApplicationContext;
import io.micronaut.context.annotation.Requires;
import io.micronaut.context.event.BeanCreatedEvent;
import io.micronaut.context.event.BeanCreatedEventListener;
import io.micronaut.grpc.channels.GrpcManagedChannelFactory;
import io.micronaut.grpc.server.GrpcEmbeddedServer;
import jakarta.inject.Singleton;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tests of which channels follow a registry, and of what is in force for them. */
class ChannelsTest {
  @TempDir Path folder;
  private String registry = "";

  @BeforeEach
  void nameRegistry() {
    registry = "file://" + folder.resolve("prod");
  }

  /** Interceptors and listeners of an application, in the order in which they were met. */
  @Singleton
  @Requires(property = "test.recorder")
  static final class Recorder
      implements ClientInterceptor, BeanCreatedEventListener<ManagedChannelBuilder<?>> {
    final List<String> methods = new CopyOnWriteArrayList<>();
    final List<Class<?>> builders = new ArrayList<>();

    @Override
    public <Q, A> ClientCall<Q, A> interceptCall(
        MethodDescriptor<Q, A> method, CallOptions options, Channel next) {
      methods.add(method.getFullMethodName());
      return next.newCall(method, options);
    }

    @Override
    public ManagedChannelBuilder<?> onCreated(BeanCreatedEvent<ManagedChannelBuilder<?>> event) {
      builders.add(event.getBean().getClass());
      return event.getBean();
    }
  }

  @Test
  void theRegistryOfThePropertiesResolvesNamesAndTargets() {
    try (ApplicationContext server = server("one");
        ApplicationContext client =
            client(
                Map.of(
                    "holdfast.registry",
                    registry,
                    "grpc.channels.orders.target",
                    "holdfast:///orders",
                    "grpc.client.plaintext",
                    true))) {
      assertThat(EchoService.say(Applications.orders(client), "x")).isEqualTo("one:x");
      ManagedChannel byTarget = client.getBean(Applications.OrdersByTarget.class).channel;
      assertThat(EchoService.say(byTarget, "x")).isEqualTo("one:x");
    }
  }

  @Test
  void theAddressOfAChannelMayBeATargetToo() {
    try (ApplicationContext server = server("one");
        ApplicationContext client =
            client(Map.of("grpc.channels.orders.address", registry + "/orders"))) {
      assertThat(EchoService.say(Applications.orders(client), "x")).isEqualTo("one:x");
    }
  }

  @Test
  void callsGoToAllInstances() {
    try (ApplicationContext one = server("one");
        ApplicationContext two = server("two");
        ApplicationContext client = client(toOrders())) {
      await()
          .atMost(Applications.LIMIT)
          .until(
              () ->
                  Applications.names(Applications.orders(client), 2).equals(Set.of("one", "two")));
    }
  }

  @Test
  void interceptorsAndListenersOfTheApplicationAreInForce() {
    try (ApplicationContext server = server("one");
        ApplicationContext client = client(with(toOrders(), "test.recorder", true))) {
      EchoService.say(Applications.orders(client), "x");
      Recorder recorder = client.getBean(Recorder.class);
      assertThat(recorder.methods).containsExactly("test.Echo/Say");
      assertThat(recorder.builders).containsExactly(HoldfastChannelBuilder.class);
    }
  }

  @Test
  void settingsOfMicronautAndOfHoldfastAreChecked() {
    assertThatChannelFails(
        with(toOrders(), "grpc.channels.orders.slow-start", "2h"),
        "slowStart: 2h (expected: 0s to 1h)");
    assertThatChannelFails(
        with(toOrders(), "grpc.channels.orders.load-balancing", "roundrobin"),
        "loadBalancing: \"roundrobin\" (expected: round_robin)");
    assertThatChannelFails(
        with(toOrders(), "grpc.channels.orders.max-inbound-message-size", "-7"), "negative");
    assertThatChannelFails(
        Map.of("grpc.channels.orders.target", "etcd://h/prod/orders?tll=5s"),
        "registry parameter: \"tll\" (expected: ttl)");
  }

  @Test
  void otherTargetsGetTheChannelOfMicronaut() {
    try (ApplicationContext server = server("one")) {
      int port = server.getBean(GrpcEmbeddedServer.class).getPort();
      Map<String, Object> target = new HashMap<>();
      target.put("grpc.channels.orders.target", "127.0.0.1:" + port);
      target.put("test.recorder", true);
      try (ApplicationContext client = client(target)) {
        assertThat(EchoService.say(Applications.orders(client), "x")).isEqualTo("one:x");
        assertThat(client.getBean(Recorder.class).builders)
            .extracting(Class::getSimpleName)
            .containsExactly("NettyChannelBuilder");
      }
      assertThat(EchoService.say(server.getBean(Applications.OwnServer.class).channel, "x"))
          .isEqualTo("one:x");
    }
  }

  @Test
  void channelsOfOneNameAreOneChannelAndCloseWithTheContext() {
    ApplicationContext client = client(toOrders());
    ManagedChannel channel = Applications.orders(client);
    assertThat(client.getBean(Registries.class).directories()).isEmpty();
    channel.getState(true);
    await().until(() -> client.getBean(Registries.class).directories().size() == 1);
    Registries registries = client.getBean(Registries.class);

    client.close();

    assertThat(channel.isTerminated()).isTrue();
    await().until(() -> registries.directories().isEmpty());
  }

  @Test
  void withoutHoldfastAllIsMicronauts() {
    try (ApplicationContext application = Applications.context(Map.of("holdfast.enabled", false))) {
      assertThat(application.getBean(GrpcManagedChannelFactory.class).getClass())
          .isEqualTo(GrpcManagedChannelFactory.class);
      assertThat(application.getBean(ServerBuilder.class)).isInstanceOf(NettyServerBuilder.class);
      assertThat(application.containsBean(Registries.class)).isFalse();
    }
  }

  private static void assertThatChannelFails(Map<String, ?> properties, String message) {
    try (ApplicationContext client = client(properties)) {
      assertThatThrownBy(() -> Applications.orders(client)).hasStackTraceContaining(message);
    }
  }

  private Map<String, Object> toOrders() {
    return Map.of("grpc.channels.orders.target", registry + "/orders");
  }

  private static Map<String, Object> with(Map<String, ?> properties, String key, Object value) {
    Map<String, Object> more = new HashMap<>(properties);
    more.put(key, value);
    return more;
  }

  private static ApplicationContext client(Map<String, ?> properties) {
    return Applications.context(with(properties, "grpc.channels.orders.plaintext", true));
  }

  private ApplicationContext server(String name) {
    return Applications.server(
        Map.of(
            "test.name",
            name,
            "grpc.server.register",
            registry + "/orders",
            "grpc.server.spread",
            "100ms"));
  }
}
