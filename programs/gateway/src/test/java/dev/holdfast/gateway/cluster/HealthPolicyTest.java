package dev.holdfast.gateway.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.core.Endpoint;
import dev.holdfast.core.EndpointSet;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Who is left out for its health, beside those that are for their faults. */
class HealthPolicyTest {
  private static final OutlierOptions OPTIONS =
      new OutlierOptions(1, Duration.ofSeconds(10), Duration.ofSeconds(4), 50);
  private static final List<EndpointHealthStatus> FOUND =
      List.of(
          EndpointHealthStatus.PENDING,
          EndpointHealthStatus.SERVING,
          EndpointHealthStatus.NOT_SERVING,
          EndpointHealthStatus.FAILING);
  private static final int SEEDS = 100;
  private static final int STEPS = 300;

  private final OutlierPolicy policy = new OutlierPolicy(OPTIONS);
  private long now = 1;

  @Test
  void whatAServerSaysCountsHoweverManySayIt() {
    checked(4);
    everybody(4, EndpointHealthStatus.SERVING);
    for (int i = 1; i <= 4; i++) {
      found(i, EndpointHealthStatus.NOT_SERVING);
    }
    assertThat(out(4)).containsExactly(1, 2, 3, 4);
    found(3, EndpointHealthStatus.SERVING);
    assertThat(out(4)).containsExactly(1, 2, 4);
    assertThat(policy.unhealthyCount()).isEqualTo(3);
  }

  @Test
  void whoHasNotAnsweredIsLeftOutOnlyAmongMostThatHave() {
    checked(4);
    assertThat(out(4)).isEmpty();
    found(1, EndpointHealthStatus.SERVING);
    assertThat(out(4)).isEmpty();
    found(2, EndpointHealthStatus.SERVING);
    assertThat(out(4)).containsExactly(3, 4);
    found(3, EndpointHealthStatus.SERVING);
    found(4, EndpointHealthStatus.SERVING);
    assertThat(out(4)).isEmpty();
    // Nobody of the first list is a newcomer because it was asked later than another one.
    assertThat(of(4).ageNanos(now)).isEqualTo(Long.MAX_VALUE);
  }

  @Test
  void whoJoinsWaitsForItsFirstAnswerAndThenGrowsIntoItsShare() {
    checked(2);
    everybody(2, EndpointHealthStatus.SERVING);
    list(3);
    assertThat(out(3)).containsExactly(3);
    now += 1_000;
    found(3, EndpointHealthStatus.SERVING);
    assertThat(out(3)).isEmpty();
    assertThat(of(3).ageNanos(now)).isZero();
    assertThat(of(1).ageNanos(now)).isEqualTo(Long.MAX_VALUE);
  }

  @Test
  void whoComesBackGrowsIntoItsShare() {
    checked(3);
    everybody(3, EndpointHealthStatus.SERVING);
    found(1, EndpointHealthStatus.NOT_SERVING);
    now += 1_000;
    found(1, EndpointHealthStatus.SERVING);
    assertThat(of(1).ageNanos(now)).isZero();
  }

  @Test
  void checksThatFailForManyAreThemselvesInDoubt() {
    checked(4);
    everybody(4, EndpointHealthStatus.SERVING);
    found(1, EndpointHealthStatus.FAILING);
    found(2, EndpointHealthStatus.FAILING);
    assertThat(out(4)).containsExactly(1, 2);
    found(3, EndpointHealthStatus.FAILING);
    assertThat(out(4)).isEmpty();
    found(3, EndpointHealthStatus.SERVING);
    assertThat(out(4)).containsExactly(1, 2);
    fault(3);
    // Three of four would be left out together.
    assertThat(out(4)).containsExactly(3);
  }

  @Test
  void whoDoesNotServeIsNotCountedAmongThoseThatStay() {
    checked(4);
    everybody(4, EndpointHealthStatus.SERVING);
    fault(1);
    now += 1_000;
    fault(2);
    assertThat(out(4)).containsExactly(1, 2);
    found(3, EndpointHealthStatus.NOT_SERVING);
    // Of three that serve one may be ejected: the first is given back.
    assertThat(out(4)).containsExactly(2, 3);
    found(4, EndpointHealthStatus.NOT_SERVING);
    found(1, EndpointHealthStatus.FAILING);
    assertThat(out(4)).containsExactly(2, 3, 4);
  }

