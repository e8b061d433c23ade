package dev.holdfast.grpc;

import static org.awaitility.Awaitility.await;

import dev.holdfast.core.Endpoint;
import dev.holdfast.core.HostPort;
import dev.holdfast.core.RegistrationState;
import dev.holdfast.core.Registry;
import dev.holdfast.core.RegistryContext;
import dev.holdfast.core.RegistryUri;
import dev.holdfast.core.ServiceName;
import dev.holdfast.core.ServiceTarget;
import dev.holdfast.core.SystemScheduler;
import dev.holdfast.core.discovery.Registries;
import dev.holdfast.core.testkit.InMemoryProvider;
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
public final class LoopbackTopology implements AutoCloseable {
  static final ServiceName WORDS = ServiceName.of("test", "words");
  static final String TARGET = "memory:///test/words";

  /** How often clients may ping servers that are made for it: often, so that silence shows soon. */
  static final Duration PERMIT = Duration.ofSeconds(1);

  /** What only a call that hangs needs, however busy the machine is. */
  private static final int CALL_SECONDS = 30;

  final SystemScheduler scheduler = SystemScheduler.create("loopback");
  final InMemoryStore store = new InMemoryStore(scheduler, Duration.ofSeconds(5));
  final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  final RegistryContext context =
      new RegistryContext(
          scheduler,
          meters,
          new Random(1),
          Map.of(ServiceTarget.REGISTRY_VARIABLE, "memory:///test"));
  final List<InMemoryRegistry> clients = new CopyOnWriteArrayList<>();
  final Registries registries = new Registries(context, List.of(provider()));
  private final List<HoldfastServer> servers = new ArrayList<>();
  private final List<ManagedChannel> channels = new ArrayList<>();

  /** The same registry, seen by a process with another environment. */
  Registries registriesWith(Map<String, String> environment) {
    return new Registries(context.withEnvironment(environment), List.of(provider()));
  }

  /** A server of words on a free loopback port, registered, with the name as its answer. */
  public HoldfastServer serve(WordsService wordsService) throws IOException {
    return serve(wordsService, server());
  }

  HoldfastServer serve(WordsService wordsService, HoldfastServerBuilder builder)
      throws IOException {
    HoldfastServer started = serveRegistered(wordsService, builder);
    await().until(() -> started.registration().state() == RegistrationState.VISIBLE);
    return started;
  }

  /** As {@link #serve}, without waiting for the record. */
  HoldfastServer serveRegistered(WordsService wordsService, HoldfastServerBuilder builder)
      throws IOException {
    return serveUnregistered(wordsService, builder.register(TARGET));
  }

  HoldfastServer serveUnregistered(WordsService wordsService, HoldfastServerBuilder builder)
      throws IOException {
    HoldfastServer started = builder.addService(wordsService.definition()).build().start();
    servers.add(started);
    return started;
  }

  /** Something on this machine. */
  static InetSocketAddress at(int port) {
    return new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
  }

  /** The address that is registered for the service, whether or not an instance listens there. */
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

  public ManagedChannel channel(HoldfastChannelBuilder builder) {
    return keep(builder.build());
  }

  /** Closes a channel with the topology. */
  public ManagedChannel keep(ManagedChannel channel) {
    channels.add(channel);
    return channel;
  }

  public HoldfastChannelBuilder builder() {
    return HoldfastChannelBuilder.forTarget(
        TARGET, InsecureChannelCredentials.create(), registries);
  }

  public static String call(ManagedChannel channel, MethodDescriptor<String, String> method) {
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
        answers.add(call(channel, WordsService.PLACE, deadlineSeconds));
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

  private InMemoryProvider provider() {
    return new InMemoryProvider("memory:///test/words", this::open);
  }

  private Registry open(RegistryUri uri, RegistryContext context) {
    InMemoryRegistry client = store.connect(context);
    clients.add(client);
    return client;
  }
}
