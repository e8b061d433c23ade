package dev.holdfast.bench.chaos;

import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;

/** A seeded order of faults: each kind once before any comes again. */
final class EtcdFaultSequence {
  private final RandomGenerator random;
  private final List<EtcdFault> left = new ArrayList<>();

  EtcdFaultSequence(RandomGenerator random) {
    this.random = random;
  }

  EtcdFault next() {
    if (left.isEmpty()) {
      left.addAll(List.of(EtcdFault.values()));
    }
    return left.remove(random.nextInt(left.size()));
  }
}
