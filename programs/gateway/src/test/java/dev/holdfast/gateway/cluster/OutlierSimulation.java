package dev.holdfast.gateway.cluster;

import dev.holdfast.core.Endpoint;
import dev.holdfast.core.EndpointSet;
import dev.holdfast.core.HostPort;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.function.Function;

/** Bad hours of a cluster, from a seed; each step is checked against what was remembered of it. */
final class OutlierSimulation {
  static final OutlierOptions OPTIONS =
      new OutlierOptions(3, Duration.ofSeconds(10), Duration.ofSeconds(4), 50);

  /** What a run must have met, or it proves little. */
  enum Marker {
    EJECTED,
    EJECTED_LONGER,
    EJECTED_AFRESH,
    AT_LIMIT,
    RETURNED,
    GIVEN_BACK_BY_LIST,
    RESTARTED,
    OUT_OF_WINDOW
  }

  private static final int STEPS = 400;
  private static final int MOST_ENDPOINTS = 6;

  /** What one run of an endpoint did. */
  private static final class Memory {
    final List<Long> faults = new ArrayList<>();
    boolean out;
    boolean returned;
    long untilNanos;
    long returnedNanos;
    int ejections;
  }

  final Set<Marker> met = EnumSet.noneOf(Marker.class);
  private final Random random;
  private final OutlierPolicy policy;
  private final Map<HostPort, Memory> memories = new HashMap<>();
  private EndpointSet list = EndpointSet.EMPTY;
  private long now;
  private int runs;

  OutlierSimulation(long seed, Function<OutlierOptions, OutlierPolicy> policies) {
    this.random = new Random(seed);
    this.policy = policies.apply(OPTIONS);
    this.now = random.nextLong();
  }

  /** Fails with what is wrong, and when. */
  void run() {
    changeList();
    for (int step = 0; step < STEPS; step++) {
      now +=
          random.nextInt(12) == 0 ? random.nextLong(20_000_000_000L) : random.nextInt(900_000_000);
      if (random.nextInt(200) == 0) {
        now += OutlierOptions.LONGEST_EJECTION.toNanos();
      }
      timeouts();
      int what = random.nextInt(20);
      if (what == 0) {
        changeList();
      } else {
        call(what < 15);
      }
      check(step);
    }
  }

  private void call(boolean fails) {
    Endpoint at = list.endpoints().get(random.nextInt(list.size()));
    EndpointHealth endpointHealth = policy.of(at);
    Memory memory = memory(at.address());
    if (fails && !memory.out) {
      memory.faults.add(now);
    }
    if (!fails) {
      policy.onSuccess(endpointHealth);
      memory.faults.clear();
      memory.returned &= memory.out;
      return;
    }
    Optional<Ejection> ejection = policy.onFault(endpointHealth, EndpointFault.RESET, "reset", now);
    int needed = memory.returned ? 1 : OPTIONS.faults();
    int size = memory.faults.size();
    boolean many = size >= needed;
    boolean fresh = many && now - memory.faults.get(size - needed) <= OPTIONS.within().toNanos();
    if (many && !fresh) {
      met.add(Marker.OUT_OF_WINDOW);
    }
    long outNow = out();
    boolean room = outNow < OPTIONS.most((int) eligible());
    boolean due = fresh && !memory.out && at.isEligible();
    if (due && !room) {
      met.add(Marker.AT_LIMIT);
    }
    require(ejection.isPresent() == (due && room), "left out: " + ejection + ", due: " + due);
    ejection.ifPresent(e -> leaveOut(memory, e));
  }

  private void leaveOut(Memory memory, Ejection ejection) {
    met.add(Marker.EJECTED);
    boolean afresh =
        memory.ejections > 0
            && now - memory.returnedNanos >= OutlierOptions.LONGEST_EJECTION.toNanos();
    if (afresh) {
      met.add(Marker.EJECTED_AFRESH);
    }
    memory.ejections = afresh ? 1 : memory.ejections + 1;
    Duration time = OPTIONS.ejection();
    for (int i = 1; i < memory.ejections; i++) {
      time = time.multipliedBy(2);
      met.add(Marker.EJECTED_LONGER);
    }
    if (time.compareTo(OutlierOptions.LONGEST_EJECTION) > 0) {
      time = OutlierOptions.LONGEST_EJECTION;
    }
    require(ejection.time().equals(time), "for " + ejection.time() + ", expected " + time);
    memory.out = true;
    memory.faults.clear();
    memory.untilNanos = now + time.toNanos();
  }

  private void timeouts() {
    for (EndpointHealth back : policy.onTimeout(now)) {
      met.add(Marker.RETURNED);
      Memory memory = memory(back.endpoint);
      require(memory.out && now - memory.untilNanos >= 0, back.address + " is back too early");
      back(memory);
    }
  }

  private void back(Memory memory) {
    memory.out = false;
    memory.returned = true;
    memory.returnedNanos = now;
  }

  private void changeList() {
    List<Endpoint> next = new ArrayList<>();
    for (int i = 1; i <= MOST_ENDPOINTS; i++) {
      HostPort address = HostPort.parse("10.0.0." + i + ":1");
      Endpoint before = list.at(address).orElse(null);
      boolean stays = i == 1 || (before == null ? random.nextInt(2) == 0 : random.nextInt(6) > 0);
      if (!stays) {
        memories.remove(address);
        continue;
      }
      boolean restart = before == null || random.nextInt(6) == 0;
      if (restart) {
        if (memories.put(address, new Memory()) != null) {
          met.add(Marker.RESTARTED);
        }
      }
      String instance = before == null || restart ? "run-" + ++runs : before.instance();
      next.add(
          Endpoint.of(address.toString())
              .withInstance(instance)
              .withDraining(i > 1 && random.nextInt(6) == 0));
    }
    list = EndpointSet.of(next);
    for (EndpointHealth back : policy.onList(list, now)) {
      met.add(Marker.GIVEN_BACK_BY_LIST);
      back(memory(back.endpoint));
      require(
          out() <= OPTIONS.most((int) eligible()) || !policy.of(atOf(back)).isEjected(),
          "given back for nothing");
    }
  }

  private Memory memory(HostPort address) {
    return Objects.requireNonNull(memories.get(address));
  }

  private Endpoint atOf(EndpointHealth endpointHealth) {
    return list.at(endpointHealth.endpoint).orElseThrow();
  }

  private void check(int step) {
    for (Endpoint endpoint : list.endpoints()) {
      Memory memory = memory(endpoint.address());
      boolean out = policy.of(endpoint).isEjected();
      require(out == memory.out, endpoint.address() + " left out: " + out + " at step " + step);
      require(!out || now - memory.untilNanos < 0, endpoint.address() + " is not back in time");
    }
    require(out() <= OPTIONS.most((int) eligible()), out() + " of " + eligible() + " are left out");
    long least = policy.nanosToDeadline(now);
    memories.values().stream()
        .filter(memory -> memory.out)
        .forEach(memory -> require(least <= memory.untilNanos - now, "the deadline is too late"));
  }

  private long eligible() {
    return list.endpoints().stream().filter(Endpoint::isEligible).count();
  }

  private long out() {
    return list.endpoints().stream().filter(e -> e.isEligible() && memory(e.address()).out).count();
  }

  private static void require(boolean holds, String what) {
    if (!holds) {
      throw new AssertionError(what);
    }
  }
}
