package dev.holdfast.micronaut;

import static org.awaitility.Awaitility.await;

import dev.holdfast.core.RegistrationState;
import dev.holdfast.grpc.HoldfastServer;
import io.grpc.ManagedChannel;
import io.micronaut.context.ApplicationContext;
import io.micronaut.context.env.Environment;
import io.micronaut.grpc.annotation.GrpcChannel;
import io.micronaut.grpc.server.GrpcEmbeddedServer;
import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/** Real applications of Micronaut, as many as a test wants in its JVM. */
final class Applications {
  static final Duration LIMIT = Duration.ofSeconds(60);

  private Applications() {}

  /** What an application has injected: a channel by its name, and one by its target. */
  @Singleton
  static final class Clients {
    @Inject
    @GrpcChannel("orders")
    ManagedChannel byName;
  }

  @Singleton
  static final class OrdersByTarget {
    final ManagedChannel channel;

    OrdersByTarget(@GrpcChannel("holdfast:///orders") ManagedChannel channel) {
      this.channel = channel;
    }
  }

  @Singleton
  static final class OwnServer {
    final ManagedChannel channel;

    OwnServer(@GrpcChannel("grpc-server") ManagedChannel channel) {
      this.channel = channel;
    }
  }

  /** An application that has read its configuration and started nothing. */
  static ApplicationContext context(Map<String, ?> properties) {
    return ApplicationContext.run(new HashMap<>(properties), Environment.TEST);
  }

  /** An application whose server has a free port, is started, and in its registry if it has one. */
  static ApplicationContext server(Map<String, ?> properties) {
    // Of the kernel: a port that Micronaut found free may be taken before it is bound.
    Map<String, Object> withPort = new HashMap<>(properties);
    withPort.putIfAbsent("grpc.server.port", 0);
    ApplicationContext context = context(withPort);
    HoldfastServer server = start(context);
    if (!server.registrations().isEmpty()) {
      await().atMost(LIMIT).until(() -> server.registration().state() == RegistrationState.VISIBLE);
    }
    return context;
  }

  static HoldfastServer start(ApplicationContext context) {
    GrpcEmbeddedServer embedded = context.getBean(GrpcEmbeddedServer.class);
    embedded.start();
    return (HoldfastServer) embedded.getServer();
  }

  static ManagedChannel orders(ApplicationContext client) {
    return client.getBean(Clients.class).byName;
  }

  /** The servers that so many calls meet. */
  static Set<String> names(ManagedChannel channel, int calls) {
    Set<String> names = new HashSet<>();
    for (int i = 0; i < calls; i++) {
      names.add(EchoService.say(channel, "x").replace(":x", ""));
    }
    return names;
  }
}
