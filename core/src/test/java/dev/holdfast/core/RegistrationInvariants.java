package dev.holdfast.core;

import dev.holdfast.core.RegistrationSimulation.Marker;
import dev.holdfast.core.RegistrationSimulation.Process;
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
  private final Map<Process, Integer> checked = new HashMap<>();

  RegistrationInvariants(RegistrationSimulation world) {
    this.world = world;
  }

  void afterEvent() {
    for (Process process : world.processes) {
      attemptsAreBounded(process);
      visibleIsHonest(process);
      withdrawalEnds(process);
      if (process.registration.state() == Registration.State.CONFLICT) {
        world.mark(Marker.CONFLICT);
      }
    }
  }

  /** Of the processes at one address one is visible, the others wait without a fight. */
  void afterHealing() {
    Map<HostPort, Process> visible = new HashMap<>();
    for (Process process : world.processes) {
      if (process.crashed || !process.wanted) {
        continue;
      }
      Registration.State state = process.registration.state();
      if (state == Registration.State.VISIBLE) {
        Process other = visible.put(process.desired.address(), process);
        require(
            "registration-heals", other == null, process, "visible at one address with another");
        require(
            "registration-heals",
            world
                .store
                .truth(RegistrationSimulation.SERVICE)
                .at(process.desired.address())
                .equals(Optional.of(process.desired)),
            process,
            "the store holds " + world.store.truth(RegistrationSimulation.SERVICE));
      } else {
        require(
            "registration-heals", state == Registration.State.CONFLICT, process, "still " + state);
      }
    }
    for (Process process : world.processes) {
      if (!process.crashed && process.wanted) {
        require(
            "registration-heals",
            visible.containsKey(process.desired.address()),
            process,
            "nobody is visible at " + process.desired.address());
      }
      if (!process.wanted || process.crashed) {
        leftNothingBehind(process);
      }
    }
  }

  private void leftNothingBehind(Process process) {
    boolean there =
        world.store.truth(RegistrationSimulation.SERVICE).endpoints().stream()
            .anyMatch(e -> e.instance().equals(process.desired.instance()));
    require("withdrawn-is-gone", !there, process, "its record is still there");
  }

  private void attemptsAreBounded(Process process) {
    List<AnnouncementSpy.Made> made = process.spy.made;
    int from = checked.getOrDefault(process, 0);
    for (int i = from; i < made.size(); i++) {
      if (i >= ATTEMPTS_PER_MINUTE) {
        Duration span =
            Duration.ofNanos(made.get(i).atNanos - made.get(i - ATTEMPTS_PER_MINUTE).atNanos);
        require(
            "no-hot-loop",
            span.compareTo(Duration.ofMinutes(1)) >= 0,
            process,
            ATTEMPTS_PER_MINUTE + " attempts in " + span);
      }
    }
    if (made.size() > from) {
      process.spy.takenOverNanos.ifPresent(
          since -> {
            long waited = made.get(made.size() - 1).atNanos - since;
            require(
                "conflict-is-not-fought",
                waited < 0 || waited >= RegistrationSimulation.TTL.multipliedBy(3).toNanos(),
                process,
                "announced again after " + Duration.ofNanos(waited));
            if (waited >= 0) {
              world.mark(Marker.CONFLICT_WON_BACK);
            }
          });
      checked.put(process, made.size());
      if (made.size() > 1) {
        world.mark(Marker.RESTORED);
      }
      if (process.wanted && made.stream().anyMatch(m -> m.mute && m.over)) {
        world.mark(Marker.GAVE_UP_ATTEMPT);
      }
    }
    require(
        "one-announcement-at-a-time",
        process.spy.alive().size() <= 1,
        process,
        process.spy.alive().size() + " announcements at once");
  }

  private void visibleIsHonest(Process process) {
    if (process.registration.state() == Registration.State.VISIBLE) {
      require(
          "visible-is-honest",
          process.spy.alive().stream().anyMatch(m -> m.published),
          process,
          "says VISIBLE without an announcement that was published");
    }
  }

  private void withdrawalEnds(Process process) {
    if (process.withdrawn.isEmpty()) {
      return;
    }
    CompletableFuture<Void> withdrawn = process.withdrawn.get();
    Duration waited = Duration.ofNanos(world.scheduler.clock().nanoTime() - process.withdrawNanos);
    require(
        "withdrawal-ends",
        withdrawn.isDone() || waited.compareTo(WITHDRAW_WITHIN) <= 0,
        process,
        "not ended after " + waited);
    if (withdrawn.isCompletedExceptionally()) {
      world.mark(Marker.LEFT_BEHIND);
    }
  }

  private void require(String guarantee, boolean holds, Process process, String otherwise) {
    if (!holds) {
      throw new AssertionError(
          "guarantee "
              + guarantee
              + " broken: "
              + process.name
              + ": "
              + otherwise
              + "\n  "
              + String.join("\n  ", world.trace));
    }
  }
}
