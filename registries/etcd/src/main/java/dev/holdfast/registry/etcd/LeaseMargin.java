package dev.holdfast.registry.etcd;

import dev.holdfast.core.annotation.PureCore;
import java.time.Duration;

/**
 * The time a lease leaves for members that do not answer. A cluster serves while a minority of its
 * members is silent, so a keepalive may have to wait for each of those before one answers.
 *
 * @param ttl what was granted
 * @param tries how many tries share the time of one request
 * @param silent how many of them may go unanswered in a cluster that serves; one at least, as a
 *     single member may be restarted
 */
@PureCore
record LeaseMargin(Duration ttl, Duration requestTimeout, int tries, int silent) {

  static LeaseMargin of(Duration ttl, EtcdOptions options) {
    int members = options.members().size();
    int tries = EtcdMembers.tries(members);
    return new LeaseMargin(
        ttl, options.requestTimeout(), tries, Math.min(tries, Math.max(1, (members - 1) / 2)));
  }

  /** Whether the lease outlives that silence. */
  boolean suffices() {
    return requestTimeout.compareTo(mostRequestTimeout()) <= 0;
  }

  /** The longest {@code request-timeout} that suits this {@code ttl}. */
  Duration mostRequestTimeout() {
    return LeaseTiming.longestSilence(ttl).multipliedBy(tries).dividedBy(silent);
  }

  /** The shortest {@code ttl} in whole seconds that suits this {@code request-timeout}. */
  Duration leastTtl() {
    Duration second = Duration.ofSeconds(1);
    Duration least = second;
    while (!new LeaseMargin(least, requestTimeout, tries, silent).suffices()) {
      least = least.plus(second);
    }
    return least;
  }
}