  @Test
  void anotherRunOfAnEndpointHasItsOwnHealth() {
    checked(2);
    everybody(2, EndpointHealthStatus.SERVING);
    found(1, EndpointHealthStatus.NOT_SERVING);
    Endpoint restarted = at(1).withInstance("another");
    var unused = policy.onList(EndpointSet.of(List.of(restarted, at(2))), now);
    assertThat(policy.of(restarted).endpointHealthStatus()).isEqualTo(EndpointHealthStatus.PENDING);
    found(1, EndpointHealthStatus.FAILING);
    assertThat(policy.of(restarted).endpointHealthStatus()).isEqualTo(EndpointHealthStatus.PENDING);
  }

  @Test
  void nothingIsLeftOfChecksThatEnd() {
    checked(3);
    everybody(3, EndpointHealthStatus.NOT_SERVING);
    var unused = policy.onChecks(false, now);
    assertThat(out(3)).isEmpty();
    found(1, EndpointHealthStatus.NOT_SERVING);
    assertThat(out(3)).isEmpty();
  }

  @Test
  void whateverHappensSomeOfThoseThatMayServeStay() {
    for (long seed = 1; seed <= SEEDS; seed++) {
      new Hour(seed).run();
    }
  }

  /** An hour of everything, from a seed. */
  private static final class Hour {
    private final HealthPolicyTest test = new HealthPolicyTest();
    private final Random random;
    private final long seed;
    private int size = 3;

    Hour(long seed) {
      this.seed = seed;
      this.random = new Random(seed);
    }

    void run() {
      test.checked(size);
      for (int step = 0; step < STEPS; step++) {
        test.now += random.nextLong(2_000_000_000L);
        int at = 1 + random.nextInt(size);
        switch (random.nextInt(8)) {
          case 0 -> test.fault(at);
          case 1 -> {
            var unused = test.policy.onTimeout(test.now);
          }
          case 2 -> {
            size = 1 + random.nextInt(6);
            test.list(size);
          }
          default -> test.found(at, FOUND.get(random.nextInt(FOUND.size())));
        }
        check("seed " + seed + " step " + step);
      }
    }

    private void check(String when) {
      int may = 0;
      int out = 0;
      for (int i = 1; i <= size; i++) {
        EndpointHealth endpointHealth = test.of(i);
        if (endpointHealth.endpointHealthStatus() == EndpointHealthStatus.NOT_SERVING) {
          assertThat(endpointHealth.isLeftOut()).as(when).isTrue();
        } else {
          may++;
          out += endpointHealth.isLeftOut() ? 1 : 0;
        }
        assertThat(
                endpointHealth.endpointHealthStatus() != EndpointHealthStatus.SERVING
                    || !endpointHealth.excludedByHealth)
            .as(when)
            .isTrue();
      }
      assertThat(out).as(when).isLessThanOrEqualTo(Math.max(0, OPTIONS.most(may)));
    }
  }

  private void checked(int size) {
    list(size);
    var unused = policy.onChecks(true, now);
  }

  private void list(int size) {
    var unused =
        policy.onList(
            EndpointSet.of(IntStream.rangeClosed(1, size).mapToObj(HealthPolicyTest::at).toList()),
            now);
  }

  private void everybody(int size, EndpointHealthStatus endpointHealthStatus) {
    for (int i = 1; i <= size; i++) {
      found(i, endpointHealthStatus);
    }
  }

  private void found(int number, EndpointHealthStatus endpointHealthStatus) {
    var unused = policy.onHealth(at(number), endpointHealthStatus, "", now);
  }

  private void fault(int number) {
    var unused = policy.onFault(of(number), EndpointFault.RESET, "reset", now);
  }

  private EndpointHealth of(int number) {
    return policy.of(at(number));
  }

  private List<Integer> out(int size) {
    List<Integer> out = new ArrayList<>();
    for (int i = 1; i <= size; i++) {
      if (of(i).isLeftOut()) {
        out.add(i);
      }
    }
    return out;
  }

  private static Endpoint at(int number) {
    return Endpoint.of("10.0.0." + number + ":1");
  }
}
