package dev.holdfast.core.discovery;

import dev.holdfast.core.Endpoint;
import dev.holdfast.core.EndpointListState;
import dev.holdfast.core.EndpointSet;
import dev.holdfast.core.EndpointsListener;
import dev.holdfast.core.Guarantee;
import dev.holdfast.core.HostPort;
import dev.holdfast.core.RegistrySnapshot;
import dev.holdfast.core.discovery.LastKnownGoodSimulation.Instance;
import dev.holdfast.core.discovery.LastKnownGoodSimulation.Marker;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What must hold in every {@link LastKnownGoodSimulation}; the names are those of
 * docs/guarantees.md.
 *
 * <p>It sees the registry's words through the spy before the policy does, and the lists given out
 * as a subscriber.
 */
final class LastKnownGoodInvariants implements SpyRegistry.Observer, EndpointsListener {
  private static final int READS_PER_MINUTE = 90;

  private record ProvenRead(long beganNanos, EndpointSet answer) {}

  private final LastKnownGoodSimulation world;
  private final List<ProvenRead> reads = new ArrayList<>();

  /** Since when each address is missing in what the watch says. */
  private final Map<HostPort, Long> missingSince = new HashMap<>();

  private @Nullable EndpointSet given;
  private @Nullable RegistrySnapshot word;
  private long epoch;
  private boolean broken;
  private long lastWordNanos;
  private long emptySinceNanos;
  private boolean spokeSinceWipe = true;

  /** The largest list since the first of those leases ended that are not there again. */
  private long beforeRevoked;

  private int readsBegun;
  private int readsFailed;

  LastKnownGoodInvariants(LastKnownGoodSimulation world) {
    this.world = world;
    this.lastWordNanos = now();
  }

  // What the registry says.

  @Override
  public void onSnapshot(RegistrySnapshot snapshot) {
    world.note("watch says " + snapshot.endpoints());
    hear(snapshot);
    RegistrySnapshot before = word;
    word = snapshot;
    if (before != null && before.epoch() != snapshot.epoch()) {
      epoch = snapshot.epoch();
    }
    broken = false;
  }

  @Override
  public void afterSnapshot(RegistrySnapshot snapshot) {
    for (Endpoint endpoint : snapshot.endpoints().endpoints()) {
      require(
          Guarantee.ADDITIONS_AT_ONCE,
          given != null && given.at(endpoint.address()).equals(Optional.of(endpoint)),
          endpoint + " was said and not given out");
    }
    ageIsHonest();
  }

  @Override
  public void onConfirmed() {
    broken = false;
    lastWordNanos = now();
    if (word != null) {
      hear(word);
    }
  }

  @Override
  public void onFailure() {
    world.note("watch fails");
    broken = true;
  }

  @Override
  public void onReadBegun() {
    readsBegun++;
  }

  @Override
  public void onReadEnded(long beganNanos, @Nullable RegistrySnapshot answer) {
    if (answer == null) {
      readsFailed++;
      world.note("read failed");
      if (state() == EndpointListState.CONFIRMING) {
        world.mark(Marker.READ_FAILED_IN_DOUBT);
      }
      return;
    }
    world.note("read says " + answer.endpoints());
    lastWordNanos = now();
    reads.add(new ProvenRead(beganNanos, answer.endpoints()));
    if (!answer.endpoints().isEmpty()) {
      emptySinceNanos = now();
      spokeSinceWipe = true;
      if (state() == EndpointListState.EMPTYING) {
        world.mark(Marker.EMPTY_REFUTED);
      }
    }
    if (state() == EndpointListState.CONFIRMING
        && given != null
        && answer.endpoints().size() * 2 >= given.size()) {
      world.mark(Marker.SHRINK_REFUTED);
    }
  }

  void onWipe() {
    spokeSinceWipe = false;
    world.mark(Marker.WIPE_SURVIVED);
  }

  private void hear(RegistrySnapshot snapshot) {
    lastWordNanos = now();
    boolean wiped = epoch != 0 && snapshot.epoch() != epoch;
    if (epoch == 0) {
      epoch = snapshot.epoch();
    }
    if (!snapshot.endpoints().isEmpty() || broken || wiped) {
      emptySinceNanos = now();
    }
    if (!snapshot.endpoints().isEmpty()) {
      spokeSinceWipe = true;
    }
    if (given != null) {
      for (Endpoint endpoint : given.endpoints()) {
        if (!snapshot.endpoints().contains(endpoint.address())) {
          missingSince.putIfAbsent(endpoint.address(), now());
        }
      }
    }
    snapshot.endpoints().endpoints().forEach(e -> missingSince.remove(e.address()));
  }

  // What is given out.

  @Override
  public void onEndpoints(EndpointSet next) {
    world.note("given " + next);
    EndpointSet before = given;
    given = next;
    require(Guarantee.NO_VAIN_CHANGE, !next.equals(before), "the same list again");
    if (before == null) {
      if (next.isEmpty()) {
        world.mark(Marker.KNOWN_EMPTY);
      }
      return;
    }
    List<Endpoint> gone =
        before.endpoints().stream()
            .filter(e -> !e.draining() && !next.contains(e.address()))
            .toList();
    forgottenAreKept(gone);
    revokedAreKept(next);
    if (!gone.isEmpty() && next.isEmpty()) {
      emptiedWithCare();
    } else {
      shrunkWithProof(before, gone);
    }
    ageIsHonest();
  }

