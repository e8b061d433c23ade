package dev.holdfast.streams.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.holdfast.core.local.FreePort;
import dev.holdfast.lab.process.RecordedJvm;
import dev.holdfast.streams.SessionOptions;
import dev.holdfast.streams.grpc.CursorInstanceProgram.Way;
import io.grpc.ClientInterceptor;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * A stream that is handed over by one process to another, which is killed half-way while a third
 * one is there.
 */
class HandoverTargetDiesTest {
  private static final Duration LONG = Duration.ofMinutes(2);
  private static final Duration SHORT = Duration.ofSeconds(3);

  private final CursorFleet fleet = new CursorFleet();
  private int first;
  private int target;
  private int third;

  @BeforeEach
  void choosePorts() throws Exception {
    first = FreePort.find();
    target = FreePort.find();
    third = FreePort.find();
  }

  @AfterEach
  void close() throws Exception {
    fleet.close();
  }

  @Test
  void targetThatIsKilledBeforeItsWelcomeIsSeenByNoApplication() throws Exception {
    RecordedJvm old = instance(first, LONG, Way.SENDS);
    RecordingObserver feed = open(LONG);
    CursorFleet.awaitMore(feed);
    RecordedJvm dying = instance(target, LONG, Way.WELCOMES_NOBODY);
    old.tell("drain");
    dying.await("ARRIVED");
    RecordedJvm next = instance(third, LONG, Way.SENDS);

    dying.kill();

    await()
        .atMost(CursorFleet.PATIENCE)
        .until(() -> next.countOf("HANDLER") > 0 || feed.ends() > 0);
    CursorFleet.awaitMore(feed);
    assertThat(feed.ends()).isZero();
    CursorFeed.assertWhole(feed);
    assertThat(next.await("HANDLER")).isNotEqualTo("feed 0");
    assertThat(fleet.events).doesNotContain("MOVED");
  }

  /** The client can't know whether the handler ran: as with any other instance that is killed. */
  @Test
  void targetThatIsKilledBehindItsWelcomeEndsTheStreamWithOneStatusWhenItsTtlIsOver()
      throws Exception {
    HandoverWelcomes welcomes = fleet.topology.closing(new HandoverWelcomes());
    RecordedJvm old = instance(first, SHORT, Way.SENDS);
    RecordingObserver feed = open(SHORT, welcomes);
    CursorFleet.awaitMore(feed);
    RecordedJvm dying = instance(target, SHORT, Way.SENDS);
    old.tell("drain");
    welcomes.awaitFirst();
    RecordedJvm next = instance(third, SHORT, Way.SENDS);
    dying.kill();
    welcomes.release();

    assertThat(feed.awaitEnd().getCode()).isEqualTo(Status.Code.UNAVAILABLE);
    CursorFeed.assertWhole(feed);
    assertThat(feed.ends()).isOne();
    assertThat(fleet.events)
        .containsSubsequence("WAITING", "LOST_UNREACHABLE")
        .doesNotContain("MOVED");
    assertThat(dying.countOf("HANDLER")).isZero();
    assertThat(next.countOf("HANDLER")).isZero();
  }

  @Test
  void targetThatIsKilledBehindTheBeginOfItsHandlerEndsTheStreamWhenItHasStartedAgain()
      throws Exception {
    RecordedJvm old = instance(first, LONG, Way.SENDS);
    RecordingObserver feed = open(LONG);
    CursorFleet.awaitMore(feed);
    RecordedJvm dying = instance(target, LONG, Way.IS_SILENT);
    old.tell("drain");
    dying.await("HANDLER");
    RecordedJvm next = instance(third, LONG, Way.SENDS);
    long waits = waits();
    dying.kill();

    await().atMost(CursorFleet.PATIENCE).until(() -> waits() > waits);
    assertThat(feed.ends()).isZero();
    RecordedJvm again = instance(target, LONG, Way.SENDS);

    assertThat(feed.awaitEnd().getCode()).isEqualTo(Status.Code.UNAVAILABLE);
    CursorFeed.assertWhole(feed);
    assertThat(feed.ends()).isOne();
    assertThat(fleet.events).containsSubsequence("WAITING", "LOST_UNKNOWN").doesNotContain("MOVED");
    assertThat(next.countOf("HANDLER") + again.countOf("HANDLER")).isZero();
  }

  private long waits() {
    return fleet.events.stream().filter("WAITING"::equals).count();
  }

  private RecordedJvm instance(int port, Duration ttl, Way way) throws Exception {
    RecordedJvm process =
        RecordedJvm.start(
            CursorInstanceProgram.class,
            String.valueOf(port),
            String.valueOf(ttl.toMillis()),
            way.name());
    fleet.topology.closing(process);
    process.await("READY");
    return process;
  }

  private RecordingObserver open(Duration ttl, ClientInterceptor... below) {
    SessionOptions.Timing timing = StreamTopology.QUICK.timing().withTtl(ttl);
    ManagedChannel channel =
        fleet.channelTo(
            List.of(first, target, third),
            fleet
                .topology
                .clientStreams()
                .options(
                    StreamTopology.QUICK.withTiming(timing.withHandshake(Duration.ofSeconds(10)))),
            below);
    return CursorFeed.open(channel, "feed");
  }
}
