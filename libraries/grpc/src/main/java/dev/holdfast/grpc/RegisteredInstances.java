package dev.holdfast.grpc;

import dev.holdfast.core.Clock;
import dev.holdfast.core.EndpointSet;
import dev.holdfast.core.Subscription;
import dev.holdfast.core.SystemScheduler;
import dev.holdfast.grpc.internal.instances.StreamLoadSchedule;
import dev.holdfast.hooks.ServiceInstances;
import dev.holdfast.hooks.StreamLoad;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * The instances of a registered server's service. The list is that of the server's first
 * registration; the load is published in all of them. Thread-safe.
 */
final class RegisteredInstances implements ServiceInstances {
  private final List<ServerRegistration> registrations;
  private final Clock clock = SystemScheduler.shared().clock();

  // Guarded by this.
  private final Map<Object, StreamLoad> parts = new HashMap<>();
  private final StreamLoadSchedule schedule = new StreamLoadSchedule();
  private int instances = 1;

  /**
   * @param registrations at least one
   */
  RegisteredInstances(List<ServerRegistration> registrations) {
    this.registrations = List.copyOf(registrations);
  }

  @Override
  public Subscription follow(Consumer<EndpointSet> listener) {
    return registrations
        .get(0)
        .follow(
            endpoints -> {
              synchronized (this) {
                instances = endpoints.size();
              }
              listener.accept(endpoints);
            });
  }

  @Override
  public StreamLoad report(Object part, StreamLoad load) {
    StreamLoad sum = StreamLoad.NONE;
    boolean due;
    synchronized (this) {
      parts.put(part, load);
      for (StreamLoad each : parts.values()) {
        sum = sum.plus(each);
      }
      due = schedule.isDue(clock.nanoTime(), sum, instances);
    }
    if (due) {
      Map<String, String> metadata = sum.toMetadata();
      registrations.forEach(registration -> registration.publish(metadata));
    }
    return sum;
  }
}
