package dev.holdfast.streams.internal.rebalance;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/**
 * Instances with streams under virtual time, each with its own clock and a list of the others that
 * is as old as its own way to the registry makes it.
 *
 * <p>Time goes on in steps of 100 ms. Each instance decides once a second, at a time of its own. A
 * stream that is asked to move arrives elsewhere within half a second. Some may stay where they
 * are, as those whose handler is never at its cursor; they count again after {@link
 * #LEAVING_SECONDS}.
 */
final class SimulatedFleet {
  static final int STEP_MILLIS = 100;
  private static final int STEPS_PER_SECOND = 10;
  private static final int PUBLISH_STEPS = 20;
  private static final int MOST_LAG_STEPS = 30;
  private static final int MOST_ARRIVAL_STEPS = 5;
  private static final int LEAVING_SECONDS = 10;
  private static final int ASK_AGAIN_SECONDS = 300;
  private static final long STEP_NANOS = STEP_MILLIS * 1_000_000L;

  /** How clients choose the next instance of a stream. */
  enum Placement {
    /** By what instances lack of their share, as far as the list of the client says it. */
    BY_LOAD,
    /** Any other instance. */
    AT_RANDOM
  }

  /** The load that an instance has published. */
  private record Published(String id, int weight, long streams, boolean overloaded) {}

  /** A stream on its way. */
  private record Arrival(long step, Instance to) {}

  /** An instance with its policy and its streams. */
  final class Instance {
    private final String id;
    private final int weight;
    private final StreamRebalancePolicy policy;
    private final long clockNanos = random.nextLong();
    private final int phase = random.nextInt(STEPS_PER_SECOND);
    private final int lag = random.nextInt(MOST_LAG_STEPS + 1);
    private final Deque<Long> askedInVain = new ArrayDeque<>();
    long streams;
    long capacity = Long.MAX_VALUE;
    private @Nullable Published published;
    private long publishedStep;
    private List<Published> seen = List.of();
    private List<InstanceLoad> others = List.of();

    Instance(String id, int weight) {
      this.id = id;
      this.weight = weight;
      this.policy = new StreamRebalancePolicy(new Random(random.nextLong()));
    }

    private void publish() {
      Published before = published;
      boolean due =
          before == null
              || (step - publishedStep >= PUBLISH_STEPS
                  && (Math.abs(counted() - before.streams) * 100 > before.streams
                      || before.overloaded != policy.isOverloaded()));
      if (due) {
        published = new Published(id, weight, counted(), policy.isOverloaded());
        publishedStep = step;
        changed = true;
      }
    }

    private long counted() {
      if (askedInVain.isEmpty()) {
        return streams;
      }
      long leaving =
          askedInVain.stream()
              .filter(askedStep -> step - askedStep < (long) LEAVING_SECONDS * STEPS_PER_SECOND)
              .count();
      return streams - leaving;
    }

    /** The others by a list. Lists change seldom: most decisions are made by the one before. */
    private void see(List<Published> list) {
      if (list == seen) {
        return;
      }
      seen = list;
      others =
          list.stream()
              .filter(one -> !one.id.equals(id))
              .map(one -> new InstanceLoad(one.id, one.weight, one.streams, one.overloaded))
              .toList();
    }

    private void decide() {
      see(listAt(step - lag));
      long nowNanos = clockNanos + step * STEP_NANOS;
      while (!askedInVain.isEmpty()
          && step - askedInVain.getFirst() >= (long) ASK_AGAIN_SECONDS * STEPS_PER_SECOND) {
        askedInVain.removeFirst();
      }
      long movable = Math.max(0, streams - askedInVain.size());
      long moves =
          policy.next(
              nowNanos,
              new StreamRebalancePolicy.Own(weight, counted(), movable, streams > capacity),
              others);
      for (long i = 0; i < moves && streams > 0; i++) {
        asked++;
        if (random.nextInt(100) < stayingPercent) {
          askedInVain.addLast(step);
          continue;
        }
        streams--;
        moved++;
        arrivals.add(new Arrival(step + 1 + random.nextInt(MOST_ARRIVAL_STEPS), placed(this)));
      }
    }
  }

