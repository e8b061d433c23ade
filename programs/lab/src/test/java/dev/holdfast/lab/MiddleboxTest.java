package dev.holdfast.lab;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.holdfast.core.testkit.VirtualScheduler;
import dev.holdfast.lab.FlowEvent.FlowEventKind;
import dev.holdfast.lab.PathFaults.CountedTraffic;
import dev.holdfast.lab.PathFaults.IdleAction;
import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollSocketChannel;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import jdk.net.ExtendedSocketOptions;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

// Each test opens its own middlebox.
@SuppressWarnings("NullAway.Init")
class MiddleboxTest {
  private static final Duration LIMIT = Duration.ofSeconds(60);
  private static final Duration SWARM = Duration.ofMinutes(15);
  private static final int QUICK_MILLIS = 200;

  private final VirtualScheduler time = new VirtualScheduler();
  private final ConcurrentLinkedQueue<FlowEvent> events = new ConcurrentLinkedQueue<>();
  private ServerSocket target;
  private Middlebox middlebox;

  @BeforeEach
  void open() throws IOException {
    target = new ServerSocket(0, 500, InetAddress.getLoopbackAddress());
  }

  @AfterEach
  void close() throws IOException {
    if (middlebox != null) {
      middlebox.close();
    }
    target.close();
  }

  @Test
  void manyBytesArriveWholeBothWaysAndTheirEndsBehindThem() throws Exception {
    inVirtualTime(PathFaults.NONE);
    byte[] bytes = new byte[4 * 1024 * 1024];
    new Random(7).nextBytes(bytes);
    try (FlowPair pair = connect()) {
      CompletableFuture<Void> sent = CompletableFuture.runAsync(() -> sendAll(pair.client, bytes));
      assertThat(pair.server.getInputStream().readAllBytes()).isEqualTo(bytes);
      sent.get(60, TimeUnit.SECONDS);
      pair.serverSays("done");
      assertThat(pair.clientHears(4)).isEqualTo("done");
      pair.server.shutdownOutput();
      assertThat(pair.client.getInputStream().read()).isEqualTo(-1);
    }
    awaitEvent(FlowEventKind.ENDED);
    assertThat(middlebox.counts().open()).isZero();
    assertThat(middlebox.counts().bytesToServer()).isEqualTo(bytes.length);
  }

  @Test
  void aConnectionThatWasQuietForTheTimeoutIsDroppedSilently() throws Exception {
    inVirtualTime(idle(IdleAction.DROP).build());
    try (FlowPair pair = connect()) {
      exchange(pair);
      advance(SWARM.minusSeconds(1));
      exchange(pair);
      advance(SWARM.minusSeconds(1));
      exchange(pair);
      assertThat(flowEventKinds()).containsExactly(FlowEventKind.OPENED);
      advance(SWARM.plusSeconds(1));
      awaitEvent(FlowEventKind.IDLE_DROPPED);
      pair.clientSays("anyone?");
      assertHearsNothing(pair.server);
      pair.serverSays("anyone?");
      assertHearsNothing(pair.client);
      assertThat(middlebox.counts().silenced()).isEqualTo(1);
      assertThat(middlebox.counts().open()).isZero();
    }
  }

  @Test
  void theNextPacketAfterAnIdleResetGetsARst() throws Exception {
    inVirtualTime(idle(IdleAction.RESET).build());
    try (FlowPair pair = connect()) {
      exchange(pair);
      advance(SWARM.plusSeconds(1));
      awaitEvent(FlowEventKind.IDLE_FORGOTTEN);
      assertHearsNothing(pair.client);
      pair.clientSays("first");
      assertThatThrownBy(() -> pair.client.getInputStream().read())
          .isInstanceOf(SocketException.class);
      // The server has said nothing, so it does not know yet.
      assertHearsNothing(pair.server);
      pair.serverSays("me too");
      assertThatThrownBy(() -> pair.server.getInputStream().read())
          .isInstanceOf(SocketException.class);
      await().atMost(LIMIT).until(() -> middlebox.counts().open() == 0);
      assertThat(flowEventKinds())
          .containsExactly(
              FlowEventKind.OPENED,
              FlowEventKind.IDLE_FORGOTTEN,
              FlowEventKind.RST,
              FlowEventKind.RST);
    }
  }

