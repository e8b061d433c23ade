package dev.holdfast.streams.grpc;

import static org.assertj.core.api.Assertions.assertThat;
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
import io.grpc.Status;
import io.grpc.stub.MetadataUtils;
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
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Streams that go on at another instance while theirs is well, between real servers. */
class StreamMovesTest {
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final String TARGET = "memory:///test/talk";
  private static final Duration QUICK_AGE = Duration.ofMillis(1_500);

  private final StreamTopology topology = new StreamTopology();
  private final SessionStore store = new MemorySessionStore();
  private final byte[] key = SessionResources.newKey();
  private final SystemScheduler scheduler = SystemScheduler.create("moves");
  private final InMemoryStore registry = new InMemoryStore(scheduler, Duration.ofSeconds(5));
  private final Registries registries =
      new Registries(
          new RegistryContext(scheduler, topology.meters, new Random(1), Map.of()),
          List.of(new InMemoryProvider(TARGET, (uri, context) -> registry.connect(context))));
  private final AgedScheduler aged = new AgedScheduler();
  private final Map<String, ServerStreams> streamsOf = new ConcurrentHashMap<>();

  @AfterEach
  void close() throws Exception {
    topology.close();
  }

  @Test
  void streamOfTheMaximumAgeGoesOnAtAnotherInstanceAndLosesNothing() throws Exception {
    serve("a", durable -> durable.maxStreamAge(QUICK_AGE));
    serve("b", durable -> durable.maxStreamAge(QUICK_AGE));
    RecordingObserver answers = new RecordingObserver();
    StreamObserver<StringValue> requests = StreamTopology.open(channel(), answers);

    int sent = talkUntil(requests, answers, () -> moved("age") >= 3);
    requests.onCompleted();

    assertThat(answers.awaitEnd()).isEqualTo(Status.OK);
    assertThat(numbers(answers)).isEqualTo(IntStream.range(0, sent).boxed().toList());
    assertThat(places(answers)).contains("a", "b");
  }

  @Test
  void streamThatOnlyItsInstanceKnowsStaysWhateverItsAge() throws Exception {
    for (String name : List.of("a", "b")) {
      serve(name, topology.serverStreams().maxStreamAge(QUICK_AGE).build());
    }
    RecordingObserver answers = new RecordingObserver();
    StreamObserver<StringValue> requests = StreamTopology.open(channel(), answers);
    int sent = talkUntil(requests, answers, () -> isOlderThan(QUICK_AGE.multipliedBy(3)));
    requests.onCompleted();

    assertThat(answers.awaitEnd()).isEqualTo(Status.OK);
    assertThat(numbers(answers)).hasSize(sent);
    assertThat(places(answers).stream().distinct()).hasSize(1);
    assertThat(attachments()).isEqualTo(1);
  }

  @Test
  void streamWithACursorGoesOnAtAnotherInstanceWithoutAStoreAndLosesNothing() throws Exception {
    serveCursors("a", memory -> memory.maxStreamAge(QUICK_AGE));
    serveCursors("b", memory -> memory.maxStreamAge(QUICK_AGE));
    RecordingObserver answers = new RecordingObserver();
    StreamObserver<StringValue> requests = StreamTopology.open(channel(), answers);

    int sent = talkUntil(requests, answers, () -> moved("age") >= 3);
    requests.onCompleted();

    assertThat(answers.awaitEnd()).isEqualTo(Status.OK);
    assertThat(numbers(answers)).isEqualTo(IntStream.range(0, sent).boxed().toList());
    assertThat(places(answers)).contains("a", "b");
  }

  @Test
  void streamsWithCursorsMoveToAnInstanceThatJoins() throws Exception {
    serveCursors("a", ServerStreams.Builder::rebalance);
    aNewInstanceGetsItsShare(() -> serveCursors("b", ServerStreams.Builder::rebalance));
  }

