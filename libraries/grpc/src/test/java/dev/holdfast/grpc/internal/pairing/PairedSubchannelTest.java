package dev.holdfast.grpc.internal.pairing;

import static io.grpc.ConnectivityState.CONNECTING;
import static io.grpc.ConnectivityState.IDLE;
import static io.grpc.ConnectivityState.READY;
import static io.grpc.ConnectivityState.SHUTDOWN;
import static io.grpc.ConnectivityState.TRANSIENT_FAILURE;
import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.grpc.FakeChannel.FakeSubchannel;
import dev.holdfast.grpc.FakeConnection;
import dev.holdfast.grpc.PairedSubchannelHarness;
import dev.holdfast.liveness.ReplacementState;
import io.grpc.EquivalentAddressGroup;
import java.net.ConnectException;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/** One endpoint, from its first connection to the end of a race. */
class PairedSubchannelTest {
  private final PairedSubchannelHarness stage = new PairedSubchannelHarness();

  @Test
  void aConnectionWithoutTroubleHasNoReplacement() {
    PairedSubchannel pair = stage.ready(PairedSubchannelHarness.A);
    stage.channel.time.advance(Duration.ofHours(1));
    assertThat(stage.channel.subchannels).hasSize(1);
    assertThat(stage.seen).containsExactly(CONNECTING, READY);
    assertThat(pair.state()).isEqualTo(PairedSubchannel.RaceState.SETTLED);
  }

  @Test
  void aSuspectConnectionIsShownAsConnectingWhileItsReplacementOpens() {
    PairedSubchannel pair = stage.ready(PairedSubchannelHarness.A);
    FakeConnection old = stage.connect(0);
    old.suspect();
    assertThat(stage.seen).containsExactly(CONNECTING, READY, CONNECTING);
    assertThat(stage.channel.subchannels).hasSize(2);
    assertThat(stage.channel.subchannels.get(1).connectionRequests).isEqualTo(1);
    assertThat(old.replacements).containsExactly(ReplacementState.CONNECTING);
    assertThat(pair.state()).isEqualTo(PairedSubchannel.RaceState.RACING);
    assertThat(pair.getInternalSubchannel()).isSameAs(stage.channel.subchannels.get(0));
  }

  @Test
  void theOldConnectionThatSpeaksFirstStaysAndItsReplacementIsDropped() {
    PairedSubchannel pair = stage.ready(PairedSubchannelHarness.A);
    FakeConnection old = stage.connect(0);
    old.suspect();
    old.speak();
    assertThat(stage.seen).containsExactly(CONNECTING, READY, CONNECTING, READY);
    assertThat(stage.channel.subchannels.get(0).shutdown).isFalse();
    assertThat(stage.channel.subchannels.get(1).shutdown).isTrue();
    assertThat(old.replacements)
        .containsExactly(ReplacementState.CONNECTING, ReplacementState.DROPPED);
    assertThat(stage.limit.open()).isZero();
    stage.channel.subchannels.get(1).become(READY);
    assertThat(pair.getInternalSubchannel()).isSameAs(stage.channel.subchannels.get(0));
    assertThat(stage.seen).as("a replacement that was dropped says nothing any more").hasSize(4);
    assertThat(stage.channel.time.pending()).as("nothing is left of the race").isZero();
  }

  @Test
  void theReplacementThatIsReadyFirstGetsNewCallsAndTheOldOneIsLeftToItsStreams() {
    PairedSubchannel pair = stage.ready(PairedSubchannelHarness.A);
    FakeConnection old = stage.connect(0);
    old.suspect();
    stage.become(1, CONNECTING, READY);
    assertThat(pair.getInternalSubchannel()).isSameAs(stage.channel.subchannels.get(1));
    assertThat(stage.channel.subchannels.get(0).shutdown)
        .as("graceful by grpc's contract")
        .isTrue();
    assertThat(stage.channel.subchannels.get(1).shutdown).isFalse();
    assertThat(stage.seen)
        .containsExactly(CONNECTING, READY, CONNECTING, READY)
        .doesNotContain(IDLE);
    assertThat(old.replacements)
        .containsExactly(ReplacementState.CONNECTING, ReplacementState.READY);
    old.speak();
    stage.channel.subchannels.get(0).become(SHUTDOWN);
    assertThat(stage.seen).as("the old one says nothing any more").hasSize(4);
    assertThat(stage.limit.open()).isZero();
    assertThat(stage.channel.time.pending()).isZero();
  }

