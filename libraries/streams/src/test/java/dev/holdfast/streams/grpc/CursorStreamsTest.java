package dev.holdfast.streams.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.StringValue;
import dev.holdfast.core.Scheduler;
import dev.holdfast.core.SystemScheduler;
import dev.holdfast.core.local.FreePort;
import dev.holdfast.grpc.HoldfastServer;
import dev.holdfast.grpc.HoldfastServerBuilder;
import dev.holdfast.streams.SessionOptions;
import io.grpc.CallOptions;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Streams whose handlers mark cursors, under instances that are restarted one after the other. */
class CursorStreamsTest {
  private static final Duration PATIENCE = CursorFleet.PATIENCE;

  /** A busy machine must not let an attempt be given up, which would begin another one. */
  private static final SessionOptions PATIENT =
      StreamTopology.QUICK.withTiming(StreamTopology.QUICK.timing().withHandshake(PATIENCE));

  private static final byte[] KEY = CursorFleet.KEY;
  private static final int INSTANCES = 3;
  private static final int STREAMS = 4;
  private static final int TOGETHER = 20;
  private static final int TICK_MILLIS = 5;

  private final CursorFleet fleet = new CursorFleet();
  private final StreamTopology topology = fleet.topology;
  private final CursorFeed counting = new CursorFeed(CursorFeed::sendAndMark);
  private final AtomicBoolean rolling = new AtomicBoolean(true);
  private final ScheduledExecutorService ticks = Executors.newScheduledThreadPool(2);
  private final List<String> unordered = new CopyOnWriteArrayList<>();

  @AfterEach
  void close() throws Exception {
    stopRolling();
    ticks.shutdownNow();
    fleet.close();
    counting.close();
  }

  private void stopRolling() {
    rolling.set(false);
    counting.complete();
  }

