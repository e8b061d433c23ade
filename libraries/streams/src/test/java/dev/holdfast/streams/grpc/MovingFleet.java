package dev.holdfast.streams.grpc;

import static org.awaitility.Awaitility.await;

import com.google.protobuf.StringValue;
import dev.holdfast.core.RegistrationState;
import dev.holdfast.core.RegistryContext;
import dev.holdfast.core.SystemScheduler;
import dev.holdfast.core.discovery.Registries;
import dev.holdfast.core.testkit.InMemoryProvider;
import dev.holdfast.core.testkit.InMemoryStore;
import dev.holdfast.grpc.HoldfastChannelBuilder;
import dev.holdfast.grpc.HoldfastServer;
import dev.holdfast.grpc.HoldfastServerBuilder;
import dev.holdfast.streams.SessionState;
import dev.holdfast.streams.SessionStore;
import dev.holdfast.streams.grpc.internal.driver.SessionResources;
import dev.holdfast.streams.testkit.MemorySessionStore;
import io.grpc.ClientInterceptor;
import io.grpc.InsecureChannelCredentials;
import io.grpc.InsecureServerCredentials;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.stub.StreamObserver;
import io.micrometer.core.instrument.Counter;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import java.util.function.UnaryOperator;

/** Real servers in a registry, whose streams may move, and clients that talk with them. */
final class MovingFleet implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final String TARGET = "memory:///test/talk";

  final StreamTopology topology = new StreamTopology();
  private final SessionStore store = new MemorySessionStore();
  private final byte[] key = SessionResources.newKey();
  private final SystemScheduler scheduler = SystemScheduler.create("moves");
  private final InMemoryStore registry = new InMemoryStore(scheduler, Duration.ofSeconds(5));
  private final Registries registries =
      new Registries(
          new RegistryContext(scheduler, topology.meters, new Random(1), Map.of()),
          List.of(new InMemoryProvider(TARGET, (uri, context) -> registry.connect(context))));
  final AgedScheduler aged = new AgedScheduler();
  private final Map<String, ServerStreams> streamsOf = new ConcurrentHashMap<>();

  @Override
  public void close() throws Exception {
    topology.close();
  }

  static Metadata stickyHeaders() {
    Metadata headers = new Metadata();
    headers.put(Metadata.Key.of("device", Metadata.ASCII_STRING_MARSHALLER), "7");
    return headers;
  }

  /** Sends one message on each stream and waits for the answers; returns the next number. */
  static int talk(
      List<StreamObserver<StringValue>> requests, List<RecordingObserver> answers, int number) {
    requests.forEach(to -> to.onNext(StringValue.of("" + number)));
    answers.forEach(from -> from.awaitCount(number + 1));
    return number + 1;
  }

  static int talkUntil(
      StreamObserver<StringValue> requests, RecordingObserver answers, BooleanSupplier enough) {
    return talkUntil(List.of(requests), List.of(answers), 0, enough);
  }

  static int talkUntil(
      List<StreamObserver<StringValue>> requests,
      List<RecordingObserver> answers,
      int from,
      BooleanSupplier enough) {
    AtomicInteger sent = new AtomicInteger(from);
    await()
        .pollInterval(Duration.ofMillis(50))
        .atMost(PATIENCE)
        .until(
            () -> {
              sent.set(talk(requests, answers, sent.get()));
              return enough.getAsBoolean();
            });
    return sent.get();
  }

  boolean isOlderThan(Duration age) {
    return streamsOf.values().stream()
        .flatMap(streams -> streams.sessions().stream())
        .anyMatch(session -> session.age().compareTo(age) > 0);
  }

  long attached(String name) {
    return Objects.requireNonNull(streamsOf.get(name)).sessions().stream()
        .filter(session -> session.state() == SessionState.ATTACHED)
        .count();
  }

  double moved(String cause) {
    return topology.meters.find("holdfast.streams.moved").tag("cause", cause).counters().stream()
        .mapToDouble(Counter::count)
        .sum();
  }

  double attachments() {
    return topology
        .meters
        .find("holdfast.streams.attachments")
        .tag("side", "server")
        .counters()
        .stream()
        .mapToDouble(Counter::count)
        .sum();
  }

  static List<Integer> numbers(RecordingObserver answers) {
    return answers.heard().stream().map(one -> Integer.valueOf(one.split(" ", 2)[1])).toList();
  }

  static List<String> places(RecordingObserver answers) {
    return answers.heard().stream().map(one -> one.split(" ", 2)[0]).toList();
  }

  void serve(String name, UnaryOperator<ServerStreams.Builder> moves) throws IOException {
    serve(
        name,
        moves.apply(topology.serverStreams().scheduler(aged).store(store).tokenKey(key)).build());
  }

  void serveCursors(String name, UnaryOperator<ServerStreams.Builder> moves) throws IOException {
    serve(
        name,
        moves.apply(topology.serverStreams().scheduler(aged).tokenKey(key)).build(),
        answers -> marking(name + " ", answers));
  }

  /** Says back each number, which is the one behind its cursor. */
  private static StreamObserver<StringValue> marking(
      String prefix, StreamObserver<StringValue> answers) {
    StreamCursor cursor = StreamCursor.current();
    int begin = cursor.resumedFrom().map(bytes -> ByteBuffer.wrap(bytes).getInt()).orElse(0);
    StreamObserver<StringValue> said = StreamTopology.prefixing(prefix, answers);
    return new StreamObserver<>() {
      private int next = begin;

      @Override
      public void onNext(StringValue message) {
        if (!message.getValue().equals("" + next)) {
          throw new IllegalStateException(message.getValue() + " for " + next);
        }
        said.onNext(message);
        next++;
        cursor.mark(ByteBuffer.allocate(Integer.BYTES).putInt(next).array());
      }

      @Override
      public void onError(Throwable failure) {
        said.onError(failure);
      }

      @Override
      public void onCompleted() {
        said.onCompleted();
      }
    };
  }

  void serve(String name, ServerStreams streams) throws IOException {
    serve(name, streams, answers -> StreamTopology.prefixing(name + " ", answers));
  }

  private void serve(
      String name,
      ServerStreams streams,
      Function<StreamObserver<StringValue>, StreamObserver<StringValue>> handler)
      throws IOException {
    streamsOf.put(name, topology.closing(streams));
    HoldfastServer server =
        HoldfastServerBuilder.forAddress(
                new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                InsecureServerCredentials.create())
            .registries(registries)
            .register(TARGET)
            .addService(streams.resumable(StreamTopology.talk(handler)))
            .build()
            .start();
    topology.closing(() -> StreamTopology.stop(server));
    await()
        .atMost(PATIENCE)
        .until(() -> server.registrations().get(0).state() == RegistrationState.VISIBLE);
  }

  ManagedChannel channel(ClientInterceptor... outer) {
    List<ClientInterceptor> interceptors = new ArrayList<>(List.of(outer));
    interceptors.add(topology.clientStreams().build());
    ManagedChannel channel =
        HoldfastChannelBuilder.forTarget(TARGET, InsecureChannelCredentials.create(), registries)
            .intercept(interceptors)
            .build();
    topology.closing(channel::shutdownNow);
    return channel;
  }
}