  @Test
  void theWinnerOfARaceIsRacedLikeAnyOther() {
    PairedSubchannel pair = stage.ready(PairedSubchannelHarness.A);
    stage.connect(0).suspect();
    stage.become(1, CONNECTING, READY);
    stage.connect(1).suspect();
    stage.become(2, CONNECTING, READY);
    assertThat(pair.getInternalSubchannel()).isSameAs(stage.channel.subchannels.get(2));
    assertThat(stage.channel.subchannels.get(1).shutdown).isTrue();
  }

  @Test
  void aRefusedReplacementMakesTheEndpointFailAndIsTriedAgain() {
    stage.ready(PairedSubchannelHarness.A);
    FakeConnection old = stage.connect(0);
    old.suspect();
    stage.fail(
        1,
        new ConnectException(
            "finishConnect(..) failed: Connection refused: /" + PairedSubchannelHarness.A));
    assertThat(stage.seen).endsWith(READY, CONNECTING, TRANSIENT_FAILURE);
    assertThat(stage.errors.get(0).getDescription())
        .contains("HF-403")
        .contains(PairedSubchannelHarness.A)
        .endsWith(": connection refused");
    assertThat(old.replacements)
        .containsExactly(ReplacementState.CONNECTING, ReplacementState.REFUSED);
    assertThat(stage.channel.subchannels.get(0).shutdown).as("its streams go on").isFalse();
    stage.channel.time.advance(ReplacementAttempts.PAUSES.base());
    assertThat(stage.channel.subchannels).as("the next replacement").hasSize(3);
    stage.become(2, CONNECTING, READY);
    assertThat(stage.seen).endsWith(TRANSIENT_FAILURE, READY);
  }

  @Test
  void aRefusalIsTakenBackWhenTheOldConnectionSpeaks() {
    stage.ready(PairedSubchannelHarness.A);
    FakeConnection old = stage.connect(0);
    old.suspect();
    stage.fail(1, new ConnectException("Connection refused"));
    old.speak();
    assertThat(stage.seen).endsWith(TRANSIENT_FAILURE, READY);
    stage.channel.time.advance(Duration.ofMinutes(1));
    assertThat(stage.channel.subchannels).as("no further replacement").hasSize(2);
  }

  @Test
  void aPathThatIsDownIsHeldAndItsCallsWaitAsLongAsAConnectionAttemptMayTake() {
    stage.ready(PairedSubchannelHarness.A);
    FakeConnection old = stage.connect(0);
    old.suspect();
    stage.fail(
        1,
        new ConnectException("connection timed out after 20000 ms: /" + PairedSubchannelHarness.A));
    assertThat(stage.seen).endsWith(CONNECTING);
    assertThat(old.replacements)
        .containsExactly(ReplacementState.CONNECTING, ReplacementState.UNREACHABLE);
    assertThat(stage.channel.subchannels.get(0).shutdown).isFalse();
    stage.channel.time.advance(PairedSubchannel.SUSPECT_TIMEOUT);
    assertThat(stage.seen).endsWith(CONNECTING, TRANSIENT_FAILURE);
    old.speak();
    assertThat(stage.seen).endsWith(TRANSIENT_FAILURE, READY);
  }

