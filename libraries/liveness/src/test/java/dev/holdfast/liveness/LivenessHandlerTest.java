package dev.holdfast.liveness;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.holdfast.core.testkit.RefusingPort;
import dev.holdfast.lab.RelayDirection;
import dev.holdfast.lab.TcpRelay;
import dev.holdfast.liveness.Http2Pair.Heard;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.epoll.EpollSocketChannelConfig;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The watch over real sockets. */
@Execution(ExecutionMode.CONCURRENT)
class LivenessHandlerTest {
  private static final byte[] IPV6_LOOPBACK = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
  private static final Duration SECOND = Duration.ofSeconds(1);

  /** A peer that permits a PING each second, so that one is asked often. */
  private static final LivenessOptions OPTIONS =
      LivenessOptions.DEFAULT
          .withProbing(SECOND, SECOND)
          .withPatience(SECOND.multipliedBy(2), SECOND.multipliedBy(5))
          .withSafeIdle(Duration.ofMillis(300))
          .withPingPermit(SECOND);

  /** The same for who must not be suspected, or given up, because this machine is busy. */
  private static final LivenessOptions PATIENT =
      OPTIONS
          .withPatience(SECOND.multipliedBy(20), SECOND.multipliedBy(60))
          .withProbing(SECOND, SECOND.multipliedBy(3));

  private static final Duration LIMIT = Duration.ofSeconds(30);

  private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
  private final Heard client = new Heard();
  private final Heard server = new Heard();
  private Http2Pair pair = new Http2Pair(true);

