package dev.holdfast.grpc;

import static io.grpc.ConnectivityState.CONNECTING;
import static io.grpc.ConnectivityState.IDLE;
import static io.grpc.ConnectivityState.READY;
import static io.grpc.ConnectivityState.SHUTDOWN;
import static io.grpc.ConnectivityState.TRANSIENT_FAILURE;
import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.grpc.FakeChannel.FakeSubchannel;
import dev.holdfast.liveness.TwinState;
import io.grpc.EquivalentAddressGroup;
import java.net.ConnectException;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/** One endpoint, from its first connection to the end of a race. */
class EndpointPairTest {
  private final PairStage stage = new PairStage();

  @Test
  void aConnectionWithoutTroubleHasNoTwin() {
    EndpointPair pair = stage.ready(PairStage.A);
    stage.channel.time.advance(Duration.ofHours(1));
    assertThat(stage.channel.subchannels).hasSize(1);
    assertThat(stage.seen).containsExactly(CONNECTING, READY);
    assertThat(pair.state()).isEqualTo(EndpointPair.State.SETTLED);
  }

  @Test
  void aSuspectConnectionIsShownAsConnectingWhileItsTwinOpens() {
    EndpointPair pair = stage.ready(PairStage.A);
    FakeConnection old = stage.connect(0);
    old.suspect();
    assertThat(stage.seen).containsExactly(CONNECTING, READY, CONNECTING);
    assertThat(stage.channel.subchannels).hasSize(2);
    assertThat(stage.channel.subchannels.get(1).connectionRequests).isEqualTo(1);
    assertThat(old.twins).containsExactly(TwinState.CONNECTING);
    assertThat(pair.state()).isEqualTo(EndpointPair.State.RACING);
    assertThat(pair.getInternalSubchannel()).isSameAs(stage.channel.subchannels.get(0));
  }

  @Test
  void theOldConnectionThatSpeaksFirstStaysAndItsTwinIsDropped() {
    EndpointPair pair = stage.ready(PairStage.A);
    FakeConnection old = stage.connect(0);
    old.suspect();
    old.speak();
    assertThat(stage.seen).containsExactly(CONNECTING, READY, CONNECTING, READY);
    assertThat(stage.channel.subchannels.get(0).shutdown).isFalse();
    assertThat(stage.channel.subchannels.get(1).shutdown).isTrue();
    assertThat(old.twins).containsExactly(TwinState.CONNECTING, TwinState.DROPPED);
    assertThat(stage.limit.open()).isZero();
    stage.channel.subchannels.get(1).become(READY);
    assertThat(pair.getInternalSubchannel()).isSameAs(stage.channel.subchannels.get(0));
    assertThat(stage.seen).as("a twin that was dropped says nothing any more").hasSize(4);
    assertThat(stage.channel.time.pending()).as("nothing is left of the race").isZero();
  }

  @Test
  void theTwinThatIsReadyFirstGetsNewCallsAndTheOldOneIsLeftToItsStreams() {
    EndpointPair pair = stage.ready(PairStage.A);
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
    assertThat(old.twins).containsExactly(TwinState.CONNECTING, TwinState.READY);
    old.speak();
    stage.channel.subchannels.get(0).become(SHUTDOWN);
    assertThat(stage.seen).as("the old one says nothing any more").hasSize(4);
    assertThat(stage.limit.open()).isZero();
    assertThat(stage.channel.time.pending()).isZero();
  }

  @Test
  void theWinnerOfARaceIsRacedLikeAnyOther() {
    EndpointPair pair = stage.ready(PairStage.A);
    stage.connect(0).suspect();
    stage.become(1, CONNECTING, READY);
    stage.connect(1).suspect();
    stage.become(2, CONNECTING, READY);
    assertThat(pair.getInternalSubchannel()).isSameAs(stage.channel.subchannels.get(2));
    assertThat(stage.channel.subchannels.get(1).shutdown).isTrue();
  }

