package dev.holdfast.streams.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.StringValue;
import dev.holdfast.lab.RelayDirection;
import dev.holdfast.lab.TcpRelay;
import dev.holdfast.streams.SessionOptions;
import dev.holdfast.streams.grpc.internal.driver.SessionResources;
import dev.holdfast.streams.testkit.MemorySessionStore;
import io.grpc.CallOptions;
import io.grpc.ConnectivityState;
import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.ServerServiceDefinition;
import io.grpc.Status;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.ClientResponseObserver;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Streams in one direction, through connections that end and beside peers without Holdfast. */
class OneWayStreamTest {
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  private final StreamTopology topology = new StreamTopology();
  private final OneWayTopology.Served served = new OneWayTopology.Served();

  @AfterEach
  void close() throws Exception {
    topology.close();
  }

  @Test
  void serverStreamOfTenThousandComesOnceAndInOrderThroughCuts() {
    ServerStreams streams = topology.serverStreams().build();
    Server server = topology.serve(streams.resumable(served.service()));
    TcpRelay relay = topology.relayTo(server);
    ManagedChannel channel = topology.channelTo(relay.port(), topology.clientStreams().build());
    int messages = 10_000;

    RecordingObserver answers = OneWayTopology.count(channel, messages);
    for (int count = 1_000; count < messages; count += 2_000) {
      answers.awaitCount(count);
      relay.cut();
    }

    assertThat(answers.awaitEnd()).isEqualTo(Status.OK);
    assertThat(answers.heard()).isEqualTo(texts(messages));
    assertThat(answers.ends()).isOne();
    assertThat(served.requests).containsExactly("10000");
    await().atMost(Duration.ofSeconds(60)).until(() -> streams.sessions().isEmpty());
  }

  @Test
  void clientStreamOfTenThousandComesOnceAndInOrderThroughCuts() {
    ServerStreams streams = topology.serverStreams().build();
    Server server = topology.serve(streams.resumable(served.service()));
    TcpRelay relay = topology.relayTo(server);
    ManagedChannel channel = topology.channelTo(relay.port(), topology.clientStreams().build());
    int messages = 10_000;

    RecordingObserver answer = new RecordingObserver();
    ClientCallStreamObserver<StringValue> requests = OneWayTopology.collect(channel, answer);
    for (int i = 0; i < messages; i++) {
      requests.onNext(RecordingObserver.message(String.valueOf(i)));
      if (i % 2_000 == 1_000) {
        int least = i - 900;
        await().atMost(Duration.ofSeconds(60)).until(() -> served.collected.size() >= least);
        relay.cut();
      }
    }
    requests.onCompleted();

    assertThat(answer.awaitEnd()).isEqualTo(Status.OK);
    assertThat(answer.heard()).containsExactly("10000");
    assertThat(answer.ends()).isOne();
    assertThat(served.collected).isEqualTo(texts(messages));
    await().atMost(Duration.ofSeconds(60)).until(() -> streams.sessions().isEmpty());
  }

