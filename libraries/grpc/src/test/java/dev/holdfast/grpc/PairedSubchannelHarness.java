package dev.holdfast.grpc;

import static io.grpc.ConnectivityState.CONNECTING;
import static io.grpc.ConnectivityState.READY;
import static io.grpc.ConnectivityState.SHUTDOWN;
import static io.grpc.ConnectivityState.TRANSIENT_FAILURE;

import dev.holdfast.core.Endpoint;
import dev.holdfast.core.HostPort;
import dev.holdfast.grpc.FakeChannel.FakeSubchannel;
import dev.holdfast.grpc.internal.pairing.InstanceIndex;
import dev.holdfast.grpc.internal.pairing.LivenessCheck;
import dev.holdfast.grpc.internal.pairing.PairMember;
import dev.holdfast.grpc.internal.pairing.PairedSubchannel;
import dev.holdfast.grpc.internal.pairing.PairingContext;
import dev.holdfast.grpc.internal.pairing.ReplacementLimit;
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
public final class PairedSubchannelHarness {
  public static final String A = "10.0.0.1:1";
  public static final String B = "10.0.0.2:1";

  public final FakeChannel channel = new FakeChannel();
  final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  public final ReplacementLimit limit = new ReplacementLimit(2);
  final PairingContext pairing =
      new PairingContext(
          "words",
          meters,
          limit,
          () -> channel.time.clock().nanoTime(),
          new Random(1),
          new InstanceIndex());
  final LivenessCheck livenessCheck =
      new LivenessCheck(channel, pairing.nanoClock(), pairing.instances());
  public final List<ConnectivityState> seen = new ArrayList<>();
  public final List<Status> errors = new ArrayList<>();

  public double races(String outcome) {
    return meters.get("holdfast.grpc.replacements").tag("outcome", outcome).counter().count();
  }

  public PairedSubchannel ready(String address) {
    PairedSubchannel pair = create(groups(address));
    become(channel.subchannels.size() - 1, CONNECTING, READY);
    return pair;
  }

  public PairedSubchannel create(List<EquivalentAddressGroup> groups) {
    PairedSubchannel pair =
        new PairedSubchannel(
            channel,
            CreateSubchannelArgs.newBuilder().setAddresses(groups).build(),
            pairing,
            livenessCheck);
    pair.start(
        info -> {
          seen.add(info.getState());
          if (info.getState() == TRANSIENT_FAILURE) {
            errors.add(info.getStatus());
          }
        });
    return pair;
  }

  public FakeConnection connect(int subchannel) {
    SocketAddress first = addressesOf(channel.subchannels.get(subchannel)).get(0);
    return connect(subchannel, first);
  }

  public FakeConnection connect(int subchannel, SocketAddress remote) {
    FakeConnection connection =
        new FakeConnection(remote, memberOf(channel.subchannels.get(subchannel)).observe());
    connection.ready();
    return connection;
  }

  public void become(int subchannel, ConnectivityState... states) {
    for (ConnectivityState state : states) {
      channel.subchannels.get(subchannel).become(state);
    }
  }

  public void fail(int subchannel, Exception cause) {
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

  public static PairMember memberOf(FakeSubchannel subchannel) {
    Attributes attributes = subchannel.getAllAddresses().get(0).getAttributes();
    return Objects.requireNonNull(attributes.get(PairMember.KEY));
  }

  public static List<SocketAddress> addressesOf(FakeSubchannel subchannel) {
    return subchannel.getAllAddresses().stream()
        .flatMap(group -> group.getAddresses().stream())
        .toList();
  }

  public static SocketAddress address(String text) {
    return FakeChannel.address(HostPort.parse(text));
  }

  public static List<EquivalentAddressGroup> groups(String... addresses) {
    return FakeChannel.groups(Arrays.stream(addresses).map(Endpoint::of).toArray(Endpoint[]::new));
  }
}
