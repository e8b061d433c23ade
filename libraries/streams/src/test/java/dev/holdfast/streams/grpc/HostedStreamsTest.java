package dev.holdfast.streams.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.StringValue;
import dev.holdfast.grpc.HoldfastChannelBuilder;
import dev.holdfast.grpc.HoldfastServer;
import dev.holdfast.grpc.HoldfastServerBuilder;
import dev.holdfast.lab.RelayConnection;
import dev.holdfast.lab.TcpRelay;
import dev.holdfast.liveness.LivenessOptions;
import dev.holdfast.streams.SessionOptions;
import dev.holdfast.streams.SessionState;
import io.grpc.InsecureChannelCredentials;
import io.grpc.InsecureServerCredentials;
import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Streams on Holdfast's own channels and servers: what each does for the other. */
class HostedStreamsTest {
  private static final Duration LONG = Duration.ofSeconds(30);

  /** Notices within a few seconds that a connection is silent, and holds it for minutes. */
  private static final LivenessOptions WATCHFUL =
      LivenessOptions.DEFAULT
          .withProbing(Duration.ofSeconds(1), Duration.ofSeconds(1))
          .withPingPermit(Duration.ofSeconds(1));

  /** Waits for the answer of a server for longer than any test. */
  private static final SessionOptions PATIENT = patient();

  private final StreamTopology topology = new StreamTopology();
  private final ClientStreams client = topology.clientStreams().build();

  @AfterEach
  void close() throws Exception {
    topology.close();
  }

  @Test
  void aChannelThatIsShutDownNowEndsItsStreamsOnBothSides() throws Exception {
    ServerStreams streams = topology.serverStreams().build();
    HoldfastServer server = serve(streams, builder -> builder);
    ManagedChannel channel = channel(List.of(server.getPort()), builder -> builder);
    RecordingObserver recordingObserver = new RecordingObserver();
    StreamTopology.open(channel, recordingObserver).onNext(RecordingObserver.message("1"));
    recordingObserver.awaitCount(1);

    channel.shutdownNow();

    assertThat(recordingObserver.awaitEnd().getCode()).isEqualTo(Status.Code.UNAVAILABLE);
    await().atMost(LONG).until(() -> client.sessions().isEmpty());
    await().atMost(LONG).until(() -> streams.sessions().isEmpty());
  }

  @Test
  void aStreamWhoseChannelWasShutDownEndsWithItsConnection() throws Exception {
    HoldfastServer server = serve(topology.serverStreams().build(), builder -> builder);
    TcpRelay relay = topology.relayTo(server);
    ManagedChannel channel = channel(List.of(relay.port()), builder -> builder);
    RecordingObserver recordingObserver = new RecordingObserver();
    StreamObserver<StringValue> requests = StreamTopology.open(channel, recordingObserver);
    requests.onNext(RecordingObserver.message("1"));
    recordingObserver.awaitCount(1);

    channel.shutdown();
    requests.onNext(RecordingObserver.message("2"));
    recordingObserver.awaitCount(2);
    relay.cut();

    assertThat(recordingObserver.awaitEnd().getCode()).isEqualTo(Status.Code.UNAVAILABLE);
    await().atMost(LONG).until(() -> client.sessions().isEmpty());
  }

  @Test
  void aChannelThatIsShutDownNowWaitsForNoServerThatIsSilent() throws Exception {
    HoldfastServer server = serve(topology.serverStreams().build(), builder -> builder);
    TcpRelay relay = topology.relayTo(server);
    ManagedChannel channel = channel(List.of(relay.port()), builder -> builder);
    RecordingObserver recordingObserver = new RecordingObserver();
    StreamTopology.open(channel, recordingObserver).onNext(RecordingObserver.message("1"));
    recordingObserver.awaitCount(1);

    relay.stall();
    channel.shutdownNow();

    // Its server would hold the session for two minutes.
    assertThat(recordingObserver.awaitEnd().getCode()).isEqualTo(Status.Code.UNAVAILABLE);
    await().atMost(LONG).until(() -> client.sessions().isEmpty());
  }