  @Test
  void restartsOfAllInstancesAreSeenByNoApplication() throws Exception {
    List<HoldfastServer> servers = new ArrayList<>();
    for (int i = 0; i < INSTANCES; i++) {
      servers.add(serve(FreePort.find(), KEY));
    }
    ManagedChannel channel = channelTo(servers, topology.clientStreams());
    List<RecordingObserver> feeds =
        IntStream.range(0, STREAMS).mapToObj(i -> CursorFeed.open(channel, "feed" + i)).toList();
    List<Talker> talkers = IntStream.range(0, STREAMS).mapToObj(i -> new Talker(channel)).toList();
    List<RecordingObserver> all =
        Stream.concat(feeds.stream(), talkers.stream().map(talker -> talker.answers)).toList();

    for (HoldfastServer old : servers) {
      awaitMore(all);
      int port = old.getPort();
      old.shutdown();
      assertThat(old.awaitTermination(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();
      var unused = serve(port, KEY);
    }
    awaitMore(all);
    stopRolling();
    talkers.forEach(Talker::complete);

    for (RecordingObserver feed : feeds) {
      assertThat(feed.awaitEnd()).isEqualTo(Status.OK);
      CursorFeed.assertWhole(feed);
      assertThat(feed.ends()).isOne();
    }
    for (Talker talker : talkers) {
      assertThat(talker.answers.awaitEnd()).isEqualTo(Status.OK);
      assertThat(talker.answers.heard()).isEqualTo(CursorFeed.numbers(talker.sent));
    }
    assertThat(unordered).isEmpty();
    assertThat(fleet.events).doesNotContain("MOVED");
    long begun = IntStream.range(0, STREAMS).mapToLong(i -> counting.handlersOf("feed" + i)).sum();
    // Without a hand-over there would be one handler for each stream.
    assertThat(begun).isGreaterThan(STREAMS);
  }

  /**
   * Each machine has an hour of its own, and that of the client is corrected meanwhile. Nothing of
   * a hand-over has a wall clock; {@link OnlyInstanceClocksTest} has what asks one.
   */
  @Test
  void clocksAnHourApartAreSeenByNoApplication() throws Exception {
    Duration hour = Duration.ofHours(1);
    AgedScheduler late = new AgedScheduler().wallAhead(hour.negated());
    AgedScheduler early = new AgedScheduler().wallAhead(hour);
    AgedScheduler corrected = new AgedScheduler().wallAhead(hour);
    HoldfastServer first = serve(FreePort.find(), KEY, late);
    HoldfastServer second = serve(FreePort.find(), KEY, early);
    ManagedChannel channel =
        channelTo(List.of(first, second), topology.clientStreams().scheduler(corrected));
    List<RecordingObserver> feeds =
        IntStream.range(0, STREAMS).mapToObj(i -> CursorFeed.open(channel, "feed" + i)).toList();
    awaitMore(feeds);

    int port = first.getPort();
    first.shutdown();
    corrected.wallAhead(hour.negated());
    assertThat(first.awaitTermination(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();
    awaitMore(feeds);
    late.age(hour);
    var unused = serve(port, KEY, late);
    second.shutdown();
    assertThat(second.awaitTermination(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();
    awaitMore(feeds);
    stopRolling();

    for (RecordingObserver feed : feeds) {
      assertThat(feed.awaitEnd()).isEqualTo(Status.OK);
      CursorFeed.assertWhole(feed);
    }
    assertThat(fleet.events).doesNotContain("MOVED");
  }

  @Test
  void streamsThatAreHandedOverTogetherGoOnByTurns() throws Exception {
    HoldfastServer old = serve(FreePort.find(), KEY);
    HoldfastServer later = serve(FreePort.find(), KEY);
    ManagedChannel channel =
        channelTo(List.of(old, later), topology.clientStreams().options(PATIENT));
    // Nobody listens there until all streams are at the other one.
    int port = later.getPort();
    StreamTopology.stop(later);
    List<RecordingObserver> feeds =
        IntStream.range(0, TOGETHER).mapToObj(i -> CursorFeed.open(channel, "feed" + i)).toList();
    awaitMore(feeds);
    SlowWelcomes slow = new SlowWelcomes();
    var unused = serve(port, KEY, slow);

    old.shutdown();
    assertThat(old.awaitTermination(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();
    await().atMost(PATIENCE).until(() -> slow.arrived.get() > 0);
    assertThat(slow.arrived).hasValue(1);
    slow.release();

    awaitMore(feeds);
    assertThat(slow.arrived).hasValueGreaterThanOrEqualTo(TOGETHER);
    assertThat(fleet.events).doesNotContain("MOVED");
  }

  @Test
  void instanceWithAnotherKeyTakesNothingOverAndTheApplicationHearsMoved() throws Exception {
    HoldfastServer first = serve(FreePort.find(), KEY);
    ManagedChannel channel = channelTo(List.of(first), topology.clientStreams());
    List<RecordingObserver> feeds =
        IntStream.range(0, STREAMS).mapToObj(i -> CursorFeed.open(channel, "feed" + i)).toList();
    awaitMore(feeds);

    int port = first.getPort();
    first.shutdown();
    assertThat(first.awaitTermination(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();
    var unused = serve(port, "the key of another fleet than it".getBytes(StandardCharsets.UTF_8));

    await().atMost(PATIENCE).until(() -> feeds.stream().anyMatch(feed -> feed.ends() > 0));
    assertThat(fleet.events).contains("MOVED");
    RecordingObserver ended =
        feeds.stream().filter(feed -> feed.ends() > 0).findFirst().orElseThrow();
    assertThat(ended.awaitEnd().getCode()).isEqualTo(Status.Code.UNAVAILABLE);
    CursorFeed.assertWhole(ended);
  }

  @Test
  void cursorThatIsTooLargeIsRefusedWhereItIsMarked() {
    assertThatThrownBy(() -> StreamCursor.current().mark(new byte[StreamCursor.LARGEST_BYTES + 1]))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("cursor: 4097 bytes (expected: <= 4096)");
  }

  /** An instance that leaves streams without an answer for a while. */
  private static final class SlowWelcomes implements ServerInterceptor {
    private final AtomicInteger arrived = new AtomicInteger();
    private final CountDownLatch released = new CountDownLatch(1);

    void release() {
      released.countDown();
    }

    @Override
    public <Q, A> ServerCall.Listener<Q> interceptCall(
        ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> handler) {
      arrived.incrementAndGet();
      try {
        assertThat(released.await(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
      return handler.startCall(call, headers);
    }
  }

  private HoldfastServer serve(int port, byte[] key, ServerInterceptor... interceptors)
      throws IOException {
    return serve(port, key, SystemScheduler.shared(), interceptors);
  }

  private HoldfastServer serve(
      int port, byte[] key, Scheduler scheduler, ServerInterceptor... interceptors)
      throws IOException {
    HoldfastServerBuilder builder =
        CursorFleet.builder(port)
            .addService(streams(key, scheduler).resumable(counting.service()))
            .addService(streams(key, scheduler).resumable(StreamTopology.talk(this::talk)));
    List.of(interceptors).forEach(builder::intercept);
    HoldfastServer server = builder.build().start();
    topology.closing(() -> StreamTopology.stop(server));
    return server;
  }

  private ServerStreams streams(byte[] key, Scheduler scheduler) {
    return topology.serverStreams().scheduler(scheduler).tokenKey(key).build();
  }

  private ManagedChannel channelTo(List<HoldfastServer> servers, ClientStreams.Builder streams) {
    return fleet.channelTo(servers.stream().map(HoldfastServer::getPort).toList(), streams);
  }

  // The handlers.

  /** Answers each number, and expects the next one of its stream. */
  private StreamObserver<StringValue> talk(StreamObserver<StringValue> answers) {
    StreamCursor cursor = StreamCursor.current();
    return new StreamObserver<>() {
      private int next = cursor.resumedFrom().map(CursorFeed::number).orElse(0);

      @Override
      public void onNext(StringValue message) {
        if (!message.getValue().equals(String.valueOf(next))) {
          unordered.add(message.getValue() + " for " + next);
        }
        answers.onNext(message);
        next++;
        cursor.mark(CursorFeed.bytes(next));
      }

      @Override
      public void onError(Throwable failure) {
        // Another handler goes on.
      }

      @Override
      public void onCompleted() {
        answers.onCompleted();
      }
    };
  }

  // The applications.

  /** Sends numbers for as long as instances are restarted. */
  private final class Talker {
    private final RecordingObserver answers = new RecordingObserver();
    private final ClientCallStreamObserver<StringValue> requests;
    private int sent;
    private boolean complete;

    Talker(ManagedChannel channel) {
      requests = StreamTopology.open(channel, CallOptions.DEFAULT, answers);
      var unused = ticks.scheduleWithFixedDelay(this::talk, 0, TICK_MILLIS, TimeUnit.MILLISECONDS);
    }

    private synchronized void talk() {
      if (rolling.get() && !complete && requests.isReady()) {
        requests.onNext(RecordingObserver.message(String.valueOf(sent++)));
      }
    }

    synchronized void complete() {
      complete = true;
      requests.onCompleted();
    }
  }

  private static void awaitMore(List<RecordingObserver> observers) {
    CursorFleet.awaitMore(observers.toArray(RecordingObserver[]::new));
  }
}
