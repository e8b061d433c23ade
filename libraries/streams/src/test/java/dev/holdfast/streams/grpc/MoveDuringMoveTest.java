package dev.holdfast.streams.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.StringValue;
import dev.holdfast.core.local.FreePort;
import dev.holdfast.grpc.HoldfastServer;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Streams with cursors that are to move while they are moving. */
class MoveDuringMoveTest {
  private static final Duration AGE = Duration.ofSeconds(1);

  private final CursorFleet fleet = new CursorFleet();

  /** Whether handlers mark behind each message, or have done so once only. */
  private final AtomicBoolean marks = new AtomicBoolean(true);

  private final CursorFeed feeds = new CursorFeed(this::send);
  private final ScheduledExecutorService ticks = Executors.newScheduledThreadPool(1);

  @AfterEach
  void close() throws Exception {
    ticks.shutdownNow();
    feeds.complete();
    fleet.close();
    feeds.close();
  }

  @Test
  void drainOfAStreamThatWaitsForItsCursorToMoveMovesItOnce() throws Exception {
    marks.set(false);
    ServerStreams streams = ageing();
    HoldfastServer first = fleet.serve(0, streams, feeds.service());
    RecordingObserver feed = openBeforeAnotherStarts(first);
    await()
        .atMost(CursorFleet.PATIENCE)
        .until(() -> streams.open().stream().allMatch(one -> one.askedMove() != null));

    first.shutdown();
    awaitDraining(streams);
    CursorFleet.awaitMore(feed);
    marks.set(true);

    goesOnAtTheOtherOne(first, feed);
  }

  @Test
  void maximumAgeOfAStreamWhoseDrainWaitsForItsCursorMovesItOnce() throws Exception {
    marks.set(false);
    ServerStreams streams = ageing();
    HoldfastServer first = fleet.serve(0, streams, feeds.service());
    RecordingObserver feed = openBeforeAnotherStarts(first);
    first.shutdown();
    awaitDraining(streams);
    await()
        .atMost(CursorFleet.PATIENCE)
        .until(
            () ->
                streams.sessions().stream()
                    .allMatch(one -> one.age().compareTo(AGE.multipliedBy(3)) > 0));
    assertThat(feeds.handlersOf("feed")).isOne();
    marks.set(true);

    goesOnAtTheOtherOne(first, feed);
  }

  private RecordingObserver openBeforeAnotherStarts(HoldfastServer first) throws Exception {
    int later = FreePort.find();
    ManagedChannel channel =
        fleet.channelTo(List.of(first.getPort(), later), fleet.topology.clientStreams());
    RecordingObserver feed = CursorFeed.open(channel, "feed");
    feed.awaitCount(10);
    var unused = fleet.serve(later, fleet.topology.serverStreams(), feeds.service());
    return feed;
  }

