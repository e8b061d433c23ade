package dev.holdfast.grpc;

import static io.grpc.ConnectivityState.CONNECTING;
import static io.grpc.ConnectivityState.IDLE;
import static io.grpc.ConnectivityState.READY;
import static io.grpc.ConnectivityState.SHUTDOWN;
import static io.grpc.ConnectivityState.TRANSIENT_FAILURE;
import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.core.Endpoint;
import dev.holdfast.core.HostPort;
import dev.holdfast.grpc.FakeChannel.FakeSubchannel;
import dev.holdfast.liveness.TwinState;
import io.grpc.Attributes;
import io.grpc.ConnectivityState;
import io.grpc.ConnectivityStateInfo;
import io.grpc.EquivalentAddressGroup;
import io.grpc.LoadBalancer.CreateSubchannelArgs;
import io.grpc.Status;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.net.ConnectException;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class EndpointPairTest {
  private static final String A = "10.0.0.1:1";
  private static final String B = "10.0.0.2:1";

  private final FakeChannel channel = new FakeChannel();
  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  private final TwinLimit limit = new TwinLimit(2);
  private final ChannelPairing pairing =
      new ChannelPairing(
          "words", meters, limit, () -> channel.time.clock().nanoTime(), new Random(1));
  private final Verification verification = new Verification(channel, pairing.nanoClock());
  private final List<ConnectivityState> seen = new ArrayList<>();
  private final List<Status> errors = new ArrayList<>();

  @Test
  void aConnectionWithoutTroubleHasNoTwin() {
    EndpointPair pair = ready(A);
    channel.time.advance(Duration.ofHours(1));
    assertThat(channel.subchannels).hasSize(1);
    assertThat(seen).containsExactly(CONNECTING, READY);
    assertThat(pair.state()).isEqualTo(EndpointPair.State.SETTLED);
  }

  @Test
  void aSuspectConnectionIsShownAsConnectingWhileItsTwinOpens() {
    EndpointPair pair = ready(A);
    FakeConnection old = connect(0);
    old.suspect();
    assertThat(seen).containsExactly(CONNECTING, READY, CONNECTING);
    assertThat(channel.subchannels).hasSize(2);
    assertThat(channel.subchannels.get(1).connectionRequests).isEqualTo(1);
    assertThat(old.twins).containsExactly(TwinState.CONNECTING);
    assertThat(pair.state()).isEqualTo(EndpointPair.State.RACING);
    assertThat(pair.getInternalSubchannel()).isSameAs(channel.subchannels.get(0));
  }

  @Test
  void theOldConnectionThatSpeaksFirstStaysAndItsTwinIsDropped() {
    EndpointPair pair = ready(A);
    FakeConnection old = connect(0);
    old.suspect();
    old.speak();
    assertThat(seen).containsExactly(CONNECTING, READY, CONNECTING, READY);
    assertThat(channel.subchannels.get(0).shutdown).isFalse();
    assertThat(channel.subchannels.get(1).shutdown).isTrue();
    assertThat(old.twins).containsExactly(TwinState.CONNECTING, TwinState.DROPPED);
    assertThat(limit.open()).isZero();
    channel.subchannels.get(1).become(READY);
    assertThat(pair.getInternalSubchannel()).isSameAs(channel.subchannels.get(0));
    assertThat(seen).as("a twin that was dropped says nothing any more").hasSize(4);
    assertThat(channel.time.pending()).as("nothing is left of the race").isZero();
  }

  @Test
  void theTwinThatIsReadyFirstGetsNewCallsAndTheOldOneIsLeftToItsStreams() {
    EndpointPair pair = ready(A);
    FakeConnection old = connect(0);
    old.suspect();
    become(1, CONNECTING, READY);
    assertThat(pair.getInternalSubchannel()).isSameAs(channel.subchannels.get(1));
    assertThat(channel.subchannels.get(0).shutdown).as("graceful by grpc's contract").isTrue();
    assertThat(channel.subchannels.get(1).shutdown).isFalse();
    assertThat(seen).containsExactly(CONNECTING, READY, CONNECTING, READY).doesNotContain(IDLE);
    assertThat(old.twins).containsExactly(TwinState.CONNECTING, TwinState.READY);
    old.speak();
    channel.subchannels.get(0).become(SHUTDOWN);
    assertThat(seen).as("the old one says nothing any more").hasSize(4);
    assertThat(limit.open()).isZero();
    assertThat(channel.time.pending()).isZero();
  }

  @Test
  void theWinnerOfARaceIsRacedLikeAnyOther() {
    EndpointPair pair = ready(A);
    connect(0).suspect();
    become(1, CONNECTING, READY);
    connect(1).suspect();
    become(2, CONNECTING, READY);
    assertThat(pair.getInternalSubchannel()).isSameAs(channel.subchannels.get(2));
    assertThat(channel.subchannels.get(1).shutdown).isTrue();
  }

  @Test
  void aRefusedTwinMakesTheEndpointFailAndIsTriedAgain() {
    ready(A);
    FakeConnection old = connect(0);
    old.suspect();
    fail(1, new ConnectException("finishConnect(..) failed: Connection refused: /" + A));
    assertThat(seen).endsWith(READY, CONNECTING, TRANSIENT_FAILURE);
    assertThat(errors.get(0).getDescription()).contains("HF-403").contains(A);
    assertThat(old.twins).containsExactly(TwinState.CONNECTING, TwinState.REFUSED);
    assertThat(channel.subchannels.get(0).shutdown).as("its streams go on").isFalse();
    channel.time.advance(TwinTurns.PAUSES.base());
    assertThat(channel.subchannels).as("the next twin").hasSize(3);
    become(2, CONNECTING, READY);
    assertThat(seen).endsWith(TRANSIENT_FAILURE, READY);
  }

  @Test
  void aRefusalIsTakenBackWhenTheOldConnectionSpeaks() {
    ready(A);
    FakeConnection old = connect(0);
    old.suspect();
    fail(1, new ConnectException("Connection refused"));
    old.speak();
    assertThat(seen).endsWith(TRANSIENT_FAILURE, READY);
    channel.time.advance(Duration.ofMinutes(1));
    assertThat(channel.subchannels).as("no further twin").hasSize(2);
  }

  @Test
  void aPathThatIsDownIsHeldAndItsCallsWaitAsLongAsAConnectionAttemptMayTake() {
    ready(A);
    FakeConnection old = connect(0);
    old.suspect();
    fail(1, new ConnectException("connection timed out after 20000 ms: /" + A));
    assertThat(seen).endsWith(CONNECTING);
    assertThat(old.twins).containsExactly(TwinState.CONNECTING, TwinState.UNREACHABLE);
    assertThat(channel.subchannels.get(0).shutdown).isFalse();
    channel.time.advance(EndpointPair.PATIENCE);
    assertThat(seen).endsWith(CONNECTING, TRANSIENT_FAILURE);
    old.speak();
    assertThat(seen).endsWith(TRANSIENT_FAILURE, READY);
  }

  @Test
  void theOldConnectionThatEndsDuringTheRaceLeavesTheEndpointToItsTwin() {
    EndpointPair pair = ready(A);
    FakeConnection old = connect(0);
    old.suspect();
    channel.subchannels.get(1).become(CONNECTING);
    old.closed();
    channel.subchannels.get(0).become(IDLE);
    assertThat(seen).as("never IDLE, which would resolve anew").endsWith(READY, CONNECTING);
    assertThat(pair.getInternalSubchannel()).isSameAs(channel.subchannels.get(1));
    channel.subchannels.get(1).become(TRANSIENT_FAILURE);
    assertThat(seen).as("an endpoint like any other now").endsWith(TRANSIENT_FAILURE);
    assertThat(limit.open()).isZero();
    assertThat(channel.time.pending()).isZero();
  }

  @Test
  void theOldConnectionThatEndsWithoutATwinIsAnEndLikeAnyOther() {
    ready(A);
    FakeConnection old = connect(0);
    old.suspect();
    fail(1, new ConnectException("no route"));
    old.closed();
    channel.subchannels.get(0).become(IDLE);
    assertThat(seen).endsWith(CONNECTING, IDLE);
    channel.time.advance(Duration.ofMinutes(1));
    assertThat(channel.subchannels).as("no twin of nothing").hasSize(2);
  }

  @Test
  void aTwinIsPinnedToTheMachineOfTheConnectionAndGetsTheWholeListWhenItWins() {
    List<EquivalentAddressGroup> list = groups(A, B);
    EndpointPair pair = create(list);
    become(0, CONNECTING, READY);
    connect(0, address(B)).suspect();
    FakeSubchannel twin = channel.subchannels.get(1);
    assertThat(addressesOf(twin)).containsExactly(address(B));
    become(1, CONNECTING, READY);
    assertThat(addressesOf(twin)).containsExactly(address(A), address(B));
    assertThat(pair.getAllAddresses()).isEqualTo(list);
  }

  @Test
  void newAddressesReachBothWithTheirMarks() {
    EndpointPair pair = create(groups(A, B));
    become(0, CONNECTING, READY);
    connect(0, address(B)).suspect();
    List<EquivalentAddressGroup> next = groups(B, "10.0.0.9:1");
    pair.updateAddresses(next);
    assertThat(addressesOf(channel.subchannels.get(0))).hasSize(2).startsWith(address(B));
    assertThat(addressesOf(channel.subchannels.get(1))).containsExactly(address(B));
    Leg first = legOf(channel.subchannels.get(0));
    Leg second = legOf(channel.subchannels.get(1));
    assertThat(first).isNotNull().isNotSameAs(second);
    assertThat(second).isNotNull();
    assertThat(pair.getAllAddresses()).isEqualTo(next);
  }

  @Test
  void aTwinWhoseMachineLeftTheListTriesTheOthers() {
    EndpointPair pair = create(groups(A, B));
    become(0, CONNECTING, READY);
    connect(0, address(B)).suspect();
    pair.updateAddresses(groups(A));
    assertThat(addressesOf(channel.subchannels.get(1))).containsExactly(address(A));
    int requests = channel.subchannels.get(1).connectionRequests;
    channel.subchannels.get(1).become(IDLE);
    assertThat(channel.subchannels.get(1).connectionRequests).isEqualTo(requests + 1);
  }

  @Test
  void shutdownReachesBothAndEndsTheRace() {
    EndpointPair pair = ready(A);
    FakeConnection old = connect(0);
    old.suspect();
    pair.shutdown();
    assertThat(channel.subchannels).hasSize(2).allMatch(s -> s.shutdown);
    assertThat(limit.open()).isZero();
    old.suspect();
    channel.time.advance(Duration.ofMinutes(5));
    assertThat(channel.subchannels).hasSize(2);
    channel.subchannels.get(0).become(SHUTDOWN);
    assertThat(seen).as("health checks wait for it to forget").endsWith(SHUTDOWN);
    pair.shutdown();
  }

  @Test
  void aRequestToConnectGoesToTheOneInUse() {
    EndpointPair pair = ready(A);
    connect(0).suspect();
    become(1, CONNECTING, READY);
    int old = channel.subchannels.get(0).connectionRequests;
    int twin = channel.subchannels.get(1).connectionRequests;
    pair.requestConnection();
    assertThat(channel.subchannels.get(0).connectionRequests).isEqualTo(old);
    assertThat(channel.subchannels.get(1).connectionRequests).isEqualTo(twin + 1);
  }

  @Test
  void whatIsConnectedIsAskedOfTheOneInUse() {
    EndpointPair pair = ready(A);
    connect(0).suspect();
    become(1, CONNECTING, READY);
    assertThat(pair.getConnectedAddressAttributes().get(Leg.KEY))
        .isSameAs(legOf(channel.subchannels.get(1)));
    assertThat(pair.getAttributes().get(Verification.PAIR)).isSameAs(pair);
  }

  @Test
  void aLaterConnectionMakesTheEarlierOneMute() {
    ready(A);
    FakeConnection earlier = connect(0);
    channel.subchannels.get(0).become(IDLE);
    become(0, CONNECTING, READY);
    FakeConnection later = connect(0);
    earlier.suspect();
    earlier.closed();
    assertThat(channel.subchannels).hasSize(1);
    later.suspect();
    assertThat(channel.subchannels).hasSize(2);
  }

  @Test
  void aSuspicionBeforeTheEndpointIsReadyChangesNothing() {
    create(groups(A));
    channel.subchannels.get(0).become(CONNECTING);
    connect(0).suspect();
    assertThat(channel.subchannels).hasSize(1);
    assertThat(seen).containsExactly(CONNECTING);
  }

  @Test
  void onlyAFewTwinsOpenAtOnceAndTheOthersFollow() {
    int endpoints = 100;
    List<EndpointPair> pairs = new ArrayList<>();
    for (int i = 0; i < endpoints; i++) {
      pairs.add(ready("10.0.1." + i + ":1"));
    }
    List<FakeConnection> connections =
        IntStream.range(0, endpoints).mapToObj(this::connect).toList();
    connections.forEach(FakeConnection::suspect);
    assertThat(limit.open()).isEqualTo(2);
    assertThat(limit.waiting()).isEqualTo(endpoints - 2);
    assertThat(channel.subchannels).hasSize(endpoints + 2);
    connections.get(50).speak();
    assertThat(limit.waiting()).as("one that spoke waits no more").isEqualTo(endpoints - 3);
    become(endpoints, CONNECTING, READY);
    assertThat(channel.subchannels).hasSize(endpoints + 3);
    connections.get(1).speak();
    assertThat(limit.open()).isEqualTo(2);
    pairs.forEach(EndpointPair::shutdown);
    assertThat(limit.open() + limit.waiting()).isZero();
  }

  @Test
  void aTwinThatWonAndNeverSpokeIsFollowedByTheNextOnlyAfterAPause() {
    ready(A);
    connect(0).suspect();
    become(1, CONNECTING, READY);
    FakeConnection mute =
        new FakeConnection(address(A), legOf(channel.subchannels.get(1)).observe());
    mute.readyAndMute();
    mute.suspect();
    assertThat(seen).endsWith(READY, CONNECTING);
    assertThat(channel.subchannels).hasSize(2);
    channel.time.advance(TwinTurns.PAUSES.base());
    assertThat(channel.subchannels).hasSize(3);
  }

  @Test
  void aConnectionLostAloneDoesNotWaitForARackThatIsAway() {
    int rack = 20;
    for (int i = 0; i < rack; i++) {
      ready("10.0.1." + i + ":1");
      connect(i).suspect();
    }
    int next = rack;
    while (next < channel.subchannels.size()) {
      fail(next++, new ConnectException("no answer"));
    }
    channel.time.advance(TwinTurns.PAUSES.base());
    assertThat(limit.waiting()).as("the next twins of the rack").isPositive();
    ready(A);
    connect(channel.subchannels.size() - 1).suspect();
    fail(next, new ConnectException("no answer"));
    FakeSubchannel newest = channel.subchannels.get(channel.subchannels.size() - 1);
    assertThat(addressesOf(newest)).containsExactly(address(A));
  }

  @Test
  void aNetworkThatIsAwayForTenMinutesCostsFewAttemptsAndAllAreBackSoonAfter() {
    int endpoints = 500;
    for (int i = 0; i < endpoints; i++) {
      ready("10.0." + i / 100 + "." + (1 + i % 100) + ":1");
    }
    IntStream.range(0, endpoints).mapToObj(this::connect).toList().forEach(FakeConnection::suspect);
    int failed = endpoints;
    for (int seconds = 0; seconds < 600; seconds += 20) {
      assertThat(limit.open()).isLessThanOrEqualTo(2);
      channel.time.advance(Duration.ofSeconds(20));
      for (int open = channel.subchannels.size(); failed < open; failed++) {
        fail(failed, new ConnectException("no answer within 20 s"));
      }
    }
    assertThat(failed - endpoints).as("two at a time, 20 s each").isLessThanOrEqualTo(62);
    seen.clear();
    for (int seconds = 0; seconds < 20; seconds++) {
      for (int i = failed; i < channel.subchannels.size(); i++) {
        become(i, CONNECTING, READY);
        failed++;
      }
      channel.time.advance(Duration.ofSeconds(1));
    }
    assertThat(seen).hasSize(endpoints).containsOnly(READY);
  }

  @Test
  void outcomesAreCounted() {
    ready(A);
    FakeConnection old = connect(0);
    old.suspect();
    old.speak();
    old.suspect();
    become(2, CONNECTING, READY);
    assertThat(races("not_needed")).isEqualTo(1);
    assertThat(races("took_over")).isEqualTo(1);
  }

  private double races(String outcome) {
    return meters.get("holdfast.grpc.twins").tag("outcome", outcome).counter().count();
  }

  private EndpointPair ready(String address) {
    EndpointPair pair = create(groups(address));
    become(channel.subchannels.size() - 1, CONNECTING, READY);
    return pair;
  }

  private EndpointPair create(List<EquivalentAddressGroup> groups) {
    EndpointPair pair =
        new EndpointPair(
            channel,
            CreateSubchannelArgs.newBuilder().setAddresses(groups).build(),
            pairing,
            verification);
    pair.start(
        info -> {
          seen.add(info.getState());
          if (info.getState() == TRANSIENT_FAILURE) {
            errors.add(info.getStatus());
          }
        });
    return pair;
  }

  private FakeConnection connect(int subchannel) {
    SocketAddress first = addressesOf(channel.subchannels.get(subchannel)).get(0);
    return connect(subchannel, first);
  }

  private FakeConnection connect(int subchannel, SocketAddress remote) {
    FakeConnection connection =
        new FakeConnection(remote, legOf(channel.subchannels.get(subchannel)).observe());
    connection.ready();
    return connection;
  }

  private void become(int subchannel, ConnectivityState... states) {
    for (ConnectivityState state : states) {
      channel.subchannels.get(subchannel).become(state);
    }
  }

  private void fail(int subchannel, Exception cause) {
    channel.subchannels.get(subchannel).become(CONNECTING);
    channel
        .subchannels
        .get(subchannel)
        .become(
            ConnectivityStateInfo.forTransientFailure(
                Status.UNAVAILABLE.withDescription("io exception").withCause(cause)));
  }

  private static Leg legOf(FakeSubchannel subchannel) {
    Attributes attributes = subchannel.getAllAddresses().get(0).getAttributes();
    return Objects.requireNonNull(attributes.get(Leg.KEY));
  }

  private static List<SocketAddress> addressesOf(FakeSubchannel subchannel) {
    return subchannel.getAllAddresses().stream()
        .flatMap(group -> group.getAddresses().stream())
        .toList();
  }

  private static SocketAddress address(String text) {
    return FakeChannel.address(HostPort.parse(text));
  }

  private static List<EquivalentAddressGroup> groups(String... addresses) {
    return FakeChannel.groups(Arrays.stream(addresses).map(Endpoint::of).toArray(Endpoint[]::new));
  }
}
