package dev.holdfast.liveness;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

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
import java.net.Socket;
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
    Channel channel = connect(at, OPTIONS);
    Http2Pair.call(channel);

    await().until(() -> probes() >= 3);

    assertThat(client.events).containsExactly("ready");
    assertThat(pair.strayPings).isEmpty();
    assertThat(pair.failures).isEmpty();
    assertThat(gauge("LIVE") + gauge("PROBING")).isEqualTo(1);
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aLateAnswerIsForgivenAndTheStreamStays(boolean epoll) {
    use(epoll);
    InetSocketAddress at = pair.serve(loopback(), null, null);
    try (TcpRelay relay = TcpRelay.to(at)) {
      Channel channel = connect(relay.address(), OPTIONS);
      Channel stream = Http2Pair.call(channel);
      await().until(() -> probes() >= 1);

      relay.stall();
      await().until(() -> client.events.contains("suspect PROBE_MISSED"));
      assertThat(client.watched().isStale(System.nanoTime())).isTrue();
      relay.heal();

      await().until(() -> client.events.contains("proven"));
      assertThat(client.watched().isStale(System.nanoTime())).isFalse();
      assertThat(client.events).containsExactly("ready", "suspect PROBE_MISSED", "proven");
      assertThat(stream.isActive()).isTrue();
      assertThat(registry.get("holdfast.liveness.forgiven").counter().count()).isEqualTo(1);
    }
  }

  @Test
  void aPeerWhoseKernelAcknowledgesAloneIsGivenUpAtTheHardLimit() {
    InetSocketAddress at = pair.serve(loopback(), null, null);
    try (TcpRelay relay = TcpRelay.to(at)) {
      Http2Pair.call(connect(relay.address(), OPTIONS));
      await().until(() -> probes() >= 1);
      long stalledNanos = System.nanoTime();
      relay.stall();

      await().atMost(Duration.ofSeconds(20)).until(() -> client.events.size() == 3);

      Duration took = Duration.ofNanos(System.nanoTime() - stalledNanos);
      assertThat(client.events)
          .containsExactly("ready", "suspect PROBE_MISSED", "closed PEER_STUCK");
      assertThat(took)
          .isBetween(OPTIONS.hardLimit().minus(SECOND), OPTIONS.hardLimit().multipliedBy(3));
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

      await().atMost(Duration.ofSeconds(20)).until(() -> client.events.size() == 3);

      assertThat(client.events)
          .containsExactly("ready", "suspect PROBE_MISSED", "closed PEER_SILENT");
    }
  }

  @Test
  void aSuspectWhoseTwinCantConnectOutlivesTheWindow() {
    use(false);
    InetSocketAddress at = pair.serve(loopback(), null, null);
    try (TcpRelay relay = TcpRelay.to(at)) {
      Http2Pair.call(connect(relay.address(), OPTIONS));
      await().until(() -> probes() >= 1);
      relay.stall();
      await().until(() -> client.events.size() == 2);
      client.watched().twin(TwinState.UNREACHABLE);

      await().atMost(Duration.ofSeconds(20)).until(() -> client.events.size() == 3);

      assertThat(client.events).endsWith("closed PATH_DOWN");
    }
  }

  @Test
  void bothEndsNameTheSameCodeWhenTheServerGivesUpAClient() {
    LivenessHandler watch =
        new LivenessHandler(
            OPTIONS, ctx -> server, LivenessMeters.on(registry, Role.SERVER), Role.SERVER);
    InetSocketAddress at = pair.serve(loopback(), watch, null);
    try (TcpRelay relay = TcpRelay.to(at)) {
      connect(relay.address(), LivenessOptions.DEFAULT);
      await().until(() -> server.events.contains("ready"));
      relay.stall(RelayDirection.TO_SERVER);

      await().atMost(Duration.ofSeconds(30)).until(() -> client.events.size() == 2);

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

    client.watched().prove();

    await().until(() -> client.events.contains("proven"));
    assertThat(client.events).containsExactly("ready", "proven");
    assertThat(probes()).isZero();
    assertThat(registry.get("holdfast.liveness.nudges").counter().count()).isEqualTo(1);
    assertThat(client.watched().isStale(System.nanoTime())).isFalse();
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
    SleepWatch sleep = new SleepWatch(wallMillis::get, System.nanoTime());
    InetSocketAddress at = pair.serve(loopback(), null, null);
    LivenessOptions calm = LivenessOptions.DEFAULT.withPingPermit(SECOND);
    var meters = LivenessMeters.on(registry, Role.CLIENT);
    pair.connect(at, new LivenessHandler(calm, c -> client, meters, Role.CLIENT, sleep), null);
    await().until(() -> client.events.contains("ready"));
    WatchedConnection only = client.watched();
    long heardNanos = only.lastReadNanos();
    await().until(() -> System.nanoTime() - heardNanos > SECOND.toNanos());
    assertThat(only.isStale(System.nanoTime())).as("the machine was awake").isFalse();

    wallMillis.addAndGet(Duration.ofHours(8).toMillis());
    assertThat(only.isStale(System.nanoTime())).isTrue();
    only.prove();

    await().untilAsserted(() -> assertThat(client.events).contains("proven"));
    // A kernel that is slow to tell of its answer is asked once more, by a PING.
    assertThat(registry.get("holdfast.liveness.nudges").counter().count() + probes())
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
              client.watched().prove();
              channel.pipeline().fireChannelRead(windowUpdate(channel));
            })
        .syncUninterruptibly();

    assertThat(client.events).containsExactly("ready", "proven");
    assertThat(registry.get("holdfast.liveness.nudges").counter().count()).isEqualTo(1);
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
  void aProofThatDoesNotComeMakesASuspectWithinASecond(boolean epoll) {
    use(epoll);
    InetSocketAddress at = pair.serve(loopback(), null, null);
    try (TcpRelay relay = TcpRelay.to(at)) {
      Channel channel =
          connect(relay.address(), OPTIONS.withProbing(Duration.ofMinutes(1), SECOND));
      await().until(() -> client.events.contains("ready"));
      Http2Pair.call(channel);
      await().until(() -> client.watched().isStale(System.nanoTime()));
      relay.stall();
      client.watched().prove();

      await().atMost(Duration.ofSeconds(3)).until(() -> client.events.size() == 2);

      assertThat(client.events).containsExactly("ready", "suspect PROOF_MISSED");
    }
  }

  @Test
  void aResetIsToldFromAClose() {
    InetSocketAddress at = pair.serve(loopback(), null, null);
    try (TcpRelay relay = TcpRelay.to(at)) {
      connect(relay.address(), OPTIONS);
      await().until(() -> client.events.contains("ready"));
      relay.cut();
      await().until(() -> client.events.size() == 2);
      assertThat(client.events).endsWith("closed RESET_BY_PATH");
    }
    Heard second = new Heard();
    try (TcpRelay relay = TcpRelay.to(at)) {
      pair.connect(
          relay.address(),
          new LivenessHandler(OPTIONS, ctx -> second, LivenessMeters.NONE, Role.CLIENT),
          null);
      await().until(() -> second.events.contains("ready"));
      relay.closeConnections();
      await().until(() -> second.events.size() == 2);
      assertThat(second.events).endsWith("closed CLOSED_BY_PEER");
    }
  }

  @Test
  void ourOwnCloseIsToldAsSuch() {
    Channel channel = connect(pair.serve(loopback(), null, null), OPTIONS);
    await().until(() -> client.events.contains("ready"));
    channel.close().syncUninterruptibly();
    await().until(() -> client.events.size() == 2);
    assertThat(client.events).endsWith("closed CLOSED_HERE");
    assertThat(client.watched().isStale(System.nanoTime())).isTrue();
  }

  @Test
  void worksOverIpv6() throws IOException {
    InetSocketAddress at = pair.serve(InetAddress.getByAddress(IPV6_LOOPBACK), null, null);
    Http2Pair.call(connect(at, OPTIONS));
    await().until(() -> probes() >= 2);
    assertThat(client.events).containsExactly("ready");
    assertThat(client.watched().remoteAddress()).isEqualTo(at);
  }

  @Test
  void aConnectionThatNeverOpensLeavesNothingBehind() throws IOException {
    int port;
    try (ServerSocket gone = new ServerSocket(0, 1, loopback())) {
      port = gone.getLocalPort();
    }
    assertThat(canConnect(port)).isFalse();
    assertThatThrownBy(() -> connect(new InetSocketAddress(loopback(), port), OPTIONS))
        .isInstanceOf(ConnectException.class);
    await().until(() -> gauge("OPENING") == 0);
    assertThat(client.events).isEmpty();
  }

  private static boolean canConnect(int port) {
    try (Socket socket = new Socket(loopback(), port)) {
      return socket.isConnected();
    } catch (IOException e) {
      return false;
    }
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
            options, ctx -> client, LivenessMeters.on(registry, Role.CLIENT), Role.CLIENT),
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