  @Test
  void anIdleCloseEndsBothSidesWithAFin() throws Exception {
    inVirtualTime(idle(IdleAction.CLOSE).build());
    try (FlowPair pair = connect()) {
      exchange(pair);
      advance(SWARM.plusSeconds(1));
      assertThat(pair.client.getInputStream().read()).isEqualTo(-1);
      assertThat(pair.server.getInputStream().read()).isEqualTo(-1);
      assertThat(middlebox.counts().closed()).isEqualTo(1);
    }
  }

  @Test
  void speedDividesEveryTime() throws Exception {
    inVirtualTime(idle(IdleAction.DROP).speed(100).build());
    try (FlowPair pair = connect()) {
      exchange(pair);
      advance(Duration.ofMillis(8_900));
      exchange(pair);
      assertThat(flowEventKinds()).containsExactly(FlowEventKind.OPENED);
      advance(Duration.ofMillis(9_010));
      awaitEvent(FlowEventKind.IDLE_DROPPED);
    }
  }

  @Test
  void faultsChangeForOpenConnectionsAtOnce() throws Exception {
    inVirtualTime(PathFaults.NONE);
    try (FlowPair pair = connect()) {
      exchange(pair);
      advance(SWARM.multipliedBy(10));
      exchange(pair);
      middlebox.faults(idle(IdleAction.CLOSE).build());
      advance(SWARM.plusSeconds(1));
      assertThat(pair.client.getInputStream().read()).isEqualTo(-1);
    }
  }

  @Test
  void lossInOneDirectionLeavesTheOtherOneOpen() throws Exception {
    inVirtualTime(
        PathFaults.builder().loss(RelayDirection.TO_SERVER, Duration.ofSeconds(5)).build());
    try (FlowPair pair = connect()) {
      exchange(pair);
      advance(Duration.ofSeconds(6));
      awaitEvent(FlowEventKind.LOSS_BEGAN);
      pair.clientSays("lost");
      assertHearsNothing(pair.server);
      pair.serverSays("arrives");
      assertThat(pair.clientHears(7)).isEqualTo("arrives");
    }
  }

  @Test
  void latencyHoldsBytesBackAndJitterComesFromTheSeed() throws Exception {
    inVirtualTime(
        PathFaults.builder().latency(Duration.ofMillis(100), Duration.ofMillis(50)).build());
    try (FlowPair pair = connect()) {
      pair.clientSays("later");
      await().atMost(LIMIT).until(() -> time.pending() > 0);
      assertHearsNothing(pair.server);
      advance(Duration.ofMillis(150));
      assertThat(pair.serverHears(5)).isEqualTo("later");
    }
  }

  @Test
  void aCutEndsBothSidesInTheMiddleOfTheBytes() throws Exception {
    inVirtualTime(PathFaults.builder().cut(RelayDirection.TO_SERVER, 5).build());
    try (FlowPair pair = connect()) {
      pair.clientSays("0123456789");
      assertThat(pair.serverHears(5)).isEqualTo("01234");
      assertThatThrownBy(() -> pair.server.getInputStream().read())
          .isInstanceOf(SocketException.class);
      assertThatThrownBy(() -> pair.client.getInputStream().read())
          .isInstanceOf(SocketException.class);
      awaitEvent(FlowEventKind.CUT);
      assertThat(middlebox.counts().bytesToServer()).isEqualTo(5);
    }
  }

