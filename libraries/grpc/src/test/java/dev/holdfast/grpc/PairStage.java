package dev.holdfast.grpc;

import static io.grpc.ConnectivityState.CONNECTING;
import static io.grpc.ConnectivityState.READY;
import static io.grpc.ConnectivityState.SHUTDOWN;
import static io.grpc.ConnectivityState.TRANSIENT_FAILURE;

import dev.holdfast.core.Endpoint;
import dev.holdfast.core.HostPort;
import dev.holdfast.grpc.FakeChannel.FakeSubchannel;
import io.grpc.Attributes;
import io.grpc.ConnectivityState;
import io.grpc.ConnectivityStateInfo;
import io.grpc.EquivalentAddressGroup;
import io.grpc.LoadBalancer.CreateSubchannelArgs;
import io.grpc.Status;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.net.SocketAddress;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Random;

/** Pairs of connections over a {@link FakeChannel}, and what their policy sees of them. */
final class PairStage {
  static final String A = "10.0.0.1:1";
  static final String B = "10.0.0.2:1";

  final FakeChannel channel = new FakeChannel();
  final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  final TwinLimit limit = new TwinLimit(2);
  final ChannelPairing pairing =
      new ChannelPairing(
          "words",
          meters,
          limit,
          () -> channel.time.clock().nanoTime(),
          new Random(1),
          new KnownInstances());
  final Verification verification =
      new Verification(channel, pairing.nanoClock(), pairing.instances());
  final List<ConnectivityState> seen = new ArrayList<>();
  final List<Status> errors = new ArrayList<>();

  double races(String outcome) {
    return meters.get("holdfast.grpc.twins").tag("outcome", outcome).counter().count();
  }

  EndpointPair ready(String address) {
    EndpointPair pair = create(groups(address));
    become(channel.subchannels.size() - 1, CONNECTING, READY);
    return pair;
  }

  EndpointPair create(List<EquivalentAddressGroup> groups) {
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

  FakeConnection connect(int subchannel) {
    SocketAddress first = addressesOf(channel.subchannels.get(subchannel)).get(0);
    return connect(subchannel, first);
  }

  FakeConnection connect(int subchannel, SocketAddress remote) {
    FakeConnection connection =
        new FakeConnection(remote, legOf(channel.subchannels.get(subchannel)).observe());
    connection.ready();
    return connection;
  }

  void become(int subchannel, ConnectivityState... states) {
    for (ConnectivityState state : states) {
      channel.subchannels.get(subchannel).become(state);
    }
  }

  void fail(int subchannel, Exception cause) {
    failAndLinger(subchannel, cause);
    become(subchannel, SHUTDOWN);
  }

  void failAndLinger(int subchannel, Exception cause) {
    FakeSubchannel failed = channel.subchannels.get(subchannel);
    failed.become(CONNECTING);
    failed.become(
        ConnectivityStateInfo.forTransientFailure(
            Status.UNAVAILABLE.withDescription("io exception").withCause(cause)));
  }

  static Leg legOf(FakeSubchannel subchannel) {
    Attributes attributes = subchannel.getAllAddresses().get(0).getAttributes();
    return Objects.requireNonNull(attributes.get(Leg.KEY));
  }

  static List<SocketAddress> addressesOf(FakeSubchannel subchannel) {
    return subchannel.getAllAddresses().stream()
        .flatMap(group -> group.getAddresses().stream())
        .toList();
  }

  static SocketAddress address(String text) {
    return FakeChannel.address(HostPort.parse(text));
  }

  static List<EquivalentAddressGroup> groups(String... addresses) {
    return FakeChannel.groups(Arrays.stream(addresses).map(Endpoint::of).toArray(Endpoint[]::new));
  }
}
