package dev.holdfast.core.discovery;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.core.Backoff;
import dev.holdfast.core.Endpoint;
import dev.holdfast.core.EndpointSet;
import dev.holdfast.core.RegistrySnapshot;
import java.time.Duration;
import java.util.Arrays;
import java.util.Optional;
import java.util.SplittableRandom;

/** A state machine of the failure policy, with its time and the inputs of tests. */
public abstract class LastKnownGoodFixture {
  static final Duration TTL = Duration.ofSeconds(5);
  public static final Duration GRACE = Duration.ofSeconds(15);
  static final Duration RESETTLE = TTL.plus(Backoff.BackoffOptions.REGISTRY.cap());
  public static final EndpointSet FIVE = list(1, 2, 3, 4, 5);

  // Just before the overflow, so that deadlines compared with < fail.
  public long now = Long.MAX_VALUE - Duration.ofSeconds(1).toNanos();
  public LastKnownGoodEndpoints steady = machine(false);

  public void follow(EndpointSet list) {
    steady.onSnapshot(now, new RegistrySnapshot(list, 1));
    assertThat(steady.pollChange()).isEqualTo(Optional.of(list));
  }

  public void untilDeadline() {
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

  static LastKnownGoodEndpoints machine(boolean seedExpected) {
    return new LastKnownGoodEndpoints(
        LastKnownGoodOptions.forTtl(TTL),
        new Backoff(Backoff.BackoffOptions.REGISTRY, new SplittableRandom(1)),
        seedExpected);
  }

  /** A fixture whose records need no renewal, so that a read proves a loss at once. */
  public static LastKnownGoodEndpoints machineOfLastingRecords() {
    return new LastKnownGoodEndpoints(
        LastKnownGoodOptions.forTtl(TTL).withoutReRegistrationWindow(),
        new Backoff(Backoff.BackoffOptions.REGISTRY, new SplittableRandom(1)),
        false);
  }

  public static RegistrySnapshot word(long epoch, int... hosts) {
    return new RegistrySnapshot(list(hosts), epoch);
  }

  public static EndpointSet list(int... hosts) {
    return EndpointSet.of(Arrays.stream(hosts).mapToObj(LastKnownGoodFixture::endpoint).toList());
  }

  public static Endpoint endpoint(int host) {
    return Endpoint.of("10.0." + host / 250 + "." + (1 + host % 250) + ":50051");
  }
}