  @Test
  void afterACutEachStreamFindsItsOwnerAmongThreeUnderRoundRobin() throws Exception {
    List<ServerStreams> streams = new ArrayList<>();
    List<TcpRelay> relays = serveBehindRelays(3, streams);
    ManagedChannel channel =
        channel(
            relays.stream().map(TcpRelay::port).toList(),
            builder -> builder.loadBalancing("round_robin"));
    List<RecordingObserver> recordingObservers = new ArrayList<>();
    List<StreamObserver<StringValue>> requests = new ArrayList<>();
    // Until each has some: at first only those are picked that are connected.
    while (recordingObservers.size() < 200
        && streams.stream().anyMatch(each -> each.sessions().isEmpty())) {
      RecordingObserver recordingObserver = new RecordingObserver();
      recordingObservers.add(recordingObserver);
      StreamObserver<StringValue> opened = StreamTopology.open(channel, recordingObserver);
      requests.add(opened);
      opened.onNext(RecordingObserver.message("0"));
      recordingObserver.awaitCount(1);
    }

    for (int cut = 1; cut <= 3; cut++) {
      relays.forEach(TcpRelay::cut);
      for (int i = 0; i < requests.size(); i++) {
        requests.get(i).onNext(RecordingObserver.message("" + cut));
        recordingObservers.get(i).awaitCount(cut + 1);
      }
    }
    requests.forEach(StreamObserver::onCompleted);

    for (RecordingObserver recordingObserver : recordingObservers) {
      assertThat(recordingObserver.awaitEnd()).isEqualTo(Status.OK);
      assertThat(recordingObserver.heard()).containsExactly("0", "1", "2", "3");
    }
  }

  /** While a stream waits for one server to answer, those of another go on. */
  @Test
  void aServerThatDoesNotAnswerHoldsBackNoStreamOfAnother() throws Exception {
    List<ServerStreams> streams = new ArrayList<>();
    List<TcpRelay> relays = serveBehindRelays(2, streams);
    ClientStreams patient = topology.clientStreams().options(PATIENT).build();
    ManagedChannel channel =
        channel(
            relays.stream().map(TcpRelay::port).toList(),
            builder -> builder.loadBalancing("round_robin"),
            patient);
    RecordingObserver atSilent = new RecordingObserver();
    StreamObserver<StringValue> toSilent = StreamTopology.open(channel, atSilent);
    toSilent.onNext(RecordingObserver.message("0"));
    atSilent.awaitCount(1);
    int silent = streams.get(0).sessions().isEmpty() ? 1 : 0;
    int other = 1 - silent;
    List<RecordingObserver> atOther = new ArrayList<>();
    List<StreamObserver<StringValue>> toOther = new ArrayList<>();
    while (atOther.size() < 200 && streams.get(other).sessions().isEmpty()) {
      RecordingObserver answers = new RecordingObserver();
      atOther.add(answers);
      toOther.add(StreamTopology.open(channel, answers));
      toOther.get(toOther.size() - 1).onNext(RecordingObserver.message("0"));
      answers.awaitCount(1);
    }

    relays.get(silent).stall();
    relays.get(silent).closeConnections();
    await()
        .atMost(LONG)
        .until(() -> patient.sessions().stream().anyMatch(each -> each.attempts() == 2));
    relays.get(other).cut();
    toOther.get(toOther.size() - 1).onNext(RecordingObserver.message("1"));

    // Behind the silent one it would be 45 s.
    RecordingObserver last = atOther.get(atOther.size() - 1);
    await().atMost(LONG).until(() -> last.heard().size() == 2);
    assertThat(atSilent.heard()).containsExactly("0");
    relays.get(silent).heal();
  }

  @Test
  void aStreamThatIsToChangeItsCallGoesStraightToItsOwner() throws Exception {
    List<ServerStreams> streams = new ArrayList<>();
    List<Integer> ports = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      streams.add(topology.serverStreams().build());
      HoldfastServer server = serve(streams.get(i), builder -> builder.advertise("127.0.0.1"));
      ports.add(server.getPort());
    }
    ManagedChannel channel = channel(ports, builder -> builder.loadBalancing("round_robin"));
    List<RecordingObserver> recordingObservers = new ArrayList<>();
    while (recordingObservers.size() < 200
        && streams.stream().anyMatch(each -> each.sessions().size() < 4)) {
      RecordingObserver recordingObserver = new RecordingObserver();
      recordingObservers.add(recordingObserver);
      StreamTopology.open(channel, recordingObserver).onNext(RecordingObserver.message("1"));
      recordingObserver.awaitCount(1);
    }

