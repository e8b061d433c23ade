package dev.holdfast.cli.demo.registry;

import dev.holdfast.cli.demo.calls.StepContext;
import dev.holdfast.cli.demo.process.InstanceProcess;
import dev.holdfast.cli.demo.process.PollingWait;
import dev.holdfast.core.Endpoint;
import dev.holdfast.core.EndpointSet;
import dev.holdfast.core.HostPort;
import dev.holdfast.core.RegistryContext;
import dev.holdfast.core.RegistryException;
import dev.holdfast.core.RegistryUri;
import dev.holdfast.core.ServiceName;
import dev.holdfast.core.SystemScheduler;
import dev.holdfast.core.discovery.Registries;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;

/**
 * A reader of the registry's content, independent of the client under test.
 *
 * <p>The reader has a connection and an event loop of its own and reads the registry directly, so
 * the client's watch can't be mistaken for the registry. Thread-safe.
 */
public final class RegistryView implements AutoCloseable {
  private static final long START_MILLIS = 180_000;
  private static final long READ_MILLIS = 2_000;

  private final SystemScheduler scheduler = SystemScheduler.create("demo-registry-view");
  private final Registries.Handle handle;
  private final ServiceName service;
  private final Map<HostPort, Long> visibleSince = new ConcurrentHashMap<>();

  /**
   * @param service relative to the registry's namespace
   */
  public RegistryView(RegistryUri uri, ServiceName service) {
    this.handle = new Registries(RegistryContext.system().withScheduler(scheduler)).open(uri);
    this.service = service.inside(uri.namespace());
  }

  /**
   * Reads the records of the service from the registry now.
   *
   * @return the endpoints that the registry holds; empty when it can't be read
   */
  public Optional<EndpointSet> read() throws InterruptedException {
    long startNanos = System.nanoTime();
    try {
      EndpointSet endpoints =
          handle
              .registry()
              .read(service)
              .toCompletableFuture()
              .get(READ_MILLIS, TimeUnit.MILLISECONDS)
              .endpoints();
      note(endpoints, startNanos);
      return Optional.of(endpoints);
    } catch (TimeoutException e) {
      return Optional.empty();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof RegistryException) {
        return Optional.empty();
      }
      throw new IllegalStateException("reading " + handle.uri(), e.getCause());
    }
  }

  /**
   * Waits until the first processes of a run are registered.
   *
   * @param what they are called in messages
   * @param addressed whether each of them has an address
   * @param crashed those that ended by themselves
   * @throws IOException when one of them ended, or the time is over
   */
  public void awaitStart(
      int count,
      String what,
      PollingWait.PolledCondition addressed,
      Supplier<List<InstanceProcess>> crashed)
      throws IOException, InterruptedException {
    boolean started =
        PollingWait.await(
            START_MILLIS,
            () ->
                !crashed.get().isEmpty()
                    || (addressed.holds()
                        && read().map(held -> held.eligible().size()).orElse(0) == count));
    if (!crashed.get().isEmpty()) {
      throw new IOException(StepContext.names(crashed.get()) + " ended while starting");
    }
    if (!started) {
      throw new IOException(
          "the " + what + " were not in the registry within " + START_MILLIS / 1_000 + " s");
    }
  }

  /**
   * The start of the read that saw the record of an address first, by {@link System#nanoTime()}:
   * never later than the record could be seen by another observer that polls as often.
   */
  public OptionalLong visibleSinceNanos(HostPort address) {
    Long since = visibleSince.get(address);
    return since == null ? OptionalLong.empty() : OptionalLong.of(since);
  }

  @Override
  public void close() {
    handle.close();
    scheduler.close();
  }

  private void note(EndpointSet endpoints, long nowNanos) {
    visibleSince.keySet().removeIf(address -> endpoints.at(address).isEmpty());
    for (Endpoint endpoint : endpoints.eligible()) {
      visibleSince.putIfAbsent(endpoint.address(), nowNanos);
    }
  }
}
