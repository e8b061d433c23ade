package dev.holdfast.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.holdfast.grpc.internal.transport.EventLoops;
import dev.holdfast.lab.Middlebox;
import dev.holdfast.liveness.ConnectionRole;
import dev.holdfast.liveness.LivenessHandler;
import dev.holdfast.liveness.LivenessMeters;
import dev.holdfast.liveness.LivenessOptions;
import dev.holdfast.liveness.SleepDetector;
import io.grpc.ManagedChannel;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.NettyChannelBuilder;
import io.netty.channel.Channel;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/**
 * A machine that is suspended: {@code System.nanoTime()} stands still and the wall clock goes on. A
 * stopped process ({@link SleepingClientTest}) does not show this, its clocks agree.
 */
@Execution(ExecutionMode.CONCURRENT)
class SleptMachineTest {
  private static final Duration QUIET = Duration.ofMillis(500);

  private final LoopbackTopology loopbackTopology = new LoopbackTopology();
  private final List<LivenessHandler> handlers = new CopyOnWriteArrayList<>();
  private final List<Channel> channels = new CopyOnWriteArrayList<>();
  private final AtomicLong wallMillis = new AtomicLong(System.currentTimeMillis());
  private final SleepDetector sleep = new SleepDetector(wallMillis::get, System.nanoTime());
  private LivenessOptions options = LivenessOptions.DEFAULT.withPingPermit(LoopbackTopology.PERMIT);

  @AfterEach
  void close() {
    loopbackTopology.close();
  }

  @Test
  void theFirstCallAfterWakingGoesToAReplacementWhenThePathForgotTheConnectionMeanwhile()
      throws Exception {
    HoldfastServer server =
        loopbackTopology.serveUnregistered(
            new WordsService("a"), LoopbackTopology.permitting(loopbackTopology.server()));
    try (Middlebox path = Middlebox.toPort(server.getPort()).start()) {
      ManagedChannel channel = channelTo(path);
      assertThat(LoopbackTopology.call(channel, WordsService.PLACE)).isEqualTo("a");
      path.forgetFlows();
      sleepForEightHours();
      assertThat(LoopbackTopology.call(channel, WordsService.PLACE)).isEqualTo("a");
      assertThat(path.counts().opened()).isEqualTo(2);
    }
  }

  /** What the wall clock is read for: by the other clock this connection was heard just now. */
  @Test
  void withoutALookAtTheWallClockTheSameCallGoesToTheDeadConnection() throws Exception {
    HoldfastServer server =
        loopbackTopology.serveUnregistered(
            new WordsService("a"), LoopbackTopology.permitting(loopbackTopology.server()));
    try (Middlebox path = Middlebox.toPort(server.getPort()).start()) {
      ManagedChannel channel = channelTo(path);
      assertThat(LoopbackTopology.call(channel, WordsService.PLACE)).isEqualTo("a");
      path.forgetFlows();
      assertThatThrownBy(() -> LoopbackTopology.call(channel, WordsService.PLACE, 2))
          .isInstanceOf(StatusRuntimeException.class);
      assertThat(verifications()).isZero();
    }
  }

  @Test
  void whereThePathKeptItTheConnectionProvesItselfOnceAndGoesOn() throws Exception {
    HoldfastServer server =
        loopbackTopology.serveUnregistered(
            new WordsService("a"), LoopbackTopology.permitting(loopbackTopology.server()));
    try (Middlebox path = Middlebox.toPort(server.getPort()).start()) {
      ManagedChannel channel = channelTo(path);
      for (int i = 0; i < 20; i++) {
        assertThat(LoopbackTopology.call(channel, WordsService.PLACE)).isEqualTo("a");
      }
      assertThat(verifications()).as("awake").isZero();
      sleepForEightHours();
      for (int i = 0; i < 20; i++) {
        assertThat(LoopbackTopology.call(channel, WordsService.PLACE)).isEqualTo("a");
      }
      assertThat(verifications()).isEqualTo(1);
    }
  }

  /** By the other clock it would not be asked about for ten minutes. */
  @Test
  void aHeldStreamIsAskedAboutRightAfterWaking() throws Exception {
    HoldfastServer server =
        loopbackTopology.serveUnregistered(
            new WordsService("a"), LoopbackTopology.permitting(loopbackTopology.server()));
    try (Middlebox path = Middlebox.toPort(server.getPort()).start()) {
      options = options.withProbing(Duration.ofMinutes(10), Duration.ofSeconds(10));
      ManagedChannel channel = channelTo(path);
      HeldStream held = HeldStream.talk(channel);
      await().until(() -> held.heard().equals(List.of("a")));
      path.forgetFlows();
      sleepForEightHours();
      await()
          .atMost(Duration.ofSeconds(60))
          .until(() -> loopbackTopology.count("holdfast.liveness.suspected", "role", "client") > 0);
      assertThat(held.isOpen()).isTrue();
      assertThat(LoopbackTopology.call(channel, WordsService.PLACE)).isEqualTo("a");
    }
  }

  /**
   * Begun when nothing was heard for a while and nothing waits to be read, as what is read after it
   * is heard by a machine that is awake.
   */
  private void sleepForEightHours() {
    LivenessHandler only = handlers.get(0);
    await().until(() -> System.nanoTime() - only.lastReadNanos() > QUIET.toNanos());
    // A loop reads what has come before it does what it is told; the first may come in between.
    channels.get(0).eventLoop().submit(() -> {}).syncUninterruptibly();
    channels.get(0).eventLoop().submit(() -> {}).syncUninterruptibly();
    wallMillis.addAndGet(Duration.ofHours(8).toMillis());
  }

  private double verifications() {
    var counter = loopbackTopology.meters.find("holdfast.grpc.liveness.checks").counter();
    return counter == null ? 0 : counter.count();
  }

  private ManagedChannel channelTo(Middlebox path) {
    loopbackTopology.announce(path.address());
    return loopbackTopology.channel(loopbackTopology.builder().configureNetty(this::watch));
  }

  /** As the builder does, on a machine whose clocks are ours. */
  private void watch(NettyChannelBuilder builder) {
    EventLoops loops = EventLoops.shared();
    LivenessMeters meters = LivenessMeters.on(loopbackTopology.meters, ConnectionRole.CLIENT);
    builder
        .eventLoopGroup(loops.workers())
        .channelFactory(
            () -> {
              Channel channel = loops.newClientChannel();
              LivenessHandler handler =
                  new LivenessHandler(
                      options,
                      ClientChannelFactory::observerOf,
                      meters,
                      ConnectionRole.CLIENT,
                      sleep);
              handlers.add(handler);
              channels.add(channel);
              channel.pipeline().addFirst(handler);
              return channel;
            });
  }
}
