package dev.holdfast.bench.registry;

import dev.holdfast.bench.load.OpenLoopLoad;
import dev.holdfast.lab.kubernetes.ApiStore;
import dev.holdfast.lab.kubernetes.EndpointSlice;
import dev.holdfast.lab.kubernetes.SliceEndpoint;
import dev.holdfast.lab.kubernetes.SlicePort;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The pods of one Service in some EndpointSlices, and the controller that writes them. In turns the
 * oldest pod leaves and a pod that rested comes. One thread makes the changes; answers come from
 * any thread.
 */
final class PodFleet implements OpenLoopLoad.AnswerListener {
  static final String NAMESPACE = "bench";
  static final String SERVICE = "orders";

  /**
   * The size of the fleet.
   *
   * @param listed pods that are listed at a time
   * @param resting pods that are not listed, until their address is used again
   * @param slices EndpointSlices that the listed pods are spread over
   */
  record Size(int listed, int resting, int slices) {}

  /** The figures of one period of the run. */
  static final class FleetPeriod {
    final List<Double> toCallMs = new ArrayList<>();
    final AtomicLong wrong = new AtomicLong();
    final AtomicLong latestMicros = new AtomicLong();
    int neverCalled;
    int changes;
  }

  private final ApiStore store;
  private final int port;
  private final long graceNanos;
  private final List<Map<String, Pod>> slices = new ArrayList<>();
  private final Map<String, Pod> pods = new HashMap<>();
  private final Deque<Pod> listed = new ArrayDeque<>();
  private final Deque<Pod> resting = new ArrayDeque<>();
  private final Map<Pod, FleetPeriod> stretchOfPod = new HashMap<>();
  private volatile FleetPeriod fleetPeriod = new FleetPeriod();
  private boolean adding;
  private int nextSlice;

  /**
   * Lists the first of them.
   *
   * @param port that all of them listen on
   * @param grace a call that is sent later than this after a pod's removal is wrong
   */
  PodFleet(ApiStore store, int port, Duration grace, Size size) {
    this.store = store;
    this.port = port;
    graceNanos = grace.toNanos();
    for (int i = 0; i < size.slices; i++) {
      slices.add(new HashMap<>());
    }
    for (int i = 0; i < size.listed + size.resting; i++) {
      Pod pod = new Pod(PodServers.address(i));
      pods.put(pod.address(), pod);
      resting.add(pod);
    }
    for (int i = 0; i < size.listed; i++) {
      add();
    }
  }

  /** Starts the next period, to which later events belong. */
  FleetPeriod begin() {
    FleetPeriod begun = new FleetPeriod();
    fleetPeriod = begun;
    return begun;
  }

  /** Makes the next change: removals and additions of a pod alternate. */
  void change() {
    fleetPeriod.changes++;
    if (adding) {
      add();
    } else {
      removeOldest();
    }
    adding = !adding;
  }

  /** Counts the pods that are still listed: those added long ago enough to have been called. */
  void settle() {
    listed.forEach(this::count);
  }

  /** The number of listed pods that have answered since they were added. */
  long called() {
    return listed.stream().filter(pod -> pod.additionToAnswerNanos().isPresent()).count();
  }

  @Override
  public void onAnswer(String instance, long sentNanos, long answeredNanos) {
    Pod pod = pods.get(instance);
    if (pod == null) {
      throw new IllegalStateException("answer of " + instance + " (expected: one of the pods)");
    }
    long goneNanos = pod.answered(sentNanos, answeredNanos);
    FleetPeriod now = fleetPeriod;
    now.latestMicros.accumulateAndGet(goneNanos / 1_000, Math::max);
    if (goneNanos > graceNanos) {
      now.wrong.incrementAndGet();
    }
  }

  private void add() {
    Pod pod = resting.remove();
    listed.add(pod);
    stretchOfPod.put(pod, fleetPeriod);
    int slice = nextSlice;
    nextSlice = (nextSlice + 1) % slices.size();
    slices.get(slice).put(pod.address(), pod);
    pod.added();
    write(slice);
  }

  private void removeOldest() {
    Pod pod = listed.remove();
    resting.add(pod);
    for (int slice = 0; slice < slices.size(); slice++) {
      if (slices.get(slice).remove(pod.address()) != null) {
        write(slice);
      }
    }
    var unused = pod.removed();
    count(pod);
  }

  private void count(Pod pod) {
    FleetPeriod of = stretchOfPod.remove(pod);
    if (of == null) {
      return;
    }
    pod.additionToAnswerNanos()
        .ifPresentOrElse(nanos -> of.toCallMs.add(nanos / 1e6), () -> of.neverCalled++);
  }

  private void write(int slice) {
    store.put(
        EndpointSlice.of(NAMESPACE, SERVICE, SERVICE + "-" + slice)
            .withPorts(SlicePort.tcp("grpc", port))
            .withEndpoints(
                slices.get(slice).keySet().stream().sorted().map(SliceEndpoint::of).toList()));
  }
}