  /** Call after call over one channel, so that its server is known to have sessions. */
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6})
  void streamsOfBothDirectionsSurviveCutsAtAnyMoment(long seed) {
    Random random = new Random(seed);
    AgedScheduler scheduler = new AgedScheduler();
    ServerStreams streams = topology.serverStreams().onlyInstance().scheduler(scheduler).build();
    scheduler.age(Duration.ofHours(1));
    Server server = topology.serve(streams.resumable(served.service()));
    TcpRelay relay = topology.relayTo(server);
    ManagedChannel channel = topology.channelTo(relay.port(), topology.clientStreams().build());
    int collected = 0;

    for (int call = 0; call < 12; call++) {
      int messages = random.nextInt(400);
      RecordingObserver answers = OneWayTopology.count(channel, messages);
      RecordingObserver answer = new RecordingObserver();
      ClientCallStreamObserver<StringValue> requests = OneWayTopology.collect(channel, answer);
      int cutAt = random.nextInt(messages + 1);
      for (int i = 0; i < messages; i++) {
        if (i == cutAt) {
          relay.cut();
        }
        requests.onNext(RecordingObserver.message(String.valueOf(i)));
      }
      requests.onCompleted();
      if (random.nextBoolean()) {
        answers.awaitCount(cutAt);
        relay.cut();
      }
      channel.resetConnectBackoff();
      collected += messages;

      assertThat(answers.awaitEnd()).as("seed %d call %d", seed, call).isEqualTo(Status.OK);
      assertThat(answers.heard()).isEqualTo(texts(messages));
      assertThat(answer.awaitEnd()).as("seed %d call %d", seed, call).isEqualTo(Status.OK);
      assertThat(answer.heard()).containsExactly(String.valueOf(messages));
    }
    assertThat(served.requests).hasSize(12);
    assertThat(served.collected).hasSize(collected);
  }

  @Test
  void firstContactGoesOnBehindItsFirstWindow() {
    ServerStreams streams = topology.serverStreams().build();
    Server server = topology.serve(streams.resumable(served.service()));
    ManagedChannel channel = topology.channelTo(server.getPort(), topology.clientStreams().build());

    // More than a connection's window: what fits in may come all at once, with the end, before
    // the client could attach again.
    int messages = 100_000;
    RecordingObserver answers = OneWayTopology.count(channel, messages);

    assertThat(answers.awaitEnd()).isEqualTo(Status.OK);
    assertThat(answers.heard()).isEqualTo(texts(messages));
    // Two at each side: the first could bring no acks. A test process that stands still for a
    // second
    // is silent, which costs further ones.
    assertThat(attachments()).isBetween(4.0, 20.0);
    await().atMost(PATIENCE).until(() -> streams.sessions().isEmpty());
  }

  /** A hop that holds answers back, so that a welcome comes late. */
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void pathThatHoldsAnswersBackDelaysAStreamAndEndsNone(boolean known) {
    Server server = topology.serve(topology.serverStreams().build().resumable(served.service()));
    TcpRelay relay = topology.relayTo(server);
    ManagedChannel channel =
        topology.channelTo(
            relay.port(), topology.clientStreams().options(SessionOptions.DEFAULT).build());
    if (known) {
      assertThat(OneWayTopology.count(channel, 1).awaitEnd()).isEqualTo(Status.OK);
    } else {
      channel.getState(true);
      await().atMost(PATIENCE).until(() -> channel.getState(true) == ConnectivityState.READY);
    }
    relay.delay(RelayDirection.TO_CLIENT, Duration.ofMillis(1_500));

    RecordingObserver answers = OneWayTopology.count(channel, 300);

    assertThat(answers.awaitEnd()).isEqualTo(Status.OK);
    assertThat(answers.heard()).isEqualTo(texts(300));
    assertThat(served.requests).hasSize(known ? 2 : 1);
  }

  /** Where each attachment is one request and its answers, as over a bridge to HTTP/1.1. */
  @Test
  void hopThatPassesWholeRequestsOnOnlyCarriesAServerStreamToItsEnd() {
    ServerStreams streams = topology.serverStreams().build();
    Server server = topology.serve(streams.resumable(served.service()));
    ManagedChannel onwards = topology.channelTo(server.getPort());
    Server hop =
        topology.serve(
            b ->
                b.fallbackHandlerRegistry(
                    new BufferingHop(onwards, BufferingHop.Buffered.REQUEST)));
    TcpRelay relay = topology.relayTo(hop);
    ManagedChannel channel =
        topology.channelTo(
            relay.port(), topology.clientStreams().options(SessionOptions.DEFAULT).build());

    RecordingObserver answers = OneWayTopology.count(channel, 3_000);
    answers.awaitCount(1_500);
    relay.cut();

    assertThat(answers.awaitEnd()).isEqualTo(Status.OK);
    assertThat(answers.heard()).isEqualTo(texts(3_000));
    assertThat(served.requests).hasSize(1);
    await().atMost(PATIENCE).until(() -> streams.sessions().isEmpty());
    // A few hundred messages each, and not an attachment for each acknowledgement.
    assertThat(attachments()).isLessThan(120);
  }

  @Test
  void slowConsumerHoldsItsServerStreamUpWithinTheBuffers() {
    AtomicInteger sent = new AtomicInteger();
    String large = "x".repeat(10_000);
    Server server =
        topology.serve(
            topology
                .serverStreams()
                .build()
                .resumable(
                    OneWayTopology.service(
                        (request, answers) -> sendWhileReady(answers, large, sent),
                        served::collect)));
    ManagedChannel channel = topology.channelTo(server.getPort(), topology.clientStreams().build());
    ManualObserver consumer = new ManualObserver();
    ClientCalls.asyncServerStreamingCall(
        channel.newCall(OneWayTopology.COUNT, CallOptions.DEFAULT),
        RecordingObserver.message("all"),
        consumer);
    await().atMost(PATIENCE).until(() -> consumer.recorded.count() == 1);
    // Its send buffer, and what the client holds.
    await().during(Duration.ofMillis(500)).atMost(PATIENCE).until(() -> sent.get() < 700);
    int before = sent.get();
    consumer.request(1_000);
    consumer.recorded.awaitCount(1_000);
    assertThat(sent.get()).isGreaterThan(before);
    assertThat(consumer.recorded.heard()).allMatch(large::equals);
  }

  @Test
  void cancelReachesTheHandlerOfAServerStream() throws Exception {
    CountDownLatch cancelled = new CountDownLatch(1);
    ServerStreams streams = topology.serverStreams().build();
    Server server =
        topology.serve(
            streams.resumable(
                OneWayTopology.service(
                    (request, answers) -> {
                      ((ServerCallStreamObserver<StringValue>) answers)
                          .setOnCancelHandler(cancelled::countDown);
                      answers.onNext(request);
                    },
                    served::collect)));
    ManagedChannel channel = topology.channelTo(server.getPort(), topology.clientStreams().build());
    ManualObserver consumer = new ManualObserver();
    ClientCalls.asyncServerStreamingCall(
        channel.newCall(OneWayTopology.COUNT, CallOptions.DEFAULT),
        RecordingObserver.message("x"),
        consumer);
    consumer.recorded.awaitCount(1);

    consumer.cancel();

    assertThat(cancelled.await(30, TimeUnit.SECONDS)).isTrue();
    assertThat(consumer.recorded.awaitEnd().getCode()).isEqualTo(Status.Code.CANCELLED);
    await().atMost(PATIENCE).until(() -> streams.sessions().isEmpty());
  }

  @Test
  void cancelReachesTheHandlerOfAClientStreamBehindItsHalfClose() throws Exception {
    CountDownLatch cancelled = new CountDownLatch(1);
    CountDownLatch completed = new CountDownLatch(1);
    ServerStreams streams = topology.serverStreams().build();
    Server server =
        topology.serve(
            streams.resumable(
                OneWayTopology.service(
                    served::count,
                    answer -> {
                      ((ServerCallStreamObserver<StringValue>) answer)
                          .setOnCancelHandler(cancelled::countDown);
                      return new LatchObserver(completed);
                    })));
    ManagedChannel channel = topology.channelTo(server.getPort(), topology.clientStreams().build());
    RecordingObserver answer = new RecordingObserver();
    ClientCallStreamObserver<StringValue> requests = OneWayTopology.collect(channel, answer);
    requests.onNext(RecordingObserver.message("1"));
    requests.onCompleted();
    assertThat(completed.await(30, TimeUnit.SECONDS)).isTrue();

    requests.cancel("enough", null);

    assertThat(cancelled.await(30, TimeUnit.SECONDS)).isTrue();
    assertThat(answer.awaitEnd().getCode()).isEqualTo(Status.Code.CANCELLED);
  }

  @Test
  void deadlineOfAServerStreamIsTheSessions() {
    ServerStreams streams = topology.serverStreams().build();
    Server server =
        topology.serve(
            streams.resumable(
                OneWayTopology.service(
                    (request, answers) -> answers.onNext(request), served::collect)));
    TcpRelay relay = topology.relayTo(server);
    ManagedChannel channel = topology.channelTo(relay.port(), topology.clientStreams().build());

    RecordingObserver answers =
        OneWayTopology.count(
            channel, CallOptions.DEFAULT.withDeadlineAfter(2, TimeUnit.SECONDS), 7);
    answers.awaitCount(1);
    relay.cut();

    assertThat(answers.awaitEnd().getCode()).isEqualTo(Status.Code.DEADLINE_EXCEEDED);
    assertThat(answers.heard()).containsExactly("7");
    await().atMost(PATIENCE).until(() -> streams.sessions().isEmpty());
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void drainTellsBothDirectionsThatTheyMoved(boolean known) {
    ServerStreams streams = topology.serverStreams().build();
    Server server =
        topology.serve(
            streams.resumable(
                OneWayTopology.service(
                    (request, answers) -> answers.onNext(request),
                    answer -> new LatchObserver(new CountDownLatch(1)))));
    ManagedChannel channel = topology.channelTo(server.getPort(), topology.clientStreams().build());
    if (known) {
      RecordingObserver before = OneWayTopology.count(channel, 1);
      before.awaitCount(1);
    }
    AtomicLong moved = new AtomicLong(-1);
    StreamEvents events =
        new StreamEvents() {
          @Override
          public void onMoved(long lastProcessed) {
            moved.set(lastProcessed);
          }
        };
    RecordingObserver answers =
        OneWayTopology.count(channel, CallOptions.DEFAULT.withOption(StreamEvents.KEY, events), 9);
    answers.awaitCount(1);
    RecordingObserver answer = new RecordingObserver();
    ClientCallStreamObserver<StringValue> requests = OneWayTopology.collect(channel, answer);
    requests.onNext(RecordingObserver.message("1"));
    await().atMost(PATIENCE).until(() -> streams.sessions().size() == (known ? 3 : 2));

    streams.drain(Duration.ofSeconds(5));

    assertThat(answers.awaitEnd().getCode()).isEqualTo(Status.Code.UNAVAILABLE);
    assertThat(answer.awaitEnd().getCode()).isEqualTo(Status.Code.UNAVAILABLE);
    assertThat(moved.get()).isPositive();
  }

  /** An instance is gone; its successor's handler gets the request again and goes on behind. */
  @Test
  void durableServerStreamGoesOnAtAnotherInstance() throws Exception {
    MemorySessionStore store = new MemorySessionStore();
    byte[] key = SessionResources.newKey();
    List<Long> begins = new CopyOnWriteArrayList<>();
    CountDownLatch never = new CountDownLatch(1);
    ServerStreams oldStreams = topology.serverStreams().store(store).tokenKey(key).build();
    ServerStreams youngStreams = topology.serverStreams().store(store).tokenKey(key).build();
    Server old = topology.serve(oldStreams.resumable(counting(begins, 50, never)));
    Server young = topology.serve(youngStreams.resumable(counting(begins, 100, never)));
    TcpRelay relay = topology.relayTo(old);
    ManagedChannel channel = topology.channelTo(relay.port(), topology.clientStreams().build());
    RecordingObserver answers = OneWayTopology.count(channel, 100);
    answers.awaitCount(50);

    relay.retarget(new InetSocketAddress(InetAddress.getLoopbackAddress(), young.getPort()));
    StreamTopology.stop(old);

    assertThat(answers.awaitEnd()).isEqualTo(Status.OK);
    assertThat(answers.heard()).isEqualTo(texts(100));
    assertThat(begins).containsExactly(0L, 50L);
    await().atMost(PATIENCE).until(() -> youngStreams.sessions().isEmpty());
    never.countDown();
  }

  @Test
  void durableServerStreamWhoseHandlerWasDoneEndsAtAnotherInstance() throws Exception {
    MemorySessionStore store = new MemorySessionStore();
    byte[] key = SessionResources.newKey();
    List<Long> begins = new CopyOnWriteArrayList<>();
    CountDownLatch go = new CountDownLatch(1);
    ServerStreams oldStreams = topology.serverStreams().store(store).tokenKey(key).build();
    ServerStreams youngStreams = topology.serverStreams().store(store).tokenKey(key).build();
    Server old = topology.serve(oldStreams.resumable(counting(begins, 50, go)));
    Server young = topology.serve(youngStreams.resumable(counting(begins, 100, go)));
    TcpRelay relay = topology.relayTo(old);
    ManagedChannel channel = topology.channelTo(relay.port(), topology.clientStreams().build());
    RecordingObserver answers = OneWayTopology.count(channel, 100);
    answers.awaitCount(50);

    // These connections only: the next one works.
    relay.connections().forEach(connection -> connection.stall(RelayDirection.TO_CLIENT));
    go.countDown();
    // A hundred messages and the status; and the store has them.
    await()
        .atMost(PATIENCE)
        .until(() -> oldStreams.sessions().stream().anyMatch(session -> session.sent() == 101));
    await().atMost(PATIENCE).until(() -> store.processed() >= 1);
    relay.retarget(new InetSocketAddress(InetAddress.getLoopbackAddress(), young.getPort()));
    relay.cut();
    StreamTopology.stop(old);

    assertThat(answers.awaitEnd()).isEqualTo(Status.OK);
    assertThat(answers.heard()).isEqualTo(texts(100));
    await().atMost(PATIENCE).until(() -> youngStreams.sessions().isEmpty());
  }

  /** Sends so many of its request's messages, and after the signal the others. */
  private ServerServiceDefinition counting(List<Long> begins, int first, CountDownLatch go) {
    return OneWayTopology.service(
        (request, answers) -> {
          long from = StreamPosition.sentBefore();
          begins.add(from);
          int end = Integer.parseInt(request.getValue());
          for (long i = from; i < end; i++) {
            if (i == first) {
              try {
                go.await();
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
            }
            answers.onNext(RecordingObserver.message(String.valueOf(i)));
          }
          answers.onCompleted();
        },
        served::collect);
  }

  private static void sendWhileReady(
      StreamObserver<StringValue> answers, String text, AtomicInteger sent) {
    ServerCallStreamObserver<StringValue> call = (ServerCallStreamObserver<StringValue>) answers;
    call.setOnReadyHandler(
        () -> {
          while (call.isReady()) {
            sent.incrementAndGet();
            call.onNext(RecordingObserver.message(text));
          }
        });
  }

  private double attachments() {
    return topology.meters.find(StreamMeter.ATTACHMENTS.meterName()).counters().stream()
        .mapToDouble(counter -> counter.count())
        .sum();
  }

  /** Says when it is told that the client is done. */
  private record LatchObserver(CountDownLatch completed) implements StreamObserver<StringValue> {
    @Override
    public void onNext(StringValue message) {}

    @Override
    public void onError(Throwable failure) {}

    @Override
    public void onCompleted() {
      completed.countDown();
    }
  }

  /** Takes one message, and more only when told. */
  private static final class ManualObserver
      implements ClientResponseObserver<StringValue, StringValue> {
    private final RecordingObserver recorded = new RecordingObserver();
    private volatile @Nullable ClientCallStreamObserver<StringValue> call;

    @Override
    public void beforeStart(ClientCallStreamObserver<StringValue> newCall) {
      call = newCall;
      newCall.disableAutoRequestWithInitial(1);
    }

    void request(int messages) {
      Objects.requireNonNull(call).request(messages);
    }

    void cancel() {
      Objects.requireNonNull(call).cancel("enough", null);
    }

    @Override
    public void onNext(StringValue message) {
      recorded.onNext(message);
    }

    @Override
    public void onError(Throwable failure) {
      recorded.onError(failure);
    }

    @Override
    public void onCompleted() {
      recorded.onCompleted();
    }
  }

  private static List<String> texts(int messages) {
    return IntStream.range(0, messages).mapToObj(String::valueOf).toList();
  }
}