  private final Random random;
  private final Placement placement;
  final List<Instance> instances = new ArrayList<>();
  private final List<List<Published>> lists = new ArrayList<>(MOST_LAG_STEPS + 1);
  private final List<Arrival> arrivals = new ArrayList<>();
  private List<Published> newest = List.of();
  private boolean changed;
  private long step;
  private int names;
  long moved;
  long asked;

  /** The part of the streams that stay though they are asked to move. */
  int stayingPercent;

  SimulatedFleet(long seed, Placement placement) {
    this.random = new Random(seed);
    this.placement = placement;
  }

  Instance join(int weight, long streams) {
    Instance joined = new Instance("i" + names++, weight);
    joined.streams = streams;
    instances.add(joined);
    return joined;
  }

  /** An instance leaves, and its streams go elsewhere. */
  void leave(Instance leaving) {
    instances.remove(leaving);
    changed = true;
    for (long i = 0; i < leaving.streams; i++) {
      placed(leaving).streams++;
    }
  }

  void seconds(int seconds) {
    for (int i = 0; i < seconds * STEPS_PER_SECOND; i++) {
      step();
    }
  }

  private void step() {
    step++;
    arrivals.removeIf(
        arrival -> {
          boolean here = arrival.step <= step;
          if (here) {
            (instances.contains(arrival.to) ? arrival.to : anyBut(null)).streams++;
          }
          return here;
        });
    instances.forEach(Instance::publish);
    if (changed) {
      newest = instances.stream().map(one -> Objects.requireNonNull(one.published)).toList();
      changed = false;
    }
    if (lists.size() <= MOST_LAG_STEPS) {
      lists.add(newest);
    } else {
      lists.set(slot(step), newest);
    }
    for (Instance instance : instances) {
      if (step % STEPS_PER_SECOND == instance.phase) {
        instance.decide();
      }
    }
  }

  private List<Published> listAt(long wanted) {
    long back = Math.min(lists.size() - 1, Math.max(0, step - wanted));
    return lists.get(slot(step - back));
  }

  /** Where the list of a step is kept; steps begin with one. */
  private static int slot(long step) {
    return (int) ((step - 1) % (MOST_LAG_STEPS + 1));
  }

  private Instance placed(Instance from) {
    if (placement == Placement.AT_RANDOM) {
      return anyBut(from);
    }
    List<Published> list = listAt(step - random.nextInt(MOST_LAG_STEPS + 1));
    double streams = 0;
    double weights = 0;
    for (Published one : list) {
      streams += one.overloaded ? 0 : one.streams;
      weights += one.overloaded ? 0 : one.weight;
    }
    List<Instance> candidates = new ArrayList<>();
    List<Double> lacks = new ArrayList<>();
    double sum = 0;
    for (Published one : list) {
      double lack = Math.max(0, streams / weights * one.weight - one.streams);
      Instance there =
          instances.stream().filter(each -> each.id.equals(one.id)).findFirst().orElse(null);
      if (there != null && there != from && !one.overloaded && lack > 0) {
        candidates.add(there);
        lacks.add(lack);
        sum += lack;
      }
    }
    double at = random.nextDouble() * sum;
    for (int i = 0; i < candidates.size(); i++) {
      at -= lacks.get(i);
      if (at < 0) {
        return candidates.get(i);
      }
    }
    return anyBut(from);
  }

  private Instance anyBut(@Nullable Instance from) {
    List<Instance> others = instances.stream().filter(one -> one != from).toList();
    return others.isEmpty() ? instances.get(0) : others.get(random.nextInt(others.size()));
  }

  long total() {
    return instances.stream().mapToLong(one -> one.streams).sum() + arrivals.size();
  }

  /** The largest deviation of an instance from its share, in percent of the share. */
  double imbalancePercent() {
    double weights = instances.stream().mapToInt(one -> one.weight).sum();
    double worst = 0;
    for (Instance one : instances) {
      double share = total() / weights * one.weight;
      worst = Math.max(worst, Math.abs(one.streams - share) / share * 100);
    }
    return worst;
  }
}