  @Test
  void aRefusedTwinMakesTheEndpointFailAndIsTriedAgain() {
    stage.ready(PairStage.A);
    FakeConnection old = stage.connect(0);
    old.suspect();
    stage.fail(
        1, new ConnectException("finishConnect(..) failed: Connection refused: /" + PairStage.A));
    assertThat(stage.seen).endsWith(READY, CONNECTING, TRANSIENT_FAILURE);
    assertThat(stage.errors.get(0).getDescription()).contains("HF-403").contains(PairStage.A);
    assertThat(old.twins).containsExactly(TwinState.CONNECTING, TwinState.REFUSED);
    assertThat(stage.channel.subchannels.get(0).shutdown).as("its streams go on").isFalse();
    stage.channel.time.advance(TwinTurns.PAUSES.base());
    assertThat(stage.channel.subchannels).as("the next twin").hasSize(3);
    stage.become(2, CONNECTING, READY);
    assertThat(stage.seen).endsWith(TRANSIENT_FAILURE, READY);
  }

  @Test
  void aRefusalIsTakenBackWhenTheOldConnectionSpeaks() {
    stage.ready(PairStage.A);
    FakeConnection old = stage.connect(0);
    old.suspect();
    stage.fail(1, new ConnectException("Connection refused"));
    old.speak();
    assertThat(stage.seen).endsWith(TRANSIENT_FAILURE, READY);
    stage.channel.time.advance(Duration.ofMinutes(1));
    assertThat(stage.channel.subchannels).as("no further twin").hasSize(2);
  }

  @Test
  void aPathThatIsDownIsHeldAndItsCallsWaitAsLongAsAConnectionAttemptMayTake() {
    stage.ready(PairStage.A);
    FakeConnection old = stage.connect(0);
    old.suspect();
    stage.fail(1, new ConnectException("connection timed out after 20000 ms: /" + PairStage.A));
    assertThat(stage.seen).endsWith(CONNECTING);
    assertThat(old.twins).containsExactly(TwinState.CONNECTING, TwinState.UNREACHABLE);
    assertThat(stage.channel.subchannels.get(0).shutdown).isFalse();
    stage.channel.time.advance(EndpointPair.PATIENCE);
    assertThat(stage.seen).endsWith(CONNECTING, TRANSIENT_FAILURE);
    old.speak();
    assertThat(stage.seen).endsWith(TRANSIENT_FAILURE, READY);
  }