  @Test
  void halfOpenResetsTheServerAndTellsTheClientNothing() throws Exception {
    inVirtualTime(PathFaults.builder().halfOpenAfter(Duration.ofSeconds(5)).build());
    try (FlowPair pair = connect()) {
      exchange(pair);
      advance(Duration.ofSeconds(6));
      assertThatThrownBy(() -> pair.server.getInputStream().read())
          .isInstanceOf(SocketException.class);
      pair.clientSays("anyone?");
      assertHearsNothing(pair.client);
    }
  }

  @Test
  void forgottenConnectionsAreSilentAndNewOnesPass() throws Exception {
    inVirtualTime(PathFaults.NONE);
    try (FlowPair old = connect()) {
      exchange(old);
      middlebox.forgetFlows();
      try (FlowPair fresh = connect()) {
        exchange(fresh);
      }
      old.clientSays("anyone?");
      assertHearsNothing(old.server);
      assertHearsNothing(old.client);
    }
  }

  @Test
  void aTargetThatIsAwayMeansARst() throws Exception {
    inVirtualTime(PathFaults.NONE);
    target.close();
    try (Socket client = new Socket()) {
      client.connect(middlebox.address());
      client.setSoTimeout(FlowPair.LIMIT_MILLIS);
      assertThatThrownBy(() -> client.getInputStream().read()).isInstanceOf(SocketException.class);
    }
    awaitEvent(FlowEventKind.TARGET_REFUSED);
  }

  @Test
  void threeHundredConnectionsAreDroppedTogether() throws Exception {
    inVirtualTime(idle(IdleAction.DROP).build());
    List<FlowPair> pairs = new ArrayList<>();
    try {
      for (int i = 0; i < 300; i++) {
        pairs.add(connect());
      }
      for (FlowPair pair : pairs) {
        exchange(pair);
      }
      advance(SWARM.plusSeconds(1));
      await().atMost(LIMIT).until(() -> middlebox.counts().silenced() == 300);
    } finally {
      for (FlowPair pair : pairs) {
        pair.close();
      }
    }
  }

  @Test
  void aDroppedConnectionIsNotEvenAcknowledged() throws Exception {
    inRealTime(PathFaults.NONE);
    assumeTrue(middlebox.isFaithful(), "epoll is missing");
    var loop = new MultiThreadIoEventLoopGroup(1, EpollIoHandler.newFactory());
    try {
      var connected =
          new Bootstrap()
              .group(loop)
              .channel(EpollSocketChannel.class)
              .handler(new ChannelInboundHandlerAdapter())
              .connect(middlebox.address())
              .syncUninterruptibly();
      EpollSocketChannel client = (EpollSocketChannel) connected.channel();
      client.writeAndFlush(Unpooled.copiedBuffer(new byte[] {1})).syncUninterruptibly();
      await().atMost(LIMIT).until(() -> client.tcpInfo().unacked() == 0);
      // The kernel acknowledges before the middlebox has heard of the connection.
      awaitEvent(FlowEventKind.OPENED);
      middlebox.forgetFlows();
      client.writeAndFlush(Unpooled.copiedBuffer(new byte[] {2})).syncUninterruptibly();
      await().atMost(LIMIT).until(() -> client.tcpInfo().retrans() > 0);
      assertThat(client.tcpInfo().unacked()).isPositive();
    } finally {
      loop.shutdownGracefully(0, 1, TimeUnit.SECONDS).syncUninterruptibly();
    }
  }

  @Test
  void aForgottenConnectionAnswersEvenAKeepaliveProbeWithARstAndAcknowledgesNothing()
      throws Exception {
    inRealTime(PathFaults.NONE);
    assumeTrue(middlebox.isFaithful(), "epoll is missing");
    try (FlowPair pair = connect()) {
      exchange(pair);
      middlebox.faults(PathFaults.builder().idle(Duration.ofMillis(500), IdleAction.RESET).build());
      awaitEvent(FlowEventKind.IDLE_FORGOTTEN);
      keepAliveEverySecond(pair.client);
      assertThatThrownBy(() -> pair.client.getInputStream().read())
          .isInstanceOf(SocketException.class);
      awaitEvent(FlowEventKind.RST);
    }
  }

