package dev.holdfast.streams.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.StringValue;
import dev.holdfast.lab.FlowEvent;
import dev.holdfast.lab.Middlebox;
import dev.holdfast.lab.PathFaults;
import dev.holdfast.lab.RelayDirection;
import dev.holdfast.streams.FirstMessage;
import dev.holdfast.streams.SessionEnd;
import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Connections reset in the middle of a handshake or a message, at one byte after the other. Every
 * {@code holdfast.cut.step}-th of them, 7 unless told: {@code -Dholdfast.cut.step=1} takes all.
 */
class CutAtEveryByteTest {
  private static final int STEP = Integer.getInteger("holdfast.cut.step", 7);
  private static final int MESSAGES = 3;
  private static final int MOST_BYTES = 4_000;

  private final StreamTopology topology = new StreamTopology();
  private final AtomicInteger cuts = new AtomicInteger();
  private boolean mayLose = true;

  @AfterEach
  void close() throws Exception {
    topology.close();
  }

  @ParameterizedTest
  @EnumSource(RelayDirection.class)
  void noMessageIsLostOrComesTwice(RelayDirection direction) {
    talkThroughCuts(direction, topology.serverStreams().build(), topology.clientStreams().build());
  }

  @ParameterizedTest
  @EnumSource(RelayDirection.class)
  void theOnlyInstanceGoesOnWhereverItsFirstConnectionsAreCut(RelayDirection direction) {
    // Its sessions are younger than it by more than a handshake may take.
    AgedScheduler scheduler = new AgedScheduler();
    ServerStreams only = topology.serverStreams().onlyInstance().scheduler(scheduler).build();
    scheduler.age(Duration.ofHours(1));
    mayLose = false;

    talkThroughCuts(direction, only, topology.clientStreams().build());
  }

  @ParameterizedTest
  @EnumSource(RelayDirection.class)
  void noStreamIsLostWhoseFirstMessageWaitsForTheWelcome(RelayDirection direction) {
    mayLose = false;

    talkThroughCuts(
        direction,
        topology.serverStreams().build(),
        topology.clientStreams().firstMessage(FirstMessage.AFTER_WELCOME).build());
  }

  private void talkThroughCuts(
      RelayDirection direction, ServerStreams serverStreams, ClientStreams clientStreams) {
    Server server =
        topology.serve(serverStreams.resumable(StreamTopology.talk(StreamTopology::echo)));
    Middlebox path =
        topology.closing(Middlebox.toPort(server.getPort()).events(event -> count(event)).start());
    int atByte = 0;
    boolean reached = true;
    while (reached && atByte < MOST_BYTES) {
      reached = talk(path, clientStreams, direction, atByte);
      atByte += STEP;
    }
    // The conversation has less bytes than that, and more than its handshake.
    assertThat(atByte).isBetween(300, MOST_BYTES);
  }

  /** Whether the connection was cut while they talked. */
  private boolean talk(
      Middlebox path, ClientStreams clientStreams, RelayDirection direction, int atByte) {
    int before = cuts.get();
    path.faults(PathFaults.builder().cut(direction, atByte).build());
    ManagedChannel channel = topology.channelTo(path.port(), clientStreams);
    RecordingObserver recordingObserver = new RecordingObserver();
    StreamObserver<StringValue> requests = StreamTopology.open(channel, recordingObserver);
    for (int i = 0; i < MESSAGES; i++) {
      requests.onNext(RecordingObserver.message("m" + i));
    }
    await()
        .pollDelay(Duration.ZERO)
        .pollInterval(Duration.ofMillis(1))
        .atMost(Duration.ofSeconds(60))
        .until(() -> cuts.get() > before || recordingObserver.count() == MESSAGES);
    boolean cut = cuts.get() > before;
    path.faults(PathFaults.NONE);
    requests.onCompleted();
    await()
        .pollDelay(Duration.ZERO)
        .pollInterval(Duration.ofMillis(1))
        .atMost(Duration.ofSeconds(60))
        .until(
            () -> {
              // The channel's own pause after a refused connection is not what is tested here.
              channel.resetConnectBackoff();
              return recordingObserver.ends() > 0;
            });
    judge(recordingObserver, atByte);
    channel.shutdownNow();
    return cut;
  }

  /**
   * All, once and in order. Only before the client knows a token may it be told that its session is
   * lost: where there may be others, nobody can tell then whether one has its first messages.
   */
  private void judge(RecordingObserver recordingObserver, int atByte) {
    Status status = recordingObserver.awaitEnd();
    assertThat(recordingObserver.ends()).isOne();
    if (status.isOk() || !mayLose) {
      assertThat(status.isOk()).as("cut at byte %d: %s", atByte, status).isTrue();
      assertThat(recordingObserver.heard())
          .as("cut at byte %d", atByte)
          .containsExactly("m0", "m1", "m2");
      return;
    }
    assertThat(SessionEndedException.in(status.getCause()))
        .as("cut at byte %d: %s", atByte, status)
        .hasValueSatisfying(
            why -> {
              assertThat(why.end().kind()).isEqualTo(SessionEnd.SessionEndKind.LOST_UNKNOWN);
              assertThat(why.end().processedByPeer()).isZero();
            });
    assertThat(recordingObserver.heard()).isEmpty();
  }

  private void count(FlowEvent event) {
    if (event.kind() == FlowEvent.FlowEventKind.CUT) {
      cuts.incrementAndGet();
    }
  }
}