  private void emptiedWithCare() {
    world.mark(Marker.EMPTY_BELIEVED);
    require(Guarantee.EMPTY_NEEDS_GRACE, !broken, "emptied while the watch was broken");
    require(
        Guarantee.EMPTY_NEEDS_GRACE,
        now() - emptySinceNanos >= world.grace.toNanos(),
        "emptied after " + Duration.ofNanos(now() - emptySinceNanos));
    require(
        Guarantee.EMPTY_NEEDS_READ,
        reads.stream()
            .anyMatch(
                r ->
                    r.answer().isEmpty()
                        && r.beganNanos() - emptySinceNanos >= world.grace.toNanos()),
        "no read after the grace time");
    require(Guarantee.WIPE_NEVER_EMPTIES, spokeSinceWipe, "emptied by a store that forgot");
    for (Instance instance : world.instances) {
      require(
          Guarantee.LIVE_IS_NEVER_EMPTY,
          !(instance.live && instance.registered),
          instance.endpoint + " is live");
      require(
          Guarantee.LIVE_IS_NEVER_EMPTY,
          !instance.diedRegistered || now() - instance.diedNanos >= world.grace.toNanos(),
          instance.endpoint + " was live a moment ago");
    }
  }

  private void forgottenAreKept(List<Endpoint> gone) {
    if (word != null && word.epoch() != world.epoch) {
      // Still hears from the life before: an instance that leaves now was not forgotten but removed
      // there.
      return;
    }
    for (Instance instance : world.instances) {
      require(
          Guarantee.WIPE_KEEPS_THE_LIVING,
          !(instance.live && instance.forgotten && gone.contains(instance.endpoint)),
          instance.endpoint + " is live and was dropped before it could register again");
      require(
          Guarantee.OUTAGE_KEEPS_THE_LIVING,
          !(instance.live && instance.expiredUnheard && gone.contains(instance.endpoint)),
          instance.endpoint + " is live and was dropped before it could register again");
    }
  }

  void onFirstRevoked() {
    beforeRevoked = given == null ? 0 : given.size();
  }

  boolean isGiven(Endpoint endpoint) {
    return given != null && given.endpoints().contains(endpoint);
  }

  private void revokedAreKept(EndpointSet next) {
    long missing =
        world.instances.stream()
            .filter(i -> i.live && i.revoked && !next.contains(i.endpoint.address()))
            .count();
    beforeRevoked = Math.max(beforeRevoked, next.size() + missing);
    require(
        Guarantee.MASS_LOSS_KEEPS_THE_LIVING,
        missing * 2 <= beforeRevoked,
        missing + " live endpoints were dropped before they could register again");
  }

  boolean heardNothingSince(long nanos) {
    return lastWordNanos - nanos <= 0;
  }

  private void shrunkWithProof(EndpointSet before, List<Endpoint> gone) {
    long active = before.endpoints().stream().filter(e -> !e.draining()).count();
    if (gone.size() * 2L <= active) {
      return;
    }
    long unproven = gone.stream().filter(e -> !isProvenGone(e.address())).count();
    require(
        Guarantee.SHRINK_NEEDS_READ,
        unproven * 2 <= active,
        unproven + " of " + active + " endpoints left without a read");
    world.mark(Marker.SHRINK_CONFIRMED);
    if (!spokeSinceWipe || epoch > 1) {
      world.mark(Marker.WIPE_LEFT_BEHIND);
    }
  }

  private boolean isProvenGone(HostPort address) {
    Long since = missingSince.get(address);
    return reads.stream()
        .anyMatch(
            r -> (since == null || r.beganNanos() - since >= 0) && !r.answer().contains(address));
  }

  private void ageIsHonest() {
    Optional<Duration> age = world.directory.age(LastKnownGoodSimulation.SERVICE);
    age.ifPresent(
        value ->
            require(
                Guarantee.AGE_IS_HONEST,
                value.toNanos() >= now() - lastWordNanos,
                value
                    + " although the last word came "
                    + Duration.ofNanos(now() - lastWordNanos)
                    + " ago"));
  }

  // After events, and when all has healed.

  void afterEvent() {
    ageIsHonest();
    double minutes = world.scheduler.virtualClock().elapsed().toMillis() / 60_000.0 + 1;
    require(
        Guarantee.NO_HOT_LOOP,
        readsBegun <= minutes * READS_PER_MINUTE,
        readsBegun + " reads in " + minutes + " minutes");
    require(
        Guarantee.ONE_WATCH_PER_SERVICE,
        world.client.openWatches() == 1,
        world.client.openWatches() + " watches");
  }

  void atTheEnd() {
    EndpointSet truth = world.store.truth(LastKnownGoodSimulation.SERVICE);
    EndpointSet list = given == null ? EndpointSet.EMPTY : given;
    require(Guarantee.CONVERGES, given != null, "nothing was ever given out");
    if (truth.isEmpty() && state() == EndpointListState.WIPED) {
      // What the store forgot may stay for good when nobody registers again for long enough.
      return;
    }
    require(Guarantee.CONVERGES, list.equals(truth), list + " although the store holds " + truth);
    require(Guarantee.CONVERGES, state() == EndpointListState.FOLLOWING, "still " + state());
    require(
        Guarantee.AGE_IS_HONEST,
        world.directory.age(LastKnownGoodSimulation.SERVICE).orElseThrow().compareTo(world.ttl)
            <= 0,
        "the age grows although the list is confirmed");
    afterEvent();
  }

  private EndpointListState state() {
    return world.directory.state(LastKnownGoodSimulation.SERVICE);
  }

  private long now() {
    return world.scheduler.clock().nanoTime();
  }

  private void require(Guarantee guarantee, boolean holds, String otherwise) {
    if (!holds) {
      throw new AssertionError(
          "guarantee "
              + guarantee
              + " broken: "
              + otherwise
              + " ("
              + readsFailed
              + " reads failed)\n  "
              + String.join("\n  ", world.trace));
    }
  }
}
