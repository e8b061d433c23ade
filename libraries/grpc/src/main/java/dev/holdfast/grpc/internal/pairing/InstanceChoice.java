package dev.holdfast.grpc.internal.pairing;

import dev.holdfast.core.annotation.PureCore;
import dev.holdfast.hooks.StreamLoad;
import java.util.List;
import java.util.Optional;
import java.util.random.RandomGenerator;

/**
 * The choice of an instance for a stream that leaves another one.
 *
 * <p>Each instance has a fair share of all streams, by its weight. One is chosen at random, with a
 * probability in proportion to what it lacks of its share, so that many clients with the same list
 * do not all choose the same one.
 */
@PureCore
final class InstanceChoice {
  private InstanceChoice() {}

  /**
   * An instance that can be chosen.
   *
   * @param address as host:port
   * @param weight 1 or more
   * @param load what it publishes
   * @param present whether the stream is there now
   */
  record Candidate(String address, int weight, Optional<StreamLoad> load, boolean present) {
    private boolean takesMore() {
      return load.isPresent() && !load.get().overloaded();
    }
  }

  /**
   * Chooses an instance.
   *
   * @param refused whether the present instance is no choice at all; neither is an overloaded one
   * @return empty when any instance is as good as another, the present one included
   */
  static Optional<Candidate> of(
      List<Candidate> candidates, boolean refused, RandomGenerator random) {
    double streams = 0;
    double weights = 0;
    for (Candidate candidate : candidates) {
      if (candidate.takesMore()) {
        streams += candidate.load().orElseThrow().streams();
        weights += candidate.weight();
      }
    }
    if (weights == 0) {
      // Nobody publishes a load: these instances may not be ones that streams can move between.
      return Optional.empty();
    }
    double perWeight = streams / weights;
    double[] lacks = new double[candidates.size()];
    double sum = 0;
    boolean leaves = refused;
    boolean presentHasMore = refused;
    for (int i = 0; i < lacks.length; i++) {
      Candidate candidate = candidates.get(i);
      double share = perWeight * candidate.weight();
      if (candidate.present()) {
        presentHasMore |= candidate.load().filter(load -> load.streams() >= share).isPresent();
        leaves |= candidate.load().filter(StreamLoad::overloaded).isPresent();
      } else if (candidate.takesMore()) {
        lacks[i] = Math.max(0, share - candidate.load().orElseThrow().streams());
        sum += lacks[i];
      }
    }
    if (!presentHasMore && !leaves) {
      return Optional.empty();
    }
    if (sum > 0) {
      return Optional.of(candidates.get(drawn(lacks, random.nextDouble() * sum)));
    }
    List<Candidate> others = othersOf(candidates);
    return leaves && !others.isEmpty()
        ? Optional.of(others.get(random.nextInt(others.size())))
        : Optional.empty();
  }

  /** Those that are not overloaded; all where each one is. */
  private static List<Candidate> othersOf(List<Candidate> candidates) {
    List<Candidate> others = candidates.stream().filter(one -> !one.present()).toList();
    List<Candidate> well = others.stream().filter(Candidate::takesMore).toList();
    return well.isEmpty() ? others : well;
  }

  private static int drawn(double[] lacks, double at) {
    double left = at;
    int last = 0;
    for (int i = 0; i < lacks.length; i++) {
      if (lacks[i] > 0) {
        last = i;
        left -= lacks[i];
        if (left < 0) {
          return i;
        }
      }
    }
    return last;
  }
}