  @Test
  void theOldConnectionThatEndsDuringTheRaceLeavesTheEndpointToItsReplacement() {
    PairedSubchannel pair = stage.ready(PairedSubchannelHarness.A);
    FakeConnection old = stage.connect(0);
    old.suspect();
    stage.channel.subchannels.get(1).become(CONNECTING);
    old.closed();
    stage.channel.subchannels.get(0).become(IDLE);
    assertThat(stage.seen).as("never IDLE, which would resolve anew").endsWith(READY, CONNECTING);
    assertThat(pair.getInternalSubchannel()).isSameAs(stage.channel.subchannels.get(1));
    stage.channel.subchannels.get(1).become(TRANSIENT_FAILURE);
    assertThat(stage.seen).as("an endpoint like any other now").endsWith(TRANSIENT_FAILURE);
    assertThat(stage.limit.open()).isZero();
    assertThat(stage.channel.time.pending()).isZero();
  }

  @Test
  void theOldConnectionThatEndsWithoutAReplacementIsAnEndLikeAnyOther() {
    stage.ready(PairedSubchannelHarness.A);
    FakeConnection old = stage.connect(0);
    old.suspect();
    stage.fail(1, new ConnectException("no route"));
    old.closed();
    stage.channel.subchannels.get(0).become(IDLE);
    assertThat(stage.seen).endsWith(CONNECTING, IDLE);
    stage.channel.time.advance(Duration.ofMinutes(1));
    assertThat(stage.channel.subchannels).as("no replacement of nothing").hasSize(2);
  }

  @Test
  void aReplacementIsPinnedToTheMachineOfTheConnectionAndGetsTheWholeListWhenItWins() {
    List<EquivalentAddressGroup> list =
        PairedSubchannelHarness.groups(PairedSubchannelHarness.A, PairedSubchannelHarness.B);
    PairedSubchannel pair = stage.create(list);
    stage.become(0, CONNECTING, READY);
    stage.connect(0, PairedSubchannelHarness.address(PairedSubchannelHarness.B)).suspect();
    FakeSubchannel replacement = stage.channel.subchannels.get(1);
    assertThat(PairedSubchannelHarness.addressesOf(replacement))
        .containsExactly(PairedSubchannelHarness.address(PairedSubchannelHarness.B));
    stage.become(1, CONNECTING, READY);
    assertThat(PairedSubchannelHarness.addressesOf(replacement))
        .containsExactly(
            PairedSubchannelHarness.address(PairedSubchannelHarness.A),
            PairedSubchannelHarness.address(PairedSubchannelHarness.B));
    assertThat(pair.getAllAddresses()).isEqualTo(list);
  }

  @Test
  void newAddressesReachBothWithTheirMarks() {
    PairedSubchannel pair =
        stage.create(
            PairedSubchannelHarness.groups(PairedSubchannelHarness.A, PairedSubchannelHarness.B));
    stage.become(0, CONNECTING, READY);
    stage.connect(0, PairedSubchannelHarness.address(PairedSubchannelHarness.B)).suspect();
    List<EquivalentAddressGroup> next =
        PairedSubchannelHarness.groups(PairedSubchannelHarness.B, "10.0.0.9:1");
    pair.updateAddresses(next);
    assertThat(PairedSubchannelHarness.addressesOf(stage.channel.subchannels.get(0)))
        .hasSize(2)
        .startsWith(PairedSubchannelHarness.address(PairedSubchannelHarness.B));
    assertThat(PairedSubchannelHarness.addressesOf(stage.channel.subchannels.get(1)))
        .containsExactly(PairedSubchannelHarness.address(PairedSubchannelHarness.B));
    PairMember first = PairedSubchannelHarness.memberOf(stage.channel.subchannels.get(0));
    PairMember second = PairedSubchannelHarness.memberOf(stage.channel.subchannels.get(1));
    assertThat(first).isNotNull().isNotSameAs(second);
    assertThat(second).isNotNull();
    assertThat(pair.getAllAddresses()).isEqualTo(next);
  }

