package dev.holdfast.streams.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.StringValue;
import dev.holdfast.core.local.FreePort;
import dev.holdfast.grpc.HoldfastServer;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import io.micrometer.core.instrument.Counter;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * Handlers whose cursors are wrong, at the drain of their instance: their own stream has the gap or
 * the repetition that they asked for, and the stream beside it on the same connection has none.
 */
class CursorMistakesTest {
  /** By how many messages a cursor is wrong. */
  private static final int WRONG_BY = 3;

  private final CursorFleet fleet = new CursorFleet();
  private final CursorFeed feeds = new CursorFeed(this::send);
  private final ScheduledExecutorService deafHandlers = Executors.newScheduledThreadPool(1);
  private final AtomicBoolean deaf = new AtomicBoolean();
  private final AtomicInteger sentByTheDeaf = new AtomicInteger();

  @AfterEach
  void close() throws Exception {
    deafHandlers.shutdownNow();
    feeds.complete();
    fleet.close();
    feeds.close();
  }

  @Test
  void cursorAheadOfItsMessagesLeavesThemOut() throws Exception {
    assertThat(jumps(handOver("ahead"))).containsExactly(1 + WRONG_BY);
  }

  @Test
  void cursorBehindItsMessagesRepeatsThem() throws Exception {
    assertThat(jumps(handOver("behind"))).containsExactly(1 - WRONG_BY);
  }

  /** The hand-over is between the two, as the cursor is current only there. */
  @Test
  void cursorThatIsMarkedBeforeItsMessageIsSentLosesThatMessage() throws Exception {
    assertThat(jumps(handOver("early"))).containsExactly(2);
  }

  @Test
  void cursorThatTheNextHandlerCannotReadEndsTheStreamWithItsFailure() throws Exception {
    RecordingObserver stream = handOver("unreadable");
    assertThat(stream.awaitEnd().getCode()).isEqualTo(Status.Code.UNKNOWN);
    assertThat(stream.awaitEnd().getDescription()).isEqualTo("Application error processing RPC");
    assertThat(stream.ends()).isOne();
    CursorFeed.assertWhole(stream);
    assertThat(feeds.handlersOf("unreadable")).isEqualTo(2);
  }

  @Test
  void handlerThatGoesOnBehindItsCancellationIsHeardByNobody() throws Exception {
    deaf.set(true);
    RecordingObserver stream = handOver("deaf");
    int before = sentByTheDeaf.get();
    await().atMost(CursorFleet.PATIENCE).until(() -> sentByTheDeaf.get() >= before + 50);
    CursorFleet.awaitMore(stream);
    deaf.set(false);
    assertThat(jumps(stream)).isEmpty();
  }

  /** A stream of this kind and an honest one on one connection, whose server drains. */
  private RecordingObserver handOver(String kind) throws Exception {
    int later = FreePort.find();
    ServerStreams streams = fleet.topology.serverStreams().tokenKey(CursorFleet.KEY).build();
    HoldfastServer first = fleet.serve(0, streams, feeds.service());
    ManagedChannel channel =
        fleet.channelTo(List.of(first.getPort(), later), fleet.topology.clientStreams());
    RecordingObserver stream = CursorFeed.open(channel, kind);
    RecordingObserver neighbour = CursorFeed.open(channel, "neighbour");
    CursorFleet.awaitMore(stream, neighbour);
    assertThat(streams.sessions().stream().map(SessionView::peer).distinct()).hasSize(1);
    var unused = fleet.serve(later, fleet.topology.serverStreams(), feeds.service());

    CursorFleet.drain(first);

    CursorFleet.awaitMore(stream, neighbour);
    assertThat(neighbour.ends()).isZero();
    CursorFeed.assertWhole(neighbour);
    assertThat(feeds.handlersOf("neighbour")).isEqualTo(2);
    return stream;
  }

  /** The differences between the numbers of a stream that are not 1, when it has ended well. */
  private List<Integer> jumps(RecordingObserver stream) {
    feeds.complete();
    assertThat(stream.awaitEnd()).isEqualTo(Status.OK);
    assertThat(stream.ends()).isOne();
    assertThat(fleet.events).doesNotContain("MOVED");
    assertThat(lostOrRefused()).isZero();
    List<Integer> numbers = stream.heard().stream().map(Integer::valueOf).toList();
    assertThat(numbers.get(0)).isZero();
    List<Integer> jumps = new ArrayList<>();
    for (int i = 1; i < numbers.size(); i++) {
      int difference = numbers.get(i) - numbers.get(i - 1);
      if (difference != 1) {
        jumps.add(difference);
      }
    }
    return jumps;
  }

  /** Sessions that were lost, and calls that were refused because their positions did not fit. */
  private double lostOrRefused() {
    double lost =
        fleet.topology.meters.find("holdfast.streams.ended").counters().stream()
            .filter(one -> String.valueOf(one.getId().getTag("kind")).startsWith("LOST"))
            .mapToDouble(Counter::count)
            .sum();
    double refused =
        fleet.topology.meters.find("holdfast.streams.refused").counters().stream()
            .filter(one -> List.of("GAP", "INVALID").contains(one.getId().getTag("code")))
            .mapToDouble(Counter::count)
            .sum();
    return lost + refused;
  }

  // The handlers.

  private void send(
      String name, ServerCallStreamObserver<StringValue> answers, StreamCursor cursor, int next) {
    StringValue message = RecordingObserver.message(String.valueOf(next));
    switch (name) {
      case "ahead" -> {
        answers.onNext(message);
        cursor.mark(CursorFeed.bytes(next + 1 + WRONG_BY));
      }
      case "behind" -> {
        answers.onNext(message);
        cursor.mark(CursorFeed.bytes(Math.max(0, next + 1 - WRONG_BY)));
      }
      case "early" -> {
        cursor.mark(CursorFeed.bytes(next + 1));
        answers.onNext(message);
      }
      case "unreadable" -> {
        answers.onNext(message);
        cursor.mark("seven".getBytes(StandardCharsets.US_ASCII));
      }
      case "deaf" -> {
        CursorFeed.sendAndMark(name, answers, cursor, next);
        if (next == 0) {
          var unused =
              deafHandlers.scheduleWithFixedDelay(
                  () -> goOnWhenCancelled(answers, cursor), 0, 1, TimeUnit.MILLISECONDS);
        }
      }
      default -> CursorFeed.sendAndMark(name, answers, cursor, next);
    }
  }

  private void goOnWhenCancelled(
      ServerCallStreamObserver<StringValue> answers, StreamCursor cursor) {
    if (answers.isCancelled() && deaf.get()) {
      CursorFeed.sendAndMark("deaf", answers, cursor, -1);
      sentByTheDeaf.incrementAndGet();
    }
  }
}