  @Test
  void keepaliveOfTheKernelCountsForANatAndNotForAProxy() throws Exception {
    Duration timeout = Duration.ofMillis(2_500);
    inRealTime(PathFaults.NONE);
    assumeTrue(middlebox.isFaithful(), "epoll is missing");
    try (FlowPair pair = connect()) {
      keepAliveEverySecond(pair.client);
      awaitEvent(FlowEventKind.OPENED);
      middlebox.faults(PathFaults.builder().idle(timeout, IdleAction.CLOSE).build());
      long begun = System.nanoTime();
      await()
          .pollInterval(Duration.ofMillis(100))
          .atMost(LIMIT)
          .until(() -> System.nanoTime() - begun > timeout.multipliedBy(2).toNanos());
      assertThat(flowEventKinds()).containsExactly(FlowEventKind.OPENED);
      middlebox.faults(
          PathFaults.builder().idle(timeout, IdleAction.CLOSE, CountedTraffic.BYTES).build());
      awaitEvent(FlowEventKind.IDLE_CLOSED);
    }
  }

  @Test
  void anEventIsALineOfJson() {
    assertThat(
            new FlowEvent(Duration.ofMillis(1_500), 3, FlowEventKind.IDLE_DROPPED, "a \"b\"")
                .toJson())
        .isEqualTo("{\"at\":1.5,\"flow\":3,\"event\":\"idle-dropped\",\"detail\":\"a ?b?\"}");
  }

  private static void keepAliveEverySecond(Socket socket) throws IOException {
    socket.setKeepAlive(true);
    socket.setOption(ExtendedSocketOptions.TCP_KEEPIDLE, 1);
    socket.setOption(ExtendedSocketOptions.TCP_KEEPINTERVAL, 1);
  }

  private static PathFaults.Builder idle(IdleAction action) {
    return PathFaults.builder().idle(SWARM, action, CountedTraffic.BYTES);
  }

  private void inVirtualTime(PathFaults faults) {
    middlebox =
        Middlebox.toPort(target.getLocalPort())
            .faults(faults)
            .events(events::add)
            .scheduler(time)
            .start();
  }

  private void inRealTime(PathFaults faults) {
    middlebox = Middlebox.toPort(target.getLocalPort()).faults(faults).events(events::add).start();
  }

  private FlowPair connect() throws IOException {
    return FlowPair.through(middlebox.address(), target);
  }

  private static void exchange(FlowPair pair) throws IOException {
    pair.clientSays("ping");
    assertThat(pair.serverHears(4)).isEqualTo("ping");
    pair.serverSays("pong");
    assertThat(pair.clientHears(4)).isEqualTo("pong");
  }

  /** Time moves, and the loop has done by then what it brings. */
  private void advance(Duration by) {
    middlebox.counts();
    time.advance(by);
    middlebox.counts();
  }

  private List<FlowEventKind> flowEventKinds() {
    return events.stream().map(FlowEvent::kind).toList();
  }

  private void awaitEvent(FlowEventKind flowEventKind) {
    await(flowEventKind.text()).atMost(LIMIT).until(() -> flowEventKinds().contains(flowEventKind));
  }

  private static void assertHearsNothing(Socket socket) throws IOException {
    socket.setSoTimeout(QUICK_MILLIS);
    assertThatThrownBy(() -> socket.getInputStream().read())
        .isInstanceOf(SocketTimeoutException.class);
    socket.setSoTimeout(FlowPair.LIMIT_MILLIS);
  }

  private static void sendAll(Socket to, byte[] bytes) {
    try {
      to.getOutputStream().write(Arrays.copyOf(bytes, bytes.length));
      to.shutdownOutput();
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }
}
