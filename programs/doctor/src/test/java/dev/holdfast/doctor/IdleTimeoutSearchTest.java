package dev.holdfast.doctor;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.doctor.IdleTimeoutResult.IdleTimeoutOutcome;
import dev.holdfast.doctor.SimulatedPath.Behaviour;
import java.time.Duration;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class IdleTimeoutSearchTest {
  private static final Duration LONGEST = Duration.ofMinutes(20);

  @ParameterizedTest
  @EnumSource(
      value = DisconnectKind.class,
      names = {"SILENCE", "RESET", "GOAWAY", "HOP_ERROR"})
  void findsATimeoutOfFiveSecondsInUnderTwentyWithUnderTwentyConnections(
      DisconnectKind disconnectKind) {
    IdleTimeoutResult result = search(forgetsAfter(Duration.ofSeconds(5), disconnectKind));
    assertThat(result.outcome()).isEqualTo(IdleTimeoutOutcome.FORGOTTEN);
    assertThat(result.ending()).contains(disconnectKind);
    assertThat(result.aliveAt()).isBetween(Duration.ofSeconds(4), Duration.ofSeconds(5));
    assertThat(result.deadAt().orElseThrow())
        .isBetween(Duration.ofSeconds(5), Duration.ofSeconds(6));
    assertThat(result.took()).isLessThan(Duration.ofSeconds(20));
    assertThat(result.connections()).isLessThan(20);
  }

  @Test
  void findsATimeoutOf350SecondsInTheTimePhysicsNeeds() {
    IdleTimeoutResult result = search(forgetsAfter(Duration.ofSeconds(350), DisconnectKind.RESET));
    assertThat(result.outcome()).isEqualTo(IdleTimeoutOutcome.FORGOTTEN);
    assertThat(result.aliveAt()).isBetween(Duration.ofSeconds(280), Duration.ofSeconds(350));
    assertThat(result.deadAt().orElseThrow())
        .isBetween(Duration.ofSeconds(350), Duration.ofSeconds(437));
    assertThat(result.took()).isLessThan(Duration.ofSeconds(450));
    assertThat(result.connections()).isLessThan(30);
  }

  @Test
  void findsAnyTimeoutWithinItsBounds() {
    Random random = new Random(7);
    for (int i = 0; i < 2_000; i++) {
      Duration timeout = Duration.ofMillis((long) (1_000 * Math.pow(1_100, random.nextDouble())));
      DisconnectKind disconnectKind =
          random.nextBoolean() ? DisconnectKind.SILENCE : DisconnectKind.RESET;
      IdleTimeoutResult result = search(forgetsAfter(timeout, disconnectKind));
      String seen = timeout + ": " + result;
      assertThat(result.outcome()).as(seen).isEqualTo(IdleTimeoutOutcome.FORGOTTEN);
      assertThat(result.aliveAt()).as(seen).isLessThanOrEqualTo(timeout);
      assertThat(result.deadAt().orElseThrow()).as(seen).isGreaterThanOrEqualTo(timeout);
      assertThat(result.deadAt().orElseThrow().toMillis())
          .as(seen)
          .isLessThanOrEqualTo((long) (1.31 * Math.max(result.aliveAt().toMillis(), 900)));
      assertThat(result.took().toMillis())
          .as(seen)
          .isLessThan((long) (1.3 * timeout.toMillis()) + 20_000);
      assertThat(result.connections()).as(seen).isLessThan(30);
    }
  }

  /** A connection that is asked late was idle for longer than was planned. */
  @Test
  void theTimeoutIsWithinTheBoundsOfAMachineThatStandsStillAtTimes() {
    Random random = new Random(9);
    for (int i = 0; i < 2_000; i++) {
      Duration timeout = Duration.ofMillis((long) (1_000 * Math.pow(1_100, random.nextDouble())));
      Behaviour path = forgetsAfter(timeout, DisconnectKind.RESET);
      IdleTimeoutResult result =
          search(
              new Behaviour() {
                @Override
                public Optional<DisconnectKind> answer(int probe, Duration idle) {
                  return path.answer(probe, idle);
                }

                @Override
                public Duration standstill() {
                  return Duration.ofMillis(random.nextInt(4) == 0 ? random.nextInt(2_000) : 0);
                }
              });
      String seen = timeout + ": " + result;
      assertThat(result.outcome()).as(seen).isEqualTo(IdleTimeoutOutcome.FORGOTTEN);
      assertThat(result.aliveAt()).as(seen).isLessThanOrEqualTo(timeout);
      assertThat(result.deadAt().orElseThrow()).as(seen).isGreaterThanOrEqualTo(timeout);
    }
  }

  @Test
  void findsAnyTimeoutAtWhichConnectionsAreClosedAndSaysItExactly() {
    Random random = new Random(8);
    int exact = 0;
    for (int i = 0; i < 2_000; i++) {
      Duration timeout = Duration.ofMillis((long) (300 * Math.pow(3_500, random.nextDouble())));
      IdleTimeoutResult result = search(closesAfter(timeout));
      String seen = timeout + ": " + result;
      assertThat(result.hasTimeout()).as(seen).isTrue();
      assertThat(result.ending()).as(seen).contains(DisconnectKind.CLOSE);
      if (result.outcome() == IdleTimeoutOutcome.ENDED) {
        assertThat(result.deadAt().orElseThrow()).as(seen).isEqualTo(timeout);
        exact++;
      }
      assertThat(result.took()).as(seen).isLessThan(timeout.multipliedBy(3).plusSeconds(20));
    }
    // The others were closed in the very moment in which they were asked.
    assertThat(exact).isGreaterThan(1_900);
  }

  @ParameterizedTest
  @ValueSource(longs = {2, 3, 12, 16, 17, 20, 21, 60, 1_200, 86_400})
  void saysUpToWhichTimeNothingHappens(long longestSeconds) {
    Duration longest = Duration.ofSeconds(longestSeconds);
    IdleTimeoutResult result = SimulatedPath.search((probe, idle) -> Optional.empty(), longest);
    assertThat(result.outcome()).isEqualTo(IdleTimeoutOutcome.KEPT);
    assertThat(result.aliveAt()).isEqualTo(longest);
    assertThat(result.deadAt()).isEmpty();
    assertThat(result.took()).isLessThan(longest.plusSeconds(15));
  }

  @Test
  void aRestartInTheMiddleIsNotTakenForATimeout() {
    Duration restart = Duration.ofSeconds(40);
    IdleTimeoutResult result =
        search(
            new Behaviour() {
              @Override
              public Optional<Duration> endsAt(Duration readyAt) {
                return readyAt.compareTo(restart) < 0
                    ? Optional.of(restart.minus(readyAt))
                    : Optional.empty();
              }

              @Override
              public Optional<DisconnectKind> answer(int probe, Duration idle) {
                return Optional.empty();
              }
            });
    assertThat(result.outcome()).isEqualTo(IdleTimeoutOutcome.UNSTEADY);
    assertThat(result.aliveAt()).isGreaterThan(Duration.ofSeconds(20));
  }

  @Test
  void aConnectionThatDiesByChanceCostsNoTruth() {
    Behaviour path = forgetsAfter(Duration.ofSeconds(350), DisconnectKind.SILENCE);
    IdleTimeoutResult result =
        search(
            (probe, idle) ->
                probe == 3 ? Optional.of(DisconnectKind.RESET) : path.answer(probe, idle));
    assertThat(result.strays()).isLessThanOrEqualTo(1);
    assertThat(result.outcome()).isEqualTo(IdleTimeoutOutcome.FORGOTTEN);
  }

  @Test
  void anAnswerThatIsLateIsAnAnswer() {
    IdleTimeoutResult result =
        search(
            new Behaviour() {
              @Override
              public Optional<DisconnectKind> answer(int probe, Duration idle) {
                return Optional.empty();
              }

              @Override
              public Duration roundTrip() {
                return Duration.ofSeconds(2); // and one and a half are waited for
              }
            });
    assertThat(result.outcome()).isEqualTo(IdleTimeoutOutcome.KEPT);
  }

  @Test
  void saysWhenNoConnectionCouldBeOpened() {
    IdleTimeoutResult result =
        search(
            new Behaviour() {
              @Override
              public Optional<DisconnectKind> answer(int probe, Duration idle) {
                return Optional.empty();
              }

              @Override
              public boolean opens(int probe) {
                return false;
              }
            });
    assertThat(result.outcome()).isEqualTo(IdleTimeoutOutcome.UNKNOWN);
    assertThat(result.notOpened()).isEqualTo(result.connections());
  }

  private static IdleTimeoutResult search(Behaviour behaviour) {
    return SimulatedPath.search(behaviour, LONGEST);
  }

  private static Behaviour forgetsAfter(Duration timeout, DisconnectKind disconnectKind) {
    return (probe, idle) ->
        idle.compareTo(timeout) >= 0 ? Optional.of(disconnectKind) : Optional.empty();
  }

  private static Behaviour closesAfter(Duration timeout) {
    return new Behaviour() {
      @Override
      public Optional<Duration> endsAt(Duration readyAt) {
        return Optional.of(timeout);
      }

      @Override
      public Optional<DisconnectKind> answer(int probe, Duration idle) {
        return Optional.empty();
      }
    };
  }
}
