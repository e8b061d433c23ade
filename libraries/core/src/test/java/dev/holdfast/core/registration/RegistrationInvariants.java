package dev.holdfast.core.registration;

import dev.holdfast.core.Guarantee;
import dev.holdfast.core.HostPort;
import dev.holdfast.core.RegistrationState;
import dev.holdfast.core.registration.RegistrationSimulation.Marker;
import dev.holdfast.core.registration.RegistrationSimulation.Server;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/** What must hold in every {@link RegistrationSimulation}; named as in docs/guarantees.md. */
final class RegistrationInvariants {
  private static final int ATTEMPTS_PER_MINUTE = 40;
  private static final Duration WITHDRAW_WITHIN = Duration.ofMillis(2_100);

  private final RegistrationSimulation world;
  private final Map<Server, Integer> checked = new HashMap<>();

  RegistrationInvariants(RegistrationSimulation world) {
    this.world = world;
  }

  void afterEvent() {
    for (Server server : world.servers) {
      attemptsAreBounded(server);
      visibleIsHonest(server);
      withdrawalEnds(server);
      if (server.registration.state() == RegistrationState.CONFLICT) {
        world.mark(Marker.CONFLICT);
      }
    }
  }

  /** Of the servers at one address one is visible, the others wait without a fight. */
  void afterHealing() {
    Map<HostPort, Server> visible = new HashMap<>();
    for (Server server : world.servers) {
      if (server.crashed || !server.wanted) {
        continue;
      }
      RegistrationState registrationState = server.registration.state();
      if (registrationState == RegistrationState.VISIBLE) {
        Server other = visible.put(server.desired.address(), server);
        require(
            Guarantee.REGISTRATION_HEALS,
            other == null,
            server,
            "visible at one address with another");
        require(
            Guarantee.REGISTRATION_HEALS,
            world
                .store
                .truth(RegistrationSimulation.SERVICE)
                .at(server.desired.address())
                .equals(Optional.of(server.desired)),
            server,
            "the store holds " + world.store.truth(RegistrationSimulation.SERVICE));
      } else {
        require(
            Guarantee.REGISTRATION_HEALS,
            registrationState == RegistrationState.CONFLICT,
            server,
            "still " + registrationState);
      }
    }
    for (Server server : world.servers) {
      if (!server.crashed && server.wanted) {
        require(
            Guarantee.REGISTRATION_HEALS,
            visible.containsKey(server.desired.address()),
            server,
            "nobody is visible at " + server.desired.address());
      }
      if (!server.wanted || server.crashed) {
        leftNothingBehind(server);
      }
    }
  }

  private void leftNothingBehind(Server server) {
    boolean there =
        world.store.truth(RegistrationSimulation.SERVICE).endpoints().stream()
            .anyMatch(e -> e.instance().equals(server.desired.instance()));
    require(Guarantee.WITHDRAWN_IS_GONE, !there, server, "its record is still there");
  }

  private void attemptsAreBounded(Server server) {
    List<AnnouncementSpy.Made> made = server.spy.made;
    int from = checked.getOrDefault(server, 0);
    for (int i = from; i < made.size(); i++) {
      if (i >= ATTEMPTS_PER_MINUTE) {
        Duration span =
            Duration.ofNanos(made.get(i).atNanos - made.get(i - ATTEMPTS_PER_MINUTE).atNanos);
        require(
            Guarantee.NO_HOT_LOOP,
            span.compareTo(Duration.ofMinutes(1)) >= 0,
            server,
            ATTEMPTS_PER_MINUTE + " attempts in " + span);
      }
    }
    if (made.size() > from) {
      server.spy.takenOverNanos.ifPresent(
          since -> {
            long waited = made.get(made.size() - 1).atNanos - since;
            require(
                Guarantee.CONFLICT_IS_NOT_FOUGHT,
                waited < 0 || waited >= RegistrationSimulation.TTL.multipliedBy(3).toNanos(),
                server,
                "announced again after " + Duration.ofNanos(waited));
            if (waited >= 0) {
              world.mark(Marker.CONFLICT_WON_BACK);
            }
          });
      checked.put(server, made.size());
      if (made.size() > 1) {
        world.mark(Marker.RESTORED);
      }
      if (server.wanted && made.stream().anyMatch(m -> m.mute && m.over)) {
        world.mark(Marker.GAVE_UP_ATTEMPT);
      }
    }
    require(
        Guarantee.ONE_ANNOUNCEMENT_AT_A_TIME,
        server.spy.alive().size() <= 1,
        server,
        server.spy.alive().size() + " announcements at once");
  }

  private void visibleIsHonest(Server server) {
    if (server.registration.state() == RegistrationState.VISIBLE) {
      require(
          Guarantee.VISIBLE_IS_HONEST,
          server.spy.alive().stream().anyMatch(m -> m.published),
          server,
          "says VISIBLE without an announcement that was published");
    }
  }

  private void withdrawalEnds(Server server) {
    if (server.withdrawn.isEmpty()) {
      return;
    }
    CompletableFuture<Void> withdrawn = server.withdrawn.get();
    Duration waited = Duration.ofNanos(world.scheduler.clock().nanoTime() - server.withdrawNanos);
    require(
        Guarantee.WITHDRAWAL_ENDS,
        withdrawn.isDone() || waited.compareTo(WITHDRAW_WITHIN) <= 0,
        server,
        "not ended after " + waited);
    if (withdrawn.isCompletedExceptionally()) {
      world.mark(Marker.LEFT_BEHIND);
    }
  }

  private void require(Guarantee guarantee, boolean holds, Server server, String otherwise) {
    if (!holds) {
      throw new AssertionError(
          "guarantee "
              + guarantee
              + " broken: "
              + server.name
              + ": "
              + otherwise
              + "\n  "
              + String.join("\n  ", world.trace));
    }
  }
}
