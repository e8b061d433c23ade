package dev.holdfast.cli.demo.calls;

import dev.holdfast.cli.demo.load.CallStats;
import dev.holdfast.cli.demo.load.LoadClient;
import dev.holdfast.cli.demo.process.InstanceProcess;
import dev.holdfast.cli.demo.process.PollingWait;
import dev.holdfast.cli.demo.registry.DemoRegistry;
import dev.holdfast.cli.demo.registry.RegistryView;
import dev.holdfast.cli.demo.report.GoalMissedException;
import dev.holdfast.core.EndpointSet;
import java.util.Collection;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The objects that a step of the demo can act on and observe.
 *
 * @param fleet the instances
 * @param registry the registry, which can be taken away
 * @param view a reader of the registry's content
 * @param client the Holdfast client under test
 * @param stats the record of its calls
 * @param gateway the gateway in front of the instances, with calls of its own
 */
public record StepContext(
    DemoInstances fleet,
    DemoRegistry registry,
    RegistryView view,
    LoadClient client,
    CallStats stats,
    DemoGateway gateway) {

  /**
   * Waits until something is seen.
   *
   * @param goal the sentence that the step fails with when it is not
   * @throws GoalMissedException when the time is over, or an instance crashed meanwhile
   */
  void await(String goal, long timeoutMillis, PollingWait.PolledCondition polledCondition)
      throws GoalMissedException, InterruptedException {
    await(goal, timeoutMillis, polledCondition, this::crashed);
  }

  private List<InstanceProcess> crashed() {
    return crashed(fleet, gateway);
  }

  /** Instances that ended by themselves, and the gateway if it did. */
  static List<InstanceProcess> crashed(DemoInstances demoInstances, DemoGateway gateway) {
    return Stream.concat(demoInstances.crashed().stream(), gateway.crashed().stream()).toList();
  }

  /** Waits for a condition while any of the given processes may crash. */
  public static void await(
      String goal,
      long timeoutMillis,
      PollingWait.PolledCondition polledCondition,
      Supplier<List<InstanceProcess>> crashed)
      throws GoalMissedException, InterruptedException {
    // Each crash fails one wait only, so that the steps after it can still show what they can.
    int crashedBefore = crashed.get().size();
    boolean seen =
        PollingWait.await(
            timeoutMillis, () -> polledCondition.holds() || crashed.get().size() > crashedBefore);
    if (crashed.get().size() > crashedBefore) {
      throw new GoalMissedException(names(crashed.get()) + " ended unasked; waited for: " + goal);
    }
    if (!seen) {
      throw new GoalMissedException("not within " + timeoutMillis + " ms: " + goal);
    }
  }

  /** Waits until the registry holds the records of all these instances. */
  void awaitVisible(Collection<InstanceProcess> instances, long timeoutMillis)
      throws GoalMissedException, InterruptedException {
    await(
        names(instances) + " visible in the registry",
        timeoutMillis,
        () ->
            instances.stream().allMatch(instance -> instance.address().isPresent())
                && view.read().map(held -> holdsAll(held, instances)).orElse(false));
  }

  /** Waits until each of these instances has answered a call. */
  void awaitServing(Collection<InstanceProcess> instances, long timeoutMillis)
      throws GoalMissedException, InterruptedException {
    await(
        names(instances) + " serving calls",
        timeoutMillis,
        () ->
            instances.stream()
                .allMatch(instance -> stats.firstServedNanos(instance.name()).isPresent()));
  }

  /** Waits until the registry holds no eligible record of this instance. */
  void awaitInvisible(InstanceProcess instance, long timeoutMillis)
      throws GoalMissedException, InterruptedException {
    await(
        instance.name() + " out of the registry",
        timeoutMillis,
        () -> view.read().map(held -> !holdsAll(held, List.of(instance))).orElse(false));
  }

  /** Waits until each of these instances has answered another call after the given moment. */
  void awaitServingSince(long sinceNanos, Collection<InstanceProcess> instances, long timeoutMillis)
      throws GoalMissedException, InterruptedException {
    await(
        names(instances) + " still serving calls",
        timeoutMillis,
        () ->
            instances.stream()
                .allMatch(
                    instance -> {
                      var last = stats.lastServedNanos(instance.name());
                      return last.isPresent() && last.getAsLong() - sinceNanos > 0;
                    }));
  }

  /** The names of the instances as text, separated by commas. */
  public static String names(Collection<InstanceProcess> instances) {
    return instances.stream().map(InstanceProcess::name).collect(Collectors.joining(", "));
  }

  private static boolean holdsAll(EndpointSet held, Collection<InstanceProcess> instances) {
    return instances.stream()
        .allMatch(
            instance ->
                instance
                    .address()
                    .flatMap(held::at)
                    .map(endpoint -> endpoint.isEligible())
                    .orElse(false));
  }
}