  private void goesOnAtTheOtherOne(HoldfastServer first, RecordingObserver feed) throws Exception {
    assertThat(first.awaitTermination(CursorFleet.PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();
    CursorFleet.awaitMore(feed);
    feeds.complete();
    assertThat(feed.awaitEnd()).isEqualTo(Status.OK);
    CursorFeed.assertWhole(feed);
    assertThat(feeds.handlersOf("feed")).isEqualTo(2);
    assertThat(fleet.events).doesNotContain("MOVED");
  }

  @Test
  void targetThatDrainsWhileItsWelcomeIsOnTheWayPassesASubscriptionOn() throws Exception {
    List<RecordingObserver> feed = new ArrayList<>();
    drainBehindTheWelcome(
        channel -> {
          feed.add(CursorFeed.open(channel, "feed"));
          return feed.get(0);
        });
    feeds.complete();
    assertThat(feed.get(0).awaitEnd()).isEqualTo(Status.OK);
    CursorFeed.assertWhole(feed.get(0));
  }

  @Test
  void targetThatDrainsWhileItsWelcomeIsOnTheWayPassesAConversationOn() throws Exception {
    List<Talker> talker = new ArrayList<>();
    drainBehindTheWelcome(
        channel -> {
          talker.add(new Talker(channel));
          return talker.get(0).answers;
        });
    talker.get(0).complete();
    assertThat(talker.get(0).answers.awaitEnd()).isEqualTo(Status.OK);
    assertThat(talker.get(0).answers.heard())
        .isEqualTo(CursorFeed.numbers(talker.get(0).sent.get()));
  }

  /** The target of a move welcomes the stream, and drains before its client hears of it. */
  private void drainBehindTheWelcome(Function<ManagedChannel, RecordingObserver> opening)
      throws Exception {
    HandoverWelcomes welcomes = fleet.topology.closing(new HandoverWelcomes());
    int second = FreePort.find();
    int third = FreePort.find();
    HoldfastServer first = serveBoth(0, ageing());
    ManagedChannel channel =
        fleet.channelTo(
            List.of(first.getPort(), second, third), fleet.topology.clientStreams(), welcomes);
    RecordingObserver answers = opening.apply(channel);
    answers.awaitCount(10);
    ServerStreams targets = keyed();
    HoldfastServer target = serveBoth(second, targets);
    welcomes.awaitFirst();
    var unused = serveBoth(third, keyed());

    target.shutdown();
    // Its streams are told one after the other: this one now.
    for (ServerStream<?, ?> stream : targets.open()) {
      stream.driver().input((session, now) -> session.drain(now, true, Duration.ofSeconds(10)));
    }
    welcomes.release();

    assertThat(target.awaitTermination(CursorFleet.PATIENCE.toSeconds(), TimeUnit.SECONDS))
        .isTrue();
    CursorFleet.awaitMore(answers);
    assertThat(answers.ends()).isZero();
    assertThat(fleet.events).doesNotContain("MOVED");
  }

  private ServerStreams keyed() {
    return fleet.topology.serverStreams().tokenKey(CursorFleet.KEY).build();
  }

  private HoldfastServer serveBoth(int port, ServerStreams streams) throws Exception {
    return fleet.serve(
        port, streams, feeds.service(), StreamTopology.talk(MoveDuringMoveTest::talk));
  }

  private ServerStreams ageing() {
    return fleet.topology.serverStreams().tokenKey(CursorFleet.KEY).maxStreamAge(AGE).build();
  }

  /** Every stream there knows that its instance leaves, so that none is asked to move any more. */
  private static void awaitDraining(ServerStreams streams) {
    await()
        .atMost(CursorFleet.PATIENCE)
        .until(
            () ->
                streams.open().stream()
                    .noneMatch(one -> one.driver().locked(session -> session.isMovable())));
  }

  // The handlers.

  private void send(
      String name, ServerCallStreamObserver<StringValue> answers, StreamCursor cursor, int next) {
    if (marks.get() || next == 0) {
      CursorFeed.sendAndMark(name, answers, cursor, next);
    } else {
      answers.onNext(RecordingObserver.message(String.valueOf(next)));
    }
  }

  /** Answers each number, and marks behind the answer. */
  private static StreamObserver<StringValue> talk(StreamObserver<StringValue> answers) {
    StreamCursor cursor = StreamCursor.current();
    return new StreamObserver<>() {
      private int next = cursor.resumedFrom().map(CursorFeed::number).orElse(0);

      @Override
      public void onNext(StringValue message) {
        if (!message.getValue().equals(String.valueOf(next))) {
          throw new IllegalStateException(message.getValue() + " for " + next);
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

  /** Sends numbers until it is complete. */
  private final class Talker {
    private final RecordingObserver answers = new RecordingObserver();
    private final AtomicInteger sent = new AtomicInteger();
    private final ClientCallStreamObserver<StringValue> requests;
    private boolean complete;

    Talker(ManagedChannel channel) {
      requests = StreamTopology.open(channel, answers);
      var unused = ticks.scheduleWithFixedDelay(this::talk, 0, 5, TimeUnit.MILLISECONDS);
    }

    private synchronized void talk() {
      if (!complete && requests.isReady()) {
        requests.onNext(RecordingObserver.message(String.valueOf(sent.getAndIncrement())));
      }
    }

    synchronized void complete() {
      complete = true;
      requests.onCompleted();
    }
  }
}
