package dev.holdfast.liveness;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Random;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/**
 * A client that pings whenever its budget lets it, beside gRPC's PINGs for the bandwidth, over
 * paths that stall and deliver in bursts, to a server with default settings.
 */
class PingBudgetSimulationTest {
  private static final int SEEDS = 1_000;
  private static final int STEPS = 3_000;
  private static final long STEP_NANOS = Duration.ofMillis(20).toNanos();
  private static final long MOST_STALL_NANOS = Duration.ofSeconds(10).toNanos();

  @Test
  void noSeedEarnsAFatalStrikeAndManyUseTheSecondPing() {
    int secondPings = 0;
    for (int seed = 0; seed < SEEDS; seed++) {
      Play play = new Play(seed, new PingBudget(0, LivenessOptions.DEFAULT, ConnectionRole.CLIENT));
      assertThat(play.isFatal()).as("seed %d", seed).isFalse();
      secondPings += play.secondPings;
    }
    assertThat(secondPings).as("pings after gRPC's own, with no frame in between").isPositive();
  }

  @Test
  void aBudgetOfOnePingMoreThanThereIsRoomForIsCaught() {
    assertThat(
            caught(
                () ->
                    new PingBudget(0, LivenessOptions.DEFAULT, ConnectionRole.CLIENT) {
                      @Override
                      int strikes() {
                        return super.strikes() - 1;
                      }
                    }))
        .isPositive();
  }

  /** As it was once: a PING under way when the server wrote the frame was taken for forgiven. */
  @Test
  void aBudgetThatCountsFromTheSendingAndNotFromTheAnswerIsCaught() {
    assertThat(caught(CountsFromTheSending::new)).isPositive();
  }

  private static int caught(Supplier<PingBudget> budget) {
    int caught = 0;
    for (int seed = 0; seed < SEEDS; seed++) {
      caught += new Play(seed, budget.get()).isFatal() ? 1 : 0;
    }
    return caught;
  }

  private static final class CountsFromTheSending extends PingBudget {
    private long nowNanos;
    private long lastPingNanos;
    private long callFrameNanos;

    CountsFromTheSending() {
      super(0, LivenessOptions.DEFAULT, ConnectionRole.CLIENT);
    }

    @Override
    void onCallFrame(long atNanos) {
      callFrameNanos = atNanos;
    }

    @Override
    void onSent() {
      super.onSent();
      lastPingNanos = nowNanos;
    }

    @Override
    void onForeignAnswered(long atNanos) {
      lastPingNanos = atNanos;
    }

    @Override
    boolean mayPing(long atNanos, boolean hasCalls) {
      nowNanos = atNanos;
      return unanswered() == 0 && callFrameNanos - lastPingNanos > 0;
    }
  }

  private enum Kind {
    FRAME,
    OWN,
    FOREIGN
  }

  private record Sent(Kind kind, long dueNanos) {}

  /** One direction: in order, with delays that stay for all that follows. */
  private static final class Way {
    private final Deque<Sent> under = new ArrayDeque<>();
    private long lastDueNanos;

    void send(Kind kind, long nowNanos, long delayNanos) {
      lastDueNanos = Math.max(lastDueNanos, nowNanos + delayNanos);
      under.addLast(new Sent(kind, lastDueNanos));
    }

    @Nullable Kind due(long nowNanos) {
      return under.isEmpty() || under.getFirst().dueNanos > nowNanos
          ? null
          : under.removeFirst().kind;
    }
  }

  private static final class Play {
    private final Random random;
    private final PingBudget budget;
    private final SimulatedKeepAliveEnforcer enforcer = new SimulatedKeepAliveEnforcer(0);
    private final Way toServer = new Way();
    private final Way toClient = new Way();
    private final double frames;
    private final double stalls;
    private boolean measuring;
    private boolean pingedByGrpc;
    int secondPings;

    Play(long seed, PingBudget budget) {
      this.random = new Random(seed);
      this.budget = budget;
      frames = random.nextDouble() / (1 + random.nextInt(200));
      stalls = random.nextDouble() / 50;
      for (int step = 1; step <= STEPS; step++) {
        server(step * STEP_NANOS);
        client(step * STEP_NANOS);
      }
    }

    boolean isFatal() {
      return enforcer.isFatal();
    }

    private void server(long nowNanos) {
      for (Kind came = toServer.due(nowNanos); came != null; came = toServer.due(nowNanos)) {
        enforcer.onPing(nowNanos, true);
        toClient.send(came, nowNanos, delayNanos());
        write(nowNanos);
      }
      write(nowNanos);
    }

    private void write(long nowNanos) {
      if (random.nextDouble() < frames) {
        enforcer.onCallFrame();
        toClient.send(Kind.FRAME, nowNanos, delayNanos());
      }
    }

    private void client(long nowNanos) {
      for (Kind came = toClient.due(nowNanos); came != null; came = toClient.due(nowNanos)) {
        switch (came) {
          case FRAME -> {
            budget.onCallFrame(nowNanos);
            pingedByGrpc = false;
            // Not every frame is DATA, at which gRPC measures.
            if (!measuring && random.nextInt(3) > 0) {
              measuring = true;
              toServer.send(Kind.FOREIGN, nowNanos, delayNanos());
            }
          }
          case OWN -> budget.onAnswered(nowNanos);
          case FOREIGN -> {
            measuring = false;
            pingedByGrpc = true;
            budget.onForeignAnswered(nowNanos);
          }
        }
        ping(nowNanos);
      }
      ping(nowNanos);
    }

    private void ping(long nowNanos) {
      if (random.nextInt(4) == 0 && budget.mayPing(nowNanos, true)) {
        secondPings += pingedByGrpc ? 1 : 0;
        budget.onSent();
        toServer.send(Kind.OWN, nowNanos, delayNanos());
      }
    }

    private long delayNanos() {
      return random.nextDouble() < stalls
          ? (long) (random.nextDouble() * MOST_STALL_NANOS)
          : (long) (random.nextDouble() * 3 * STEP_NANOS);
    }
  }
}
