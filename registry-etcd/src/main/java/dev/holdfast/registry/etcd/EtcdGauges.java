package dev.holdfast.registry.etcd;

import dev.holdfast.core.RegistryMeter;
import dev.holdfast.core.Subscription;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.IntSupplier;

/**
 * The gauges of all etcd registries of a process, added up.
 *
 * <p>Their tag is the scheme, and a second gauge of the same name would be ignored by Micrometer: a
 * process with two clusters would show those of the first. Thread-safe.
 */
final class EtcdGauges {
  private static final IdentityHashMap<MeterRegistry, EtcdGauges> OPEN = new IdentityHashMap<>();

  private record Source(IntSupplier watches, IntSupplier leaseState) {}

  private final List<Source> sources = new CopyOnWriteArrayList<>();
  private final Subscription watches;
  private final Subscription leaseState;

  private EtcdGauges(MeterRegistry meters) {
    watches =
        RegistryMeter.WATCHES.gauge(
            meters,
            () -> sources.stream().mapToInt(s -> s.watches().getAsInt()).sum(),
            EtcdRegistryProvider.SCHEME);
    // A lost lease is what somebody must see, so it outweighs those that are held.
    leaseState =
        RegistryMeter.LEASE_STATE.gauge(
            meters,
            () -> sources.stream().mapToInt(s -> s.leaseState().getAsInt()).max().orElse(0),
            EtcdRegistryProvider.SCHEME);
  }

  /**
   * Adds one registry.
   *
   * @param watches how many ranges it follows; read from any thread
   * @param leaseState as in {@link RegistryMeter#LEASE_STATE}; read from any thread
   * @return closed with the registry
   */
  static Subscription add(MeterRegistry meters, IntSupplier watches, IntSupplier leaseState) {
    Source source = new Source(watches, leaseState);
    synchronized (OPEN) {
      OPEN.computeIfAbsent(meters, EtcdGauges::new).sources.add(source);
    }
    return () -> remove(meters, source);
  }

  private static void remove(MeterRegistry meters, Source source) {
    synchronized (OPEN) {
      EtcdGauges gauges = OPEN.get(meters);
      if (gauges != null && gauges.sources.remove(source) && gauges.sources.isEmpty()) {
        OPEN.remove(meters);
        gauges.watches.close();
        gauges.leaseState.close();
      }
    }
  }
}