  @Test
  void theOldConnectionThatEndsDuringTheRaceLeavesTheEndpointToItsTwin() {
    EndpointPair pair = stage.ready(PairStage.A);
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
  void theOldConnectionThatEndsWithoutATwinIsAnEndLikeAnyOther() {
    stage.ready(PairStage.A);
    FakeConnection old = stage.connect(0);
    old.suspect();
    stage.fail(1, new ConnectException("no route"));
    old.closed();
    stage.channel.subchannels.get(0).become(IDLE);
    assertThat(stage.seen).endsWith(CONNECTING, IDLE);
    stage.channel.time.advance(Duration.ofMinutes(1));
    assertThat(stage.channel.subchannels).as("no twin of nothing").hasSize(2);
  }

  @Test
  void aTwinIsPinnedToTheMachineOfTheConnectionAndGetsTheWholeListWhenItWins() {
    List<EquivalentAddressGroup> list = PairStage.groups(PairStage.A, PairStage.B);
    EndpointPair pair = stage.create(list);
    stage.become(0, CONNECTING, READY);
    stage.connect(0, PairStage.address(PairStage.B)).suspect();
    FakeSubchannel twin = stage.channel.subchannels.get(1);
    assertThat(PairStage.addressesOf(twin)).containsExactly(PairStage.address(PairStage.B));
    stage.become(1, CONNECTING, READY);
    assertThat(PairStage.addressesOf(twin))
        .containsExactly(PairStage.address(PairStage.A), PairStage.address(PairStage.B));
    assertThat(pair.getAllAddresses()).isEqualTo(list);
  }

  @Test
  void newAddressesReachBothWithTheirMarks() {
    EndpointPair pair = stage.create(PairStage.groups(PairStage.A, PairStage.B));
    stage.become(0, CONNECTING, READY);
    stage.connect(0, PairStage.address(PairStage.B)).suspect();
    List<EquivalentAddressGroup> next = PairStage.groups(PairStage.B, "10.0.0.9:1");
    pair.updateAddresses(next);
    assertThat(PairStage.addressesOf(stage.channel.subchannels.get(0)))
        .hasSize(2)
        .startsWith(PairStage.address(PairStage.B));
    assertThat(PairStage.addressesOf(stage.channel.subchannels.get(1)))
        .containsExactly(PairStage.address(PairStage.B));
    Leg first = PairStage.legOf(stage.channel.subchannels.get(0));
    Leg second = PairStage.legOf(stage.channel.subchannels.get(1));
    assertThat(first).isNotNull().isNotSameAs(second);
    assertThat(second).isNotNull();
    assertThat(pair.getAllAddresses()).isEqualTo(next);
  }

  @Test
  void aTwinWhoseMachineLeftTheListTriesTheOthers() {
    EndpointPair pair = stage.create(PairStage.groups(PairStage.A, PairStage.B));
    stage.become(0, CONNECTING, READY);
    stage.connect(0, PairStage.address(PairStage.B)).suspect();
    pair.updateAddresses(PairStage.groups(PairStage.A));
    assertThat(PairStage.addressesOf(stage.channel.subchannels.get(1)))
        .containsExactly(PairStage.address(PairStage.A));
    int requests = stage.channel.subchannels.get(1).connectionRequests;
    stage.channel.subchannels.get(1).become(IDLE);
    assertThat(stage.channel.subchannels.get(1).connectionRequests).isEqualTo(requests + 1);
  }

  @Test
  void shutdownReachesBothAndEndsTheRace() {
    EndpointPair pair = stage.ready(PairStage.A);
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
    EndpointPair pair = stage.ready(PairStage.A);
    stage.connect(0).suspect();
    stage.become(1, CONNECTING, READY);
    int old = stage.channel.subchannels.get(0).connectionRequests;
    int twin = stage.channel.subchannels.get(1).connectionRequests;
    pair.requestConnection();
    assertThat(stage.channel.subchannels.get(0).connectionRequests).isEqualTo(old);
    assertThat(stage.channel.subchannels.get(1).connectionRequests).isEqualTo(twin + 1);
  }

  @Test
  void whatIsConnectedIsAskedOfTheOneInUse() {
    EndpointPair pair = stage.ready(PairStage.A);
    stage.connect(0).suspect();
    stage.become(1, CONNECTING, READY);
    assertThat(pair.getConnectedAddressAttributes().get(Leg.KEY))
        .isSameAs(PairStage.legOf(stage.channel.subchannels.get(1)));
    assertThat(pair.getAttributes().get(Verification.PAIR)).isSameAs(pair);
  }

  @Test
  void aLaterConnectionMakesTheEarlierOneMute() {
    stage.ready(PairStage.A);
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
    stage.create(PairStage.groups(PairStage.A));
    stage.channel.subchannels.get(0).become(CONNECTING);
    stage.connect(0).suspect();
    assertThat(stage.channel.subchannels).hasSize(1);
    assertThat(stage.seen).containsExactly(CONNECTING);
  }

  @Test
  void outcomesAreCounted() {
    stage.ready(PairStage.A);
    FakeConnection old = stage.connect(0);
    old.suspect();
    old.speak();
    old.suspect();
    stage.become(2, CONNECTING, READY);
    assertThat(stage.races("not_needed")).isEqualTo(1);
    assertThat(stage.races("took_over")).isEqualTo(1);
  }
}
