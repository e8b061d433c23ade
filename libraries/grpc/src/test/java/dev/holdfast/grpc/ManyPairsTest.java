package dev.holdfast.grpc;

import static io.grpc.ConnectivityState.CONNECTING;
import static io.grpc.ConnectivityState.READY;
import static io.grpc.ConnectivityState.SHUTDOWN;
import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.grpc.FakeChannel.FakeSubchannel;
import dev.holdfast.grpc.internal.pairing.PairedSubchannel;
import dev.holdfast.grpc.internal.pairing.ReplacementAttempts;
import dev.holdfast.liveness.ReplacementState;
import java.net.ConnectException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Many endpoints that turn suspect at once, and replacements that fail: who may connect when. */
class ManyPairsTest {
  private final PairedSubchannelHarness stage = new PairedSubchannelHarness();

  @Test
  void onlyAFewReplacementsOpenAtOnceAndTheOthersFollow() {
    int endpoints = 100;
    List<PairedSubchannel> pairs = new ArrayList<>();
    for (int i = 0; i < endpoints; i++) {
      pairs.add(stage.ready("10.0.1." + i + ":1"));
    }
    List<FakeConnection> connections =
        IntStream.range(0, endpoints).mapToObj(stage::connect).toList();
    connections.forEach(FakeConnection::suspect);
    assertThat(stage.limit.open()).isEqualTo(2);
    assertThat(stage.limit.waiting()).isEqualTo(endpoints - 2);
    assertThat(stage.channel.subchannels).hasSize(endpoints + 2);
    connections.get(50).speak();
    assertThat(stage.limit.waiting()).as("one that spoke waits no more").isEqualTo(endpoints - 3);
    stage.become(endpoints, CONNECTING, READY);
    assertThat(stage.channel.subchannels).hasSize(endpoints + 3);
    connections.get(1).speak();
    assertThat(stage.limit.open()).isEqualTo(2);
    pairs.forEach(PairedSubchannel::shutdown);
    assertThat(stage.limit.open() + stage.limit.waiting()).isZero();
  }

  @Test
  void aReplacementThatWonAndNeverSpokeIsFollowedByTheNextOnlyAfterAPause() {
    stage.ready(PairedSubchannelHarness.A);
    stage.connect(0).suspect();
    stage.become(1, CONNECTING, READY);
    FakeConnection mute =
        new FakeConnection(
            PairedSubchannelHarness.address(PairedSubchannelHarness.A),
            PairedSubchannelHarness.memberOf(stage.channel.subchannels.get(1)).observe());
    mute.readyAndMute();
    mute.suspect();
    assertThat(stage.seen).endsWith(READY, CONNECTING);
    assertThat(stage.channel.subchannels).hasSize(2);
    stage.channel.time.advance(ReplacementAttempts.PAUSES.base());
    assertThat(stage.channel.subchannels).hasSize(3);
  }

  @Test
  void aConnectionLostAloneDoesNotWaitForARackThatIsAway() {
    int rack = 20;
    for (int i = 0; i < rack; i++) {
      stage.ready("10.0.1." + i + ":1");
      stage.connect(i).suspect();
    }
    int next = rack;
    while (next < stage.channel.subchannels.size()) {
      stage.fail(next++, new ConnectException("no answer"));
    }
    stage.channel.time.advance(ReplacementAttempts.PAUSES.base());
    assertThat(stage.limit.waiting()).as("the next replacements of the rack").isPositive();
    stage.ready(PairedSubchannelHarness.A);
    stage.connect(stage.channel.subchannels.size() - 1).suspect();
    stage.fail(next, new ConnectException("no answer"));
    FakeSubchannel newest = stage.channel.subchannels.get(stage.channel.subchannels.size() - 1);
    assertThat(PairedSubchannelHarness.addressesOf(newest))
        .containsExactly(PairedSubchannelHarness.address(PairedSubchannelHarness.A));
  }

  @Test
  void aNetworkThatIsAwayForTenMinutesCostsFewAttemptsAndAllAreBackSoonAfter() {
    int endpoints = 500;
    for (int i = 0; i < endpoints; i++) {
      stage.ready("10.0." + i / 100 + "." + (1 + i % 100) + ":1");
    }
    IntStream.range(0, endpoints)
        .mapToObj(stage::connect)
        .toList()
        .forEach(FakeConnection::suspect);
    int failed = endpoints;
    for (int seconds = 0; seconds < 600; seconds += 20) {
      assertThat(stage.limit.open()).isLessThanOrEqualTo(2);
      stage.channel.time.advance(Duration.ofSeconds(20));
      for (int open = stage.channel.subchannels.size(); failed < open; failed++) {
        stage.fail(failed, new ConnectException("no answer within 20 s"));
      }
    }
    assertThat(failed - endpoints).as("two at a time, 20 s each").isLessThanOrEqualTo(62);
    stage.seen.clear();
    for (int seconds = 0; seconds < 20; seconds++) {
      for (int i = failed; i < stage.channel.subchannels.size(); i++) {
        stage.become(i, CONNECTING, READY);
        failed++;
      }
      stage.channel.time.advance(Duration.ofSeconds(1));
    }
    assertThat(stage.seen).hasSize(endpoints).containsOnly(READY);
  }

  @Test
  void aSuspectWhoseReplacementWaitsForItsTurnIsHeldLikeOneThatHasIt() {
    int endpoints = 5;
    for (int i = 0; i < endpoints; i++) {
      stage.ready("10.0.1." + i + ":1");
    }
    List<FakeConnection> suspects = IntStream.range(0, endpoints).mapToObj(stage::connect).toList();
    suspects.forEach(FakeConnection::suspect);
    assertThat(stage.limit.waiting()).isEqualTo(endpoints - 2);
    assertThat(suspects)
        .allSatisfy(
            suspect ->
                assertThat(suspect.replacements).containsExactly(ReplacementState.CONNECTING));
  }

  /** grpc connects a subchannel again for some seconds after it was told to shut it down. */
  @Test
  void aReplacementThatFailedKeepsItsPlaceUntilItConnectsNoMore() {
    for (int i = 0; i < 3; i++) {
      stage.ready("10.0.1." + i + ":1");
    }
    IntStream.range(0, 3).mapToObj(stage::connect).toList().forEach(FakeConnection::suspect);
    stage.failAndLinger(3, new ConnectException("no answer"));
    assertThat(stage.channel.subchannels.get(3).shutdown).isTrue();
    assertThat(stage.limit.open()).isEqualTo(2);
    assertThat(stage.limit.waiting()).isEqualTo(1);
    stage.become(3, SHUTDOWN);
    assertThat(stage.limit.waiting()).isZero();
    assertThat(stage.channel.subchannels).hasSize(6);
  }

  @Test
  void aReplacementThatWasRefusedMakesRoomAtOnce() {
    for (int i = 0; i < 3; i++) {
      stage.ready("10.0.1." + i + ":1");
    }
    IntStream.range(0, 3).mapToObj(stage::connect).toList().forEach(FakeConnection::suspect);
    stage.failAndLinger(3, new ConnectException("Connection refused"));
    assertThat(stage.limit.waiting()).isZero();
  }
}
