package dev.holdfast.grpc;

import static org.awaitility.Awaitility.await;

import dev.holdfast.core.Endpoint;
import dev.holdfast.core.HostPort;
import dev.holdfast.core.Registration;
import dev.holdfast.core.Registries;
import dev.holdfast.core.Registry;
import dev.holdfast.core.RegistryContext;
import dev.holdfast.core.RegistryProvider;
import dev.holdfast.core.RegistryUri;
import dev.holdfast.core.ServiceName;
import dev.holdfast.core.ServiceTarget;
import dev.holdfast.core.SystemScheduler;
import dev.holdfast.core.testkit.InMemoryRegistry;
import dev.holdfast.core.testkit.InMemoryStore;
import io.grpc.CallOptions;
import io.grpc.InsecureChannelCredentials;
import io.grpc.InsecureServerCredentials;
import io.grpc.ManagedChannel;
import io.grpc.MethodDescriptor;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ClientCalls;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;

/** A registry in memory, servers on loopback and channels to them, closed together. */
final class Town implements AutoCloseable {
  static final ServiceName WORDS = ServiceName.of("test", "words");
  static final String TARGET = "memory:///test/words";

  /** How often clients may ping servers that are made for it: often, so that silence shows soon. */
  static final Duration PERMIT = Duration.ofSeconds(1);

  /** What only a call that hangs needs, however busy the machine is. */
  private static final int CALL_SECONDS = 30;

  final SystemScheduler scheduler = SystemScheduler.create("town");
  final InMemoryStore store = new InMemoryStore(scheduler, Duration.ofSeconds(5));
  final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  final RegistryContext context =
      new RegistryContext(
          scheduler,
          meters,
          new Random(1),
          Map.of(ServiceTarget.REGISTRY_VARIABLE, "memory:///test"));
  final List<InMemoryRegistry> clients = new CopyOnWriteArrayList<>();
  final Registries registries = new Registries(context, List.of(new MemoryProvider()));
  private final List<HoldfastServer> servers = new ArrayList<>();
  private final List<ManagedChannel> channels = new ArrayList<>();

  /** The same registry, seen by a process with another environment. */
  Registries registriesWith(Map<String, String> environment) {
    return new Registries(context.withEnvironment(environment), List.of(new MemoryProvider()));
  }

  /** A server of words on a free loopback port, registered, with the name as its answer. */
  HoldfastServer serve(Words words) throws IOException {
    return serve(words, server());
  }

  HoldfastServer serve(Words words, HoldfastServerBuilder builder) throws IOException {
    HoldfastServer started = serveRegistered(words, builder);
    await().until(() -> started.registration().state() == Registration.State.VISIBLE);
    return started;
  }

  /** As {@link #serve}, without waiting for the record. */
  HoldfastServer serveRegistered(Words words, HoldfastServerBuilder builder) throws IOException {
    return serveUnregistered(words, builder.register(TARGET));
  }

  HoldfastServer serveUnregistered(Words words, HoldfastServerBuilder builder) throws IOException {
    HoldfastServer started = builder.addService(words.definition()).build().start();
    servers.add(started);
    return started;
  }

  /** Something on this machine. */
  static InetSocketAddress at(int port) {
    return new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
  }

  /** Where the service is said to be, whoever is there. */
  void announce(InetSocketAddress... places) {
    for (InetSocketAddress place : places) {
      String host = place.getAddress().getHostAddress();
      store.put(WORDS, Endpoint.of(new HostPort(host, place.getPort()).toString()));
    }
  }

  HoldfastServerBuilder server() {
    return server(0);
  }

  HoldfastServerBuilder server(int port) {
    return HoldfastServerBuilder.forAddress(
            new InetSocketAddress(InetAddress.getLoopbackAddress(), port),
            InsecureServerCredentials.create())
        .drain(DrainOptions.DEFAULT.withSpread(Duration.ofMillis(200)))
        .registries(registries);
  }

  /** Lets clients ping every {@link #PERMIT}, with or without calls. */
  static HoldfastServerBuilder permitting(HoldfastServerBuilder server) {
    return server
        .permitKeepAliveTime(PERMIT.toMillis(), TimeUnit.MILLISECONDS)
        .permitKeepAliveWithoutCalls(true);
  }

  ManagedChannel channel() {
    return channel(builder());
  }

  ManagedChannel channel(HoldfastChannelBuilder builder) {
    return keep(builder.build());
  }

  /** Closes a channel with the town. */
  ManagedChannel keep(ManagedChannel channel) {
    channels.add(channel);
    return channel;
  }

  HoldfastChannelBuilder builder() {
    return HoldfastChannelBuilder.forTarget(
        TARGET, InsecureChannelCredentials.create(), registries);
  }

  static String call(ManagedChannel channel, MethodDescriptor<String, String> method) {
    return call(channel, method, CALL_SECONDS);
  }

  static String call(
      ManagedChannel channel, MethodDescriptor<String, String> method, int deadlineSeconds) {
    CallOptions options = CallOptions.DEFAULT.withDeadlineAfter(deadlineSeconds, TimeUnit.SECONDS);
    return ClientCalls.blockingUnaryCall(channel, method, options, "word");
  }

  /** Who answers so many calls; one that fails is answered by nobody. */
  static List<String> answers(ManagedChannel channel, int calls, int deadlineSeconds) {
    List<String> answers = new ArrayList<>();
    for (int i = 0; i < calls; i++) {
      try {
        answers.add(call(channel, Words.PLACE, deadlineSeconds));
      } catch (StatusRuntimeException e) {
        answers.add("nobody: " + e.getStatus());
      }
    }
    return answers;
  }

  /** The sum of a counter over all its tags but this one. */
  double count(String meter, String tag, String value) {
    return meters.find(meter).tag(tag, value).counters().stream().mapToDouble(Counter::count).sum();
  }

  @Override
  public void close() {
    channels.forEach(ManagedChannel::shutdownNow);
    servers.forEach(HoldfastServer::shutdownNow);
    // Not the scheduler: what the servers withdraw in the background still runs on it, and its
    // thread is a daemon.
  }

  private final class MemoryProvider implements RegistryProvider {
    @Override
    public String scheme() {
      return "memory";
    }

    @Override
    public String example() {
      return "memory:///test/words";
    }

    @Override
    public List<Parameter> parameters() {
      return List.of();
    }

    @Override
    public Registry open(RegistryUri uri, RegistryContext context) {
      InMemoryRegistry client = store.connect(context);
      clients.add(client);
      return client;
    }
  }
}