    // All connections are up, and stay so: where a stream goes is nobody's choice but its own.
    streams.forEach(
        each ->
            each.open()
                .forEach(
                    stream ->
                        stream.input((session, now) -> session.drain(now, false, Duration.ZERO))));

    await()
        .atMost(LONG)
        .until(
            () ->
                streams.stream()
                    .flatMap(each -> each.sessions().stream())
                    .allMatch(session -> session.attempts() >= 2));
    assertThat(topology.meters.find("holdfast.streams.refused").tag("code", "MOVED").counter())
        .isNull();
  }

  @Test
  void behindABalancerThatChoosesAnotherTheStreamIsRedirectedToItsOwner() throws Exception {
    List<Server> servers = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      TcpRelay direct = topology.closing(TcpRelay.toPort(1));
      Server server =
          topology.serve(
              topology
                  .serverStreams()
                  .address("127.0.0.1:" + direct.port())
                  .build()
                  .resumable(StreamTopology.talk(StreamTopology::echo)));
      direct.retarget(loopback(server.getPort()));
      servers.add(server);
    }
    TcpRelay balancer = topology.relayTo(servers.get(0));
    List<String> redirects = new ArrayList<>();
    ClientStreams following =
        topology
            .clientStreams()
            .redirects(
                address -> {
                  redirects.add(address);
                  return topology.channelTo(
                      Integer.parseInt(address.substring(address.indexOf(':') + 1)));
                })
            .build();
    ManagedChannel channel = topology.channelTo(balancer.port(), following);
    RecordingObserver recordingObserver = new RecordingObserver();
    StreamObserver<StringValue> requests = StreamTopology.open(channel, recordingObserver);
    requests.onNext(RecordingObserver.message("1"));
    recordingObserver.awaitCount(1);

    balancer.retarget(loopback(servers.get(1).getPort()));
    balancer.cut();
    requests.onNext(RecordingObserver.message("2"));
    requests.onCompleted();

    assertThat(recordingObserver.awaitEnd()).isEqualTo(Status.OK);
    assertThat(recordingObserver.heard()).containsExactly("1", "2");
    assertThat(redirects).isNotEmpty();
  }

  @Test
  void aGoawayOfAStockServerMovesTheStreamBeforeItsConnectionEnds() {
    ServerStreams streams = topology.serverStreams().build();
    // Nothing is cut for an hour: only who heard the GOAWAY comes by another connection.
    Server server =
        topology.serve(
            builder ->
                builder
                    .maxConnectionAge(1, TimeUnit.SECONDS)
                    .maxConnectionAgeGrace(1, TimeUnit.HOURS)
                    .addService(streams.resumable(StreamTopology.talk(StreamTopology::echo))));
    goesOnByAnotherConnection(channel(List.of(server.getPort()), builder -> builder), streams);
  }

  @Test
  void theAgeOfAConnectionIsToldToItsStreamsWhateverTheClientsChannel() throws Exception {
    ServerStreams streams = topology.serverStreams().build();
    HoldfastServer server =
        serve(
            streams,
            builder ->
                builder
                    .maxConnectionAge(1, TimeUnit.SECONDS)
                    .maxConnectionAgeGrace(1, TimeUnit.HOURS));
    goesOnByAnotherConnection(topology.channelTo(server.getPort(), client), streams);
  }

  @Test
  void aConnectionThatFellSilentIsLeftByItsStreamsOnceAnotherOneIsThere() throws Exception {
    HoldfastServer server = serve(topology.serverStreams().build(), builder -> builder);
    TcpRelay relay = topology.relayTo(server);
    ManagedChannel channel = channel(List.of(relay.port()), builder -> builder.liveness(WATCHFUL));
    RecordingObserver recordingObserver = new RecordingObserver();
    StreamObserver<StringValue> requests = StreamTopology.open(channel, recordingObserver);
    requests.onNext(RecordingObserver.message("1"));
    recordingObserver.awaitCount(1);

    // Its own time to give the connection up is 90 s.
    relay.connections().forEach(RelayConnection::stall);
    requests.onNext(RecordingObserver.message("2"));

    recordingObserver.awaitCount(2);
    requests.onCompleted();
    assertThat(recordingObserver.awaitEnd()).isEqualTo(Status.OK);
    assertThat(recordingObserver.heard()).containsExactly("1", "2");
  }

  @Test
  void aStreamDoubtsItsConnectionWithTheChannelEvenWhenThereIsNoOther() throws Exception {
    HoldfastServer server = serve(topology.serverStreams().build(), builder -> builder);
    TcpRelay relay = topology.relayTo(server);
    ManagedChannel channel = channel(List.of(relay.port()), builder -> builder.liveness(WATCHFUL));
    RecordingObserver recordingObserver = new RecordingObserver();
    StreamTopology.open(channel, recordingObserver).onNext(RecordingObserver.message("1"));
    recordingObserver.awaitCount(1);

    relay.refuseNew();
    relay.connections().forEach(RelayConnection::stall);

    // Its own heartbeats are off: it is told. The connection is held for minutes more.
    await()
        .atMost(LONG)
        .until(
            () ->
                client.sessions().stream()
                    .map(SessionView::state)
                    .anyMatch(s -> s == SessionState.SUSPECT || s == SessionState.RACING));
  }

  private static SessionOptions patient() {
    SessionOptions.Timing usual = SessionOptions.DEFAULT.timing();
    return SessionOptions.DEFAULT.withTiming(
        new SessionOptions.Timing(
            usual.ackDelay(),
            usual.ttl(),
            Duration.ofHours(1),
            Duration.ofHours(1),
            usual.heartbeat(),
            usual.suspect(),
            usual.race(),
            usual.dead(),
            usual.rotate(),
            usual.backoff()));
  }

  private void goesOnByAnotherConnection(ManagedChannel channel, ServerStreams streams) {
    RecordingObserver recordingObserver = new RecordingObserver();
    StreamObserver<StringValue> requests = StreamTopology.open(channel, recordingObserver);
    requests.onNext(RecordingObserver.message("1"));
    recordingObserver.awaitCount(1);
    await()
        .atMost(LONG)
        .until(() -> streams.sessions().stream().anyMatch(session -> session.attempts() >= 2));
    requests.onNext(RecordingObserver.message("2"));
    requests.onCompleted();
    assertThat(recordingObserver.awaitEnd()).isEqualTo(Status.OK);
    assertThat(recordingObserver.heard()).containsExactly("1", "2");
  }

  /**
   * Servers that advertise their relays.
   *
   * @param streams gets those of each server; they have no key in common, so that only the owner of
   *     a session can check its token
   */
  private List<TcpRelay> serveBehindRelays(int count, List<ServerStreams> streams)
      throws IOException {
    List<TcpRelay> relays = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      TcpRelay relay = topology.closing(TcpRelay.toPort(1));
      relays.add(relay);
      streams.add(topology.serverStreams().build());
      HoldfastServer server =
          serve(streams.get(i), builder -> builder.advertise("127.0.0.1:" + relay.port()));
      relay.retarget(loopback(server.getPort()));
    }
    return relays;
  }

  private HoldfastServer serve(ServerStreams streams, UnaryOperator<HoldfastServerBuilder> settings)
      throws IOException {
    HoldfastServer server =
        settings
            .apply(
                HoldfastServerBuilder.forAddress(loopback(0), InsecureServerCredentials.create()))
            .addService(streams.resumable(StreamTopology.talk(StreamTopology::echo)))
            .build()
            .start();
    topology.closing(() -> StreamTopology.stop(server));
    return server;
  }

  private ManagedChannel channel(
      List<Integer> ports, UnaryOperator<HoldfastChannelBuilder> settings) {
    return channel(ports, settings, client);
  }

  private ManagedChannel channel(
      List<Integer> ports,
      UnaryOperator<HoldfastChannelBuilder> settings,
      ClientStreams interceptor) {
    ManagedChannel channel =
        settings
            .apply(
                HoldfastChannelBuilder.forTarget(
                    FixedInstances.target(ports), InsecureChannelCredentials.create()))
            .intercept(interceptor)
            .build();
    topology.closing(channel::shutdownNow);
    return channel;
  }

  private static InetSocketAddress loopback(int port) {
    return new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
  }
}