  @AfterEach
  void close() {
    pair.close();
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aPeerThatAnswersIsProbedWithoutEndAndNothingIsSeenOfIt(boolean epoll) {
    use(epoll);
    InetSocketAddress at = pair.serve(loopback(), null, null);
    Channel channel = connect(at, PATIENT);
    Http2Pair.call(channel);

    await().atMost(LIMIT).until(() -> probes() >= 3);

    assertThat(client.events).containsExactly("ready");
    assertThat(pair.strayPings).isEmpty();
    assertThat(pair.failures).isEmpty();
    // It may move from one to the other while the two are read.
    await().until(() -> gauge("LIVE") + gauge("PROBING") == 1);
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aLateAnswerIsForgivenAndTheStreamStays(boolean epoll) {
    use(epoll);
    InetSocketAddress at = pair.serve(loopback(), null, null);
    try (TcpRelay relay = TcpRelay.to(at)) {
      Channel channel = connect(relay.address(), PATIENT);
      Channel stream = Http2Pair.call(channel);
      await().until(() -> probes() >= 1);

      relay.stall();
      await().until(() -> client.events.contains("suspect PROBE_MISSED"));
      assertThat(client.watched().isStale(System.nanoTime())).isTrue();
      relay.heal();

      await().atMost(LIMIT).until(() -> client.events.contains("proven"));
      assertThat(client.staleWhenProven).isFalse();
      assertThat(client.events).containsExactly("ready", "suspect PROBE_MISSED", "proven");
      assertThat(stream.isActive()).isTrue();
      assertThat(registry.get("holdfast.liveness.recovered").counter().count()).isEqualTo(1);
    }
  }

  @Test
  void aPeerWhoseKernelAcknowledgesAloneIsGivenUpAtTheHardLimit() {
    InetSocketAddress at = pair.serve(loopback(), null, null);
    try (TcpRelay relay = TcpRelay.to(at)) {
      Http2Pair.call(connect(relay.address(), OPTIONS));
      await().until(() -> probes() >= 1);
      relay.stall();
      long heardNanos = client.watched().lastReadNanos();

      awaitClosed(client);

      Duration silent = Duration.ofNanos(System.nanoTime() - heardNanos);
      assertThat(client.events).endsWith("suspect PROBE_MISSED", "closed PEER_STUCK");
      assertThat(silent).as("longer than the window").isGreaterThan(OPTIONS.hardLimit());
    }
  }

  @Test
  void withoutAKernelToAskASilentPeerIsGivenUpAfterTheWindow() {
    use(false);
    InetSocketAddress at = pair.serve(loopback(), null, null);
    try (TcpRelay relay = TcpRelay.to(at)) {
      Http2Pair.call(connect(relay.address(), OPTIONS));
      await().until(() -> probes() >= 1);
      relay.stall();

      awaitClosed(client);

      assertThat(client.events).endsWith("suspect PROBE_MISSED", "closed PEER_SILENT");
    }
  }

  @Test
  void aSuspectWhoseReplacementCantConnectOutlivesTheWindow() {
    use(false);
    InetSocketAddress at = pair.serve(loopback(), null, null);
    try (TcpRelay relay = TcpRelay.to(at)) {
      // Its window leaves time to tell it of the replacement.
      LivenessOptions options =
          OPTIONS.withPatience(SECOND.multipliedBy(5), SECOND.multipliedBy(9));
      Http2Pair.call(connect(relay.address(), options));
      await().until(() -> probes() >= 1);
      relay.stall();
      await().until(() -> client.events.contains("suspect PROBE_MISSED"));
      client.watched().replacement(ReplacementState.UNREACHABLE);

      awaitClosed(client);

      assertThat(client.events).endsWith("closed PATH_DOWN");
    }
  }

  @Test
  void bothEndsNameTheSameCodeWhenTheServerGivesUpAClient() {
    LivenessHandler watch =
        new LivenessHandler(
            OPTIONS,
            ctx -> server,
            LivenessMeters.on(registry, ConnectionRole.SERVER),
            ConnectionRole.SERVER);
    InetSocketAddress at = pair.serve(loopback(), watch, null);
    try (TcpRelay relay = TcpRelay.to(at)) {
      connect(relay.address(), LivenessOptions.DEFAULT);
      await().until(() -> server.events.contains("ready"));
      relay.stall(RelayDirection.TO_SERVER);

      awaitClosed(client);
      awaitClosed(server);

      assertThat(server.events).endsWith("closed PEER_STUCK");
      assertThat(client.events).endsWith("closed PEER_STUCK");
    }
  }

  @Test
  void aPeerThatIsStoppedBeforeItsSettingsIsGivenUpInTime() throws IOException {
    try (ServerSocket stopped = new ServerSocket(0, 1, loopback())) {
      LivenessOptions options = OPTIONS.withConnectWithin(Duration.ofMillis(300));
      Channel channel = connect((InetSocketAddress) stopped.getLocalSocketAddress(), options);

      await().untilAsserted(() -> assertThat(closedBy("HF-401")).isEqualTo(1));

      assertThat(channel.isOpen()).isFalse();
      assertThat(client.events).as("was never ready").isEmpty();
    }
  }

  @Test
  void aProofOverEpollCostsADefaultServerNoPing() {
    InetSocketAddress at = pair.serve(loopback(), null, null);
    Channel channel = connect(at, LivenessOptions.DEFAULT.withSafeIdle(Duration.ofMillis(1200)));
    await().until(() -> client.events.contains("ready"));
    await().until(() -> client.watched().isStale(System.nanoTime()));

    client.watched().checkLiveness();

    await().until(() -> client.events.contains("proven"));
    assertThat(client.staleWhenProven).isFalse();
    // On a busy machine the kernel is asked too late at first, and once more by a suspect.
    assertThat(client.events)
        .filteredOn(event -> !event.equals("suspect PROOF_MISSED"))
        .containsExactly("ready", "proven");
    assertThat(probes()).isZero();
    assertThat(registry.get("holdfast.liveness.tcp.keepalive.probes").counter().count())
        .isPositive();
    await()
        .until(
            () -> {
              EpollSocketChannelConfig config = (EpollSocketChannelConfig) channel.config();
              return config.getTcpKeepIdle()
                  == (int) LivenessOptions.DEFAULT.tcp().keepIdle().toSeconds();
            });
  }

  /** Nanoseconds stand still while a machine sleeps, so that they alone say "heard just now". */
  @Test
  void whatWasHeardBeforeTheMachineSleptMakesNoConnectionFitForACall() {
    AtomicLong wallMillis = new AtomicLong(System.currentTimeMillis());
    SleepDetector sleep = new SleepDetector(wallMillis::get, System.nanoTime());
    InetSocketAddress at = pair.serve(loopback(), null, null);
    LivenessOptions calm = LivenessOptions.DEFAULT.withPingPermit(SECOND);
    var meters = LivenessMeters.on(registry, ConnectionRole.CLIENT);
    pair.connect(
        at, new LivenessHandler(calm, c -> client, meters, ConnectionRole.CLIENT, sleep), null);
    await().until(() -> client.events.contains("ready"));
    WatchedConnection only = client.watched();
    long heardNanos = only.lastReadNanos();
    await().until(() -> System.nanoTime() - heardNanos > SECOND.toNanos());
    assertThat(only.isStale(System.nanoTime())).as("the machine was awake").isFalse();

    wallMillis.addAndGet(Duration.ofHours(8).toMillis());
    assertThat(only.isStale(System.nanoTime())).isTrue();
    only.checkLiveness();

    await().untilAsserted(() -> assertThat(client.events).contains("proven"));
    // A kernel that is slow to tell of its answer is asked once more, by a PING.
    assertThat(registry.get("holdfast.liveness.tcp.keepalive.probes").counter().count() + probes())
        .as("it was asked, and not only believed")
        .isPositive();
    await().until(() -> !only.isStale(System.nanoTime()));
  }

  @Test
  void bytesThatComeBeforeTheKernelsAnswerEndItsProbingToo() {
    InetSocketAddress at = pair.serve(loopback(), null, null);
    Channel channel = connect(at, LivenessOptions.DEFAULT.withSafeIdle(Duration.ofMillis(1200)));
    await().until(() -> client.events.contains("ready"));
    await().until(() -> client.watched().isStale(System.nanoTime()));
    EpollSocketChannelConfig config = (EpollSocketChannelConfig) channel.config();
    Channel peer = pair.served.remove();

    // In one turn of the client's loop, so that nothing comes in between.
    channel
        .eventLoop()
        .submit(
            () -> {
              client.watched().checkLiveness();
              channel.pipeline().fireChannelRead(windowUpdate(channel));
            })
        .syncUninterruptibly();

    assertThat(client.events).containsExactly("ready", "proven");
    assertThat(registry.get("holdfast.liveness.tcp.keepalive.probes").counter().count())
        .isEqualTo(1);
    assertThat(config.getTcpKeepIdle()).isEqualTo(45);
    assertThat(peer.isActive()).isTrue();
  }

  /** A frame that nobody answers. */
  private static ByteBuf windowUpdate(Channel channel) {
    ByteBuf frame = channel.alloc().buffer();
    return frame.writeMedium(4).writeByte(8).writeByte(0).writeInt(0).writeInt(1);
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aProofThatDoesNotComeMakesASuspectSoon(boolean epoll) {
    use(epoll);
    InetSocketAddress at = pair.serve(loopback(), null, null);
    try (TcpRelay relay = TcpRelay.to(at)) {
      Channel channel =
          connect(relay.address(), OPTIONS.withProbing(Duration.ofMinutes(1), SECOND));
      await().until(() -> client.events.contains("ready"));
      Http2Pair.call(channel);
      await().until(() -> client.watched().isStale(System.nanoTime()));
      relay.stall();
      client.watched().checkLiveness();

      // Long before the next probe, which would find it out as well.
      await().atMost(LIMIT).until(() -> client.events.size() >= 2);

      assertThat(client.events).startsWith("ready", "suspect PROOF_MISSED");
    }
  }

  @Test
  void aResetIsToldFromAClose() {
    InetSocketAddress at = pair.serve(loopback(), null, null);
    try (TcpRelay relay = TcpRelay.to(at)) {
      connect(relay.address(), OPTIONS);
      await().until(() -> client.events.contains("ready"));
      relay.cut();
      awaitClosed(client);
      assertThat(client.events).endsWith("closed RESET_BY_PATH");
    }
    Heard second = new Heard();
    try (TcpRelay relay = TcpRelay.to(at)) {
      pair.connect(
          relay.address(),
          new LivenessHandler(OPTIONS, ctx -> second, LivenessMeters.NONE, ConnectionRole.CLIENT),
          null);
      await().until(() -> second.events.contains("ready"));
      relay.closeConnections();
      awaitClosed(second);
      assertThat(second.events).endsWith("closed CLOSED_BY_PEER");
    }
  }

  @Test
  void ourOwnCloseIsToldAsSuch() {
    Channel channel = connect(pair.serve(loopback(), null, null), OPTIONS);
    await().until(() -> client.events.contains("ready"));
    channel.close().syncUninterruptibly();
    awaitClosed(client);
    assertThat(client.events).endsWith("closed CLOSED_HERE");
    assertThat(client.watched().isStale(System.nanoTime())).isTrue();
  }

  @Test
  void worksOverIpv6() throws IOException {
    InetSocketAddress at = pair.serve(InetAddress.getByAddress(IPV6_LOOPBACK), null, null);
    Http2Pair.call(connect(at, PATIENT));
    await().atMost(LIMIT).until(() -> probes() >= 2);
    assertThat(client.events).containsExactly("ready");
    assertThat(client.watched().remoteAddress()).isEqualTo(at);
  }

  @Test
  void aConnectionThatNeverOpensLeavesNothingBehind() throws IOException {
    try (RefusingPort nobody = new RefusingPort()) {
      assertThatThrownBy(() -> connect(nobody.address(), OPTIONS))
          .isInstanceOf(ConnectException.class);
    }
    await().until(() -> gauge("OPENING") == 0);
    assertThat(client.events).isEmpty();
  }

  private static void awaitClosed(Heard end) {
    await()
        .atMost(LIMIT)
        .until(() -> end.events.stream().anyMatch(event -> event.startsWith("closed ")));
  }

  private void use(boolean epoll) {
    if (!epoll) {
      pair.close();
      pair = new Http2Pair(false);
    }
  }

  private Channel connect(InetSocketAddress to, LivenessOptions options) {
    return pair.connect(
        to,
        new LivenessHandler(
            options,
            ctx -> client,
            LivenessMeters.on(registry, ConnectionRole.CLIENT),
            ConnectionRole.CLIENT),
        null);
  }

  private double probes() {
    return registry.get("holdfast.liveness.probes").tag("role", "client").counter().count();
  }

  private double closedBy(String code) {
    return registry
        .get("holdfast.liveness.closed")
        .tag("role", "client")
        .tag("code", code)
        .counter()
        .count();
  }

  private double gauge(String state) {
    return registry
        .get("holdfast.liveness.connections")
        .tag("role", "client")
        .tag("state", state)
        .gauge()
        .value();
  }

  private static InetAddress loopback() {
    return InetAddress.getLoopbackAddress();
  }
}