  @Test
  void aReplacementWhoseMachineLeftTheListTriesTheOthers() {
    PairedSubchannel pair =
        stage.create(
            PairedSubchannelHarness.groups(PairedSubchannelHarness.A, PairedSubchannelHarness.B));
    stage.become(0, CONNECTING, READY);
    stage.connect(0, PairedSubchannelHarness.address(PairedSubchannelHarness.B)).suspect();
    pair.updateAddresses(PairedSubchannelHarness.groups(PairedSubchannelHarness.A));
    assertThat(PairedSubchannelHarness.addressesOf(stage.channel.subchannels.get(1)))
        .containsExactly(PairedSubchannelHarness.address(PairedSubchannelHarness.A));
    int requests = stage.channel.subchannels.get(1).connectionRequests;
    stage.channel.subchannels.get(1).become(IDLE);
    assertThat(stage.channel.subchannels.get(1).connectionRequests).isEqualTo(requests + 1);
  }

  @Test
  void shutdownReachesBothAndEndsTheRace() {
    PairedSubchannel pair = stage.ready(PairedSubchannelHarness.A);
    FakeConnection old = stage.connect(0);
    old.suspect();
    pair.shutdown();
    assertThat(stage.channel.subchannels).hasSize(2).allMatch(s -> s.shutdown);
    assertThat(stage.limit.open()).isZero();
    old.suspect();
    stage.channel.time.advance(Duration.ofMinutes(5));
    assertThat(stage.channel.subchannels).hasSize(2);
    stage.channel.subchannels.get(0).become(SHUTDOWN);
    assertThat(stage.seen).as("health checks wait for it to forget").endsWith(SHUTDOWN);
    pair.shutdown();
  }

  @Test
  void aRequestToConnectGoesToTheOneInUse() {
    PairedSubchannel pair = stage.ready(PairedSubchannelHarness.A);
    stage.connect(0).suspect();
    stage.become(1, CONNECTING, READY);
    int old = stage.channel.subchannels.get(0).connectionRequests;
    int replacement = stage.channel.subchannels.get(1).connectionRequests;
    pair.requestConnection();
    assertThat(stage.channel.subchannels.get(0).connectionRequests).isEqualTo(old);
    assertThat(stage.channel.subchannels.get(1).connectionRequests).isEqualTo(replacement + 1);
  }

  @Test
  void whatIsConnectedIsAskedOfTheOneInUse() {
    PairedSubchannel pair = stage.ready(PairedSubchannelHarness.A);
    stage.connect(0).suspect();
    stage.become(1, CONNECTING, READY);
    assertThat(pair.getConnectedAddressAttributes().get(PairMember.KEY))
        .isSameAs(PairedSubchannelHarness.memberOf(stage.channel.subchannels.get(1)));
    assertThat(pair.getAttributes().get(LivenessCheck.PAIR)).isSameAs(pair);
  }

  @Test
  void aLaterConnectionMakesTheEarlierOneMute() {
    stage.ready(PairedSubchannelHarness.A);
    FakeConnection earlier = stage.connect(0);
    stage.channel.subchannels.get(0).become(IDLE);
    stage.become(0, CONNECTING, READY);
    FakeConnection later = stage.connect(0);
    earlier.suspect();
    earlier.closed();
    assertThat(stage.channel.subchannels).hasSize(1);
    later.suspect();
    assertThat(stage.channel.subchannels).hasSize(2);
  }

  @Test
  void aSuspicionBeforeTheEndpointIsReadyChangesNothing() {
    stage.create(PairedSubchannelHarness.groups(PairedSubchannelHarness.A));
    stage.channel.subchannels.get(0).become(CONNECTING);
    stage.connect(0).suspect();
    assertThat(stage.channel.subchannels).hasSize(1);
    assertThat(stage.seen).containsExactly(CONNECTING);
  }

  @Test
  void outcomesAreCounted() {
    stage.ready(PairedSubchannelHarness.A);
    FakeConnection old = stage.connect(0);
    old.suspect();
    old.speak();
    old.suspect();
    stage.become(2, CONNECTING, READY);
    assertThat(stage.races("not_needed")).isEqualTo(1);
    assertThat(stage.races("took_over")).isEqualTo(1);
  }
}
