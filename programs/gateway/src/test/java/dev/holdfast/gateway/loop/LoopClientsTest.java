package dev.holdfast.gateway.loop;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.channel.Channel;
import io.netty.channel.embedded.EmbeddedChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** In which order and how fast clients are let go; in virtual time. */
class LoopClientsTest {
  private static final int SEED = 7;
  private static final Duration TURN = Duration.ofMillis(10);
  private static final Duration ACKNOWLEDGE = Duration.ofSeconds(10);
  private static final Duration UNARY = Duration.ofSeconds(30);
  private static final Duration STREAMS = Duration.ofMinutes(5);

  private final EmbeddedChannel time = new EmbeddedChannel();
  private final LoopClients clients = new LoopClients(time.eventLoop(), new Random(SEED));
  private final List<Recorded> here = new ArrayList<>();
  private final List<Recorded> told = new ArrayList<>();
  private final List<Recorded> cut = new ArrayList<>();
  private final List<Recorded> ended = new ArrayList<>();
  private boolean allGone;

  LoopClientsTest() {
    time.freezeTime();
  }

  /** A client that stays whatever it is told. */
  private final class Recorded implements ClientConnection {
    private final EmbeddedChannel channel = new EmbeddedChannel();

    @Override
    public Channel channel() {
      return channel;
    }

    @Override
    public void drain(String why, long acknowledgeNanos) {
      told.add(this);
    }

    @Override
    public void endCalls(boolean streamsToo) {
      (streamsToo ? ended : cut).add(this);
    }
  }

  @Test
  void aFewAreToldAtOnce() {
    drain(10, UNARY);
    assertThat(told).hasSize(10);
  }

  @Test
  void manyAreToldOneAfterTheOtherInAnOrderOfChance() {
    drain(1_000, UNARY);
    assertThat(told).hasSize(10);
    pass(Duration.ofMillis(500));
    assertThat(told).hasSize(510);
    pass(Duration.ofMillis(500));
    assertThat(told).containsExactlyInAnyOrderElementsOf(here).isNotEqualTo(here);
  }

  @Test
  void allAreToldInTwoSecondsHoweverManyTheyAre() {
    drain(5_000, UNARY);
    assertThat(told).hasSize(25);
    pass(LoopClients.SPREAD);
    assertThat(told).hasSize(5_000);
  }

  @Test
  void allAreToldAtOnceWhereNoTimeIsLeft() {
    drain(1_000, Duration.ZERO);
    assertThat(told).hasSize(1_000);
  }

  @Test
  void whoIsGoneIsNotTold() {
    drain(20, UNARY);
    for (Recorded each : here) {
      if (!told.contains(each)) {
        var unused = each.channel.close();
      }
    }
    pass(LoopClients.SPREAD);
    assertThat(told).hasSize(10);
  }

  @Test
  void callsEndOneAfterTheOtherTooAndEachClientHasTimeToReadItsAnswers() {
    drain(1_000, UNARY);
    pass(UNARY);
    assertThat(cut).hasSize(10);
    pass(LoopClients.SPREAD);
    assertThat(cut).hasSize(1_000);
    assertThat(ended).isEmpty();
    pass(STREAMS.minus(UNARY).minus(LoopClients.SPREAD));
    assertThat(ended).hasSize(10);
    pass(Duration.ofMillis(990));
    assertThat(ended).hasSize(1_000);
    pass(LoopClients.FINAL_READ_TIME.minus(TURN));
    assertThat(here).allMatch(each -> each.channel.isOpen());
    assertThat(allGone).isFalse();
    pass(TURN);
    assertThat(allGone).isTrue();
  }

  private void drain(int count, Duration unary) {
    for (int i = 0; i < count; i++) {
      Recorded client = new Recorded();
      here.add(client);
      clients.add(client);
    }
    var unused = clients.drain(ACKNOWLEDGE, unary, STREAMS, () -> allGone = true);
  }

  private void pass(Duration duration) {
    for (Duration left = duration; left.compareTo(Duration.ZERO) > 0; left = left.minus(TURN)) {
      time.advanceTimeBy(TURN.toNanos(), TimeUnit.NANOSECONDS);
      time.runScheduledPendingTasks();
    }
    time.runPendingTasks();
  }
}
