package dev.holdfast.bench.registry;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;

/**
 * The size of a fleet and its rate of change.
 *
 * @param rate changes per second
 * @param warmUpSeconds for how long changes are made before they count
 * @param seconds for how long changes count
 */
record FleetSize(
    int services, int endpoints, int channels, int rate, int warmUpSeconds, int seconds) {
  private static final int SPARE_PORTS = 20;
  private static final long ORDER_SEED = 1;

  /** The inverse of {@link #arguments()}. */
  static FleetSize parse(List<String> arguments) {
    int[] numbers = arguments.stream().mapToInt(Integer::parseInt).toArray();
    return new FleetSize(numbers[0], numbers[1], numbers[2], numbers[3], numbers[4], numbers[5]);
  }

  /** The values as command-line arguments of a child process. */
  List<String> arguments() {
    return IntStream.of(services, endpoints, channels, rate, warmUpSeconds, seconds)
        .mapToObj(Integer::toString)
        .toList();
  }

  /** The number of changes in the warm-up, which do not count. */
  long warmUpChanges() {
    return (long) rate * warmUpSeconds;
  }

  /** The number of changes, including those of the warm-up. */
  long allChanges() {
    return warmUpChanges() + (long) rate * seconds;
  }

  /**
   * The number of ports, large enough that no address of a service is used again before the end.
   */
  int ports() {
    return endpoints + (int) (allChanges() / services + 1) + SPARE_PORTS;
  }

  /** In which order services change, again and again. */
  List<Integer> order() {
    List<Integer> order = new ArrayList<>();
    for (int s = 0; s < services; s++) {
      order.add(s);
    }
    Collections.shuffle(order, new Random(ORDER_SEED));
    return order;
  }

  /**
   * The number of counted changes to services with a channel. The first services have one channel
   * each.
   */
  long channelChanges() {
    return channelChangesWithin(allChanges()) - channelChangesWithin(warmUpChanges());
  }

  private long channelChangesWithin(long changes) {
    long rounds = changes / services;
    long rest =
        order().subList(0, (int) (changes % services)).stream().filter(s -> s < channels).count();
    return rounds * channels + rest;
  }
}
