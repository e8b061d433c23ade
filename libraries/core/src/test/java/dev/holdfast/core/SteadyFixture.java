package dev.holdfast.core;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Arrays;
import java.util.Optional;
import java.util.SplittableRandom;

/** One machine of the failure policy, its time, and what tests tell it. */
abstract class SteadyFixture {
  static final Duration TTL = Duration.ofSeconds(5);
  static final Duration GRACE = Duration.ofSeconds(15);
  static final Duration RESETTLE = TTL.plus(Backoff.Options.REGISTRY.cap());
  static final EndpointSet FIVE = list(1, 2, 3, 4, 5);

  // Just before the overflow, so that deadlines compared with < fail.
  long now = Long.MAX_VALUE - Duration.ofSeconds(1).toNanos();
  SteadyEndpoints steady = machine(false);

  void follow(EndpointSet list) {
    steady.onSnapshot(now, new RegistrySnapshot(list, 1));
    assertThat(steady.pollChange()).isEqualTo(Optional.of(list));
  }

  void untilDeadline() {
    now = steady.nextDeadlineNanos().orElseThrow();
    steady.onTimeout(now);
  }

  void breakFor(Duration time) {
    steady.onFailure(now);
    advance(time);
  }

  void advance(Duration by) {
    now += by.toNanos();
  }

  static SteadyEndpoints machine(boolean seedExpected) {
    return new SteadyEndpoints(
        SteadyOptions.forTtl(TTL),
        new Backoff(Backoff.Options.REGISTRY, new SplittableRandom(1)),
        seedExpected);
  }

  /** One whose records nobody needs to renew, so that a read proves a loss at once. */
  static SteadyEndpoints machineOfLastingRecords() {
    return new SteadyEndpoints(
        SteadyOptions.forTtl(TTL).withoutResettling(),
        new Backoff(Backoff.Options.REGISTRY, new SplittableRandom(1)),
        false);
  }

  static RegistrySnapshot word(long epoch, int... hosts) {
    return new RegistrySnapshot(list(hosts), epoch);
  }

  static EndpointSet list(int... hosts) {
    return EndpointSet.of(Arrays.stream(hosts).mapToObj(SteadyFixture::endpoint).toList());
  }

  static Endpoint endpoint(int host) {
    return Endpoint.of("10.0." + host / 250 + "." + (1 + host % 250) + ":50051");
  }
}