  @Test
  void streamWithACursorAndTheStickyHeaderStays() throws Exception {
    serveCursors("a", memory -> memory.maxStreamAge(QUICK_AGE).stickyHeader("device"));
    serveCursors("b", memory -> memory.maxStreamAge(QUICK_AGE).stickyHeader("device"));
    aStickyStreamStays();
  }

  @Test
  void streamWithTheStickyHeaderStays() throws Exception {
    serve("a", durable -> durable.maxStreamAge(QUICK_AGE).stickyHeader("device"));
    serve("b", durable -> durable.maxStreamAge(QUICK_AGE).stickyHeader("device"));
    aStickyStreamStays();
  }

  private void aStickyStreamStays() {
    RecordingObserver answers = new RecordingObserver();
    StreamObserver<StringValue> requests =
        StreamTopology.open(
            channel(MetadataUtils.newAttachHeadersInterceptor(stickyHeaders())), answers);
    talkUntil(requests, answers, () -> isOlderThan(QUICK_AGE.multipliedBy(3)));

    assertThat(places(answers).stream().distinct()).hasSize(1);
    assertThat(attachments()).isEqualTo(1);
  }

  private static Metadata stickyHeaders() {
    Metadata headers = new Metadata();
    headers.put(Metadata.Key.of("device", Metadata.ASCII_STRING_MARSHALLER), "7");
    return headers;
  }

  @Test
  void streamWithNowhereElseToGoStays() throws Exception {
    serve("a", durable -> durable.maxStreamAge(QUICK_AGE));
    RecordingObserver answers = new RecordingObserver();
    StreamObserver<StringValue> requests = StreamTopology.open(channel(), answers);
    int sent = talkUntil(requests, answers, () -> attachments() == 2);
    requests.onCompleted();

    assertThat(answers.awaitEnd()).isEqualTo(Status.OK);
    assertThat(numbers(answers)).isEqualTo(IntStream.range(0, sent).boxed().toList());
    assertThat(moved("age")).isZero();
  }

  @Test
  void instanceThatJoinsGetsItsShareOfTheStreams() throws Exception {
    serve("a", ServerStreams.Builder::rebalance);
    aNewInstanceGetsItsShare(() -> serve("b", ServerStreams.Builder::rebalance));
  }

  /** An instance that starts. */
  private interface Start {
    void run() throws Exception;
  }

  private void aNewInstanceGetsItsShare(Start join) throws Exception {
    ManagedChannel channel = channel();
    List<RecordingObserver> all = new ArrayList<>();
    List<StreamObserver<StringValue>> requests = new ArrayList<>();
    for (int i = 0; i < 40; i++) {
      RecordingObserver answers = new RecordingObserver();
      requests.add(StreamTopology.open(channel, answers));
      all.add(answers);
    }
    int sent = talk(requests, all, 0);
    // They have been here for as long as streams stay.
    aged.age(StreamMoves.LEAST_STAY);

    join.run();
    sent = talkUntil(requests, all, sent, () -> attached("b") >= 19 && attached("a") <= 21);
    requests.forEach(StreamObserver::onCompleted);

    for (RecordingObserver answers : all) {
      assertThat(answers.awaitEnd()).isEqualTo(Status.OK);
      assertThat(numbers(answers)).isEqualTo(IntStream.range(0, sent).boxed().toList());
    }
    assertThat(moved("rebalance")).isBetween(18.0, 24.0);
  }

  @Test
  void overloadedInstanceGivesStreamsAway() throws Exception {
    AtomicBoolean overloaded = new AtomicBoolean();
    serve("a", durable -> durable.rebalance(overloaded::get));
    ManagedChannel channel = channel();
    List<RecordingObserver> all = new ArrayList<>();
    List<StreamObserver<StringValue>> requests = new ArrayList<>();
    for (int i = 0; i < 10; i++) {
      RecordingObserver answers = new RecordingObserver();
      requests.add(StreamTopology.open(channel, answers));
      all.add(answers);
    }
    int sent = talk(requests, all, 0);
    aged.age(StreamMoves.LEAST_STAY);
    overloaded.set(true);
    // Later than the streams: of two instances the other one might have them all.
    serve("b", ServerStreams.Builder::rebalance);
    sent = talkUntil(requests, all, sent, () -> moved("overload") >= 1);
    for (RecordingObserver answers : all) {
      assertThat(numbers(answers)).isEqualTo(IntStream.range(0, sent).boxed().toList());
    }
  }

