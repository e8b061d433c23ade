package dev.holdfast.grpc.internal.pairing;

import static io.grpc.ConnectivityState.CONNECTING;
import static io.grpc.ConnectivityState.READY;
import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.core.Endpoint;
import dev.holdfast.grpc.FakeChannel;
import dev.holdfast.grpc.FakeChannel.FakeSubchannel;
import dev.holdfast.grpc.FakeConnection;
import io.grpc.CallOptions;
import io.grpc.LoadBalancer.CreateSubchannelArgs;
import io.grpc.LoadBalancer.FixedResultPicker;
import io.grpc.LoadBalancer.PickResult;
import io.grpc.LoadBalancer.PickSubchannelArgs;
import io.grpc.LoadBalancer.SubchannelPicker;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class LivenessCheckTest {
  private static final String[] ADDRESSES = {"10.0.0.1:1", "10.0.0.2:1", "10.0.0.3:1"};
  private static final Map<String, Integer> WAITS = Map.of("wait", 1);

  private final FakeChannel channel = new FakeChannel();
  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  private final PairingContext pairing =
      new PairingContext(
          "words",
          meters,
          new ReplacementLimit(10),
          () -> channel.time.clock().nanoTime(),
          new Random(1),
          new InstanceIndex());
  private final LivenessCheck livenessCheck =
      new LivenessCheck(channel, pairing.nanoClock(), pairing.instances());
  private final List<PairedSubchannel> pairs = new ArrayList<>();
  private final List<FakeConnection> connections = new ArrayList<>();

  @Test
  void whileNothingIsStaleEveryPickIsThePolicysOwn() {
    everyEndpointReady();
    int published = channel.pickersPublished;
    assertThat(channel.pick(6)).containsValues(2, 2, 2).containsOnlyKeys(ADDRESSES);
    assertThat(channel.pickersPublished).isEqualTo(published);
    assertThat(connections).allMatch(c -> c.proofsAsked.get() == 0);
  }

  @Test
  void theFirstCallAfterAQuietNightAsksAllAtOnceAndGoesToWhoeverAnswersFirst() {
    everyEndpointReady();
    connections.forEach(c -> c.stale = true);
    int published = channel.pickersPublished;
    assertThat(channel.pick(1)).isEqualTo(WAITS);
    assertThat(connections).allMatch(c -> c.proofsAsked.get() == 1);
    assertThat(channel.pickersPublished).as("nobody has answered").isEqualTo(published);
    connections.get(2).speak();
    assertThat(channel.pickersPublished).as("who waits is picked again").isEqualTo(published + 1);
    assertThat(channel.pick(3)).isEqualTo(Map.of(ADDRESSES[2], 3));
    assertThat(connections).as("one question is enough").allMatch(c -> c.proofsAsked.get() == 1);
    connections.get(0).speak();
    connections.get(1).speak();
    assertThat(channel.pick(6)).containsOnlyKeys(ADDRESSES);
    assertThat(channel.subchannels).as("all is well, so no second connection").hasSize(3);
    channel.time.advance(Duration.ofMinutes(1));
    assertThat(channel.subchannels).hasSize(3);
  }

  @Test
  void aFreshEndpointGetsTheCallWhileTheStaleOnesProveThemselves() {
    everyEndpointReady();
    connections.get(0).stale = true;
    connections.get(1).stale = true;
    assertThat(channel.pick(4)).isEqualTo(Map.of(ADDRESSES[2], 4));
    assertThat(connections.get(0).proofsAsked).hasValue(1);
    assertThat(connections.get(1).proofsAsked).hasValue(1);
    assertThat(connections.get(2).proofsAsked).hasValue(0);
  }

  @Test
  void aConnectionThatDoesNotAnswerIsRacedAndTheCallGoesToTheReplacement() {
    ready(ADDRESSES[0]);
    channel.time.advance(Duration.ZERO);
    publishRoundRobin();
    connections.get(0).stale = true;
    assertThat(channel.pick(1)).isEqualTo(WAITS);
    channel.time.advance(LivenessCheckDeadline.LEAST_TIME.minusMillis(1));
    assertThat(channel.subchannels).as("it still has time to answer").hasSize(1);
    channel.time.advance(Duration.ofMillis(1));
    assertThat(channel.subchannels).hasSize(2);
    int published = channel.pickersPublished;
    channel.subchannels.get(1).become(CONNECTING);
    channel.subchannels.get(1).become(READY);
    assertThat(channel.pickersPublished).isGreaterThan(published);
    PickResult picked = channel.pick(CallOptions.DEFAULT);
    assertThat(Objects.requireNonNull(picked.getSubchannel()).getInternalSubchannel())
        .isSameAs(channel.subchannels.get(1));
  }

  @Test
  void aSlowPathGetsAsLongToAnswerAsItsHandshakeTook() {
    PairedSubchannel pair = create(ADDRESSES[0]);
    channel.subchannels.get(0).become(CONNECTING);
    channel.time.advance(Duration.ofMillis(600));
    channel.subchannels.get(0).become(READY);
    connect(channel.subchannels.get(0));
    pairs.add(pair);
    publishRoundRobin();
    connections.get(0).stale = true;
    assertThat(channel.pick(1)).isEqualTo(WAITS);
    channel.time.advance(Duration.ofMillis(599));
    assertThat(channel.subchannels).hasSize(1);
    channel.time.advance(Duration.ofMillis(1));
    assertThat(channel.subchannels).hasSize(2);
  }

  @Test
  void aPeerThatSpeaksBeforeTheProofIsAskedForStrandsNobody() {
    ready(ADDRESSES[0]);
    publishRoundRobin();
    connections.get(0).stale = true;
    // In the SynchronizationContext the question has to wait for what runs before it.
    int published = channel.pickersPublished;
    channel
        .getSynchronizationContext()
        .execute(
            () -> {
              assertThat(channel.pick(1)).isEqualTo(WAITS);
              connections.get(0).stale = false;
            });
    assertThat(connections.get(0).proofsAsked).hasValue(0);
    assertThat(channel.pickersPublished).isEqualTo(published + 1);
  }

  @Test
  void aPolicyThatInsistsOnAStaleEndpointIsAskedAgainOnlyWhenSomethingChanged() {
    everyEndpointReady();
    connections.get(0).stale = true;
    PairedSubchannel only = pairs.get(0);
    livenessCheck.publish(READY, new FixedResultPicker(PickResult.withSubchannel(only)));
    int published = channel.pickersPublished;
    for (int i = 0; i < 100; i++) {
      assertThat(channel.pick(1)).isEqualTo(WAITS);
    }
    assertThat(channel.pickersPublished).isEqualTo(published);
    assertThat(connections.get(0).proofsAsked).hasValue(1);
    connections.get(0).speak();
    assertThat(channel.pickersPublished).isEqualTo(published + 1);
  }

  @Test
  void whoWaitsForNoProofCausesNoPicker() {
    everyEndpointReady();
    int published = channel.pickersPublished;
    connections.get(0).stale = true;
    connections.get(0).speak();
    assertThat(channel.pickersPublished).isEqualTo(published);
  }

  @Test
  void verificationsAreCounted() {
    everyEndpointReady();
    connections.forEach(c -> c.stale = true);
    assertThat(channel.pick(1)).isEqualTo(WAITS);
    assertThat(meters.get("holdfast.grpc.liveness.checks").counter().count()).isEqualTo(3);
  }

  private void everyEndpointReady() {
    for (String address : ADDRESSES) {
      ready(address);
    }
    publishRoundRobin();
  }

  private void publishRoundRobin() {
    AtomicInteger next = new AtomicInteger();
    livenessCheck.publish(
        READY,
        new SubchannelPicker() {
          @Override
          public PickResult pickSubchannel(PickSubchannelArgs args) {
            return PickResult.withSubchannel(pairs.get(next.getAndIncrement() % pairs.size()));
          }
        });
  }

  private void ready(String address) {
    pairs.add(create(address));
    FakeSubchannel subchannel = channel.to(address);
    subchannel.become(CONNECTING);
    subchannel.become(READY);
    connect(subchannel);
  }

  private void connect(FakeSubchannel subchannel) {
    var group = subchannel.getAllAddresses().get(0);
    PairMember pairMember = Objects.requireNonNull(group.getAttributes().get(PairMember.KEY));
    FakeConnection connection =
        new FakeConnection(group.getAddresses().get(0), pairMember.observe());
    connection.ready();
    connections.add(connection);
  }

  private PairedSubchannel create(String address) {
    PairedSubchannel pair =
        new PairedSubchannel(
            channel,
            CreateSubchannelArgs.newBuilder()
                .setAddresses(FakeChannel.groups(Endpoint.of(address)))
                .build(),
            pairing,
            livenessCheck);
    pair.start(info -> {});
    return pair;
  }
}