  @Test
  void stickyStreamsStayWhileTheOthersOfAnOverloadedInstanceLeave() throws Exception {
    AtomicBoolean overloaded = new AtomicBoolean();
    serve("a", durable -> durable.rebalance(overloaded::get).stickyHeader("device"));
    ManagedChannel loose = channel();
    ManagedChannel sticky = channel(MetadataUtils.newAttachHeadersInterceptor(stickyHeaders()));
    List<RecordingObserver> all = new ArrayList<>();
    List<StreamObserver<StringValue>> requests = new ArrayList<>();
    for (int i = 0; i < 6; i++) {
      RecordingObserver answers = new RecordingObserver();
      requests.add(StreamTopology.open(i % 2 == 0 ? sticky : loose, answers));
      all.add(answers);
    }
    int sent = talk(requests, all, 0);
    aged.age(StreamMoves.LEAST_STAY);
    overloaded.set(true);
    serve("b", durable -> durable.rebalance().stickyHeader("device"));
    // If sticky streams went too, these would hardly be the three others.
    sent = talkUntil(requests, all, sent, () -> attached("b") == 3);
    int begun = sent;
    sent = talk(requests, all, sent);

    for (int i = 0; i < all.size(); i++) {
      RecordingObserver answers = all.get(i);
      assertThat(numbers(answers)).isEqualTo(IntStream.range(0, sent).boxed().toList());
      List<String> last = places(answers).subList(begun, sent);
      assertThat(last).containsOnly(i % 2 == 0 ? "a" : "b");
    }
  }

  /** Sends one message on each stream and waits for the answers; returns the next number. */
  private static int talk(
      List<StreamObserver<StringValue>> requests, List<RecordingObserver> answers, int number) {
    requests.forEach(to -> to.onNext(StringValue.of("" + number)));
    answers.forEach(from -> from.awaitCount(number + 1));
    return number + 1;
  }

  private static int talkUntil(
      StreamObserver<StringValue> requests, RecordingObserver answers, BooleanSupplier enough) {
    return talkUntil(List.of(requests), List.of(answers), 0, enough);
  }

  private static int talkUntil(
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

  private boolean isOlderThan(Duration age) {
    return streamsOf.values().stream()
        .flatMap(streams -> streams.sessions().stream())
        .anyMatch(session -> session.age().compareTo(age) > 0);
  }

  private long attached(String name) {
    return Objects.requireNonNull(streamsOf.get(name)).sessions().stream()
        .filter(session -> session.state() == SessionState.ATTACHED)
        .count();
  }

  private double moved(String cause) {
    return topology.meters.find("holdfast.streams.moved").tag("cause", cause).counters().stream()
        .mapToDouble(Counter::count)
        .sum();
  }

  private double attachments() {
    return topology
        .meters
        .find("holdfast.streams.attachments")
        .tag("side", "server")
        .counters()
        .stream()
        .mapToDouble(Counter::count)
        .sum();
  }

  private static List<Integer> numbers(RecordingObserver answers) {
    return answers.heard().stream().map(one -> Integer.valueOf(one.split(" ", 2)[1])).toList();
  }

  private static List<String> places(RecordingObserver answers) {
    return answers.heard().stream().map(one -> one.split(" ", 2)[0]).toList();
  }

  private void serve(String name, UnaryOperator<ServerStreams.Builder> moves) throws IOException {
    serve(
        name,
        moves.apply(topology.serverStreams().scheduler(aged).store(store).tokenKey(key)).build());
  }

  private void serveCursors(String name, UnaryOperator<ServerStreams.Builder> moves)
      throws IOException {
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

  private void serve(String name, ServerStreams streams) throws IOException {
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

  private ManagedChannel channel(ClientInterceptor... outer) {
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
