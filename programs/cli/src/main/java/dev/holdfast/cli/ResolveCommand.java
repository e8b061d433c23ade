package dev.holdfast.cli;

import dev.holdfast.cli.output.EndpointText;
import dev.holdfast.cli.output.JsonLine;
import dev.holdfast.core.DurationText;
import dev.holdfast.core.Endpoint;
import dev.holdfast.core.EndpointSet;
import dev.holdfast.core.Registry;
import dev.holdfast.core.RegistryException;
import dev.holdfast.core.RegistrySnapshot;
import dev.holdfast.core.ServiceTarget;
import dev.holdfast.core.Subscription;
import dev.holdfast.core.discovery.Registries;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** The {@code resolve} command, which looks a target up once, directly in the registry. */
@Command(
    name = "resolve",
    description = "Print the addresses of a service once; exit with 1 when there are none.",
    footer = {
      "",
      "One line per endpoint: the address, then zone, weight and metadata where they say something."
    })
public final class ResolveCommand implements Callable<Integer> {
  @Mixin(name = CommonOptions.MIXIN)
  private final CommonOptions common = new CommonOptions();

  @Mixin private final RegistryOptions registryOptions = new RegistryOptions();

  @Option(names = "--all", description = "Also those that are not ready or are draining.")
  private boolean all;

  @Option(
      names = "--wait",
      paramLabel = "DURATION",
      converter = WaitConverter.class,
      description = "Wait up to this long for an endpoint, such as 30s.")
  private @Nullable Duration wait;

  @Parameters(
      paramLabel = "TARGET",
      description =
          "A service of the registry, or a whole target such as etcd://h1,h2:2379/prod/orders or"
              + " holdfast:///orders.")
  private String target = "";

  @Override
  public Integer call() {
    common.startLogging("ERROR");
    ServiceTarget service = registryOptions.target(target);
    try (Registries.Handle handle = registryOptions.open(service.registry())) {
      EndpointSet found = wait == null ? read(handle, service) : await(handle, service, wait);
      List<Endpoint> shown = all ? found.endpoints() : found.eligible();
      print(service, shown);
      if (shown.isEmpty()) {
        common
            .commandContext()
            .err()
            .println("holdfast: " + service + ": no endpoint" + others(found));
      }
      return shown.isEmpty() ? ExitCode.FAILED : ExitCode.OK;
    }
  }

  private static EndpointSet read(Registries.Handle handle, ServiceTarget service) {
    Registry registry = handle.registry();
    return BoundedAwait.await(
            registry.read(service.service()), registry.requestTimeout(), registry.describe())
        .endpoints();
  }

  private EndpointSet await(Registries.Handle handle, ServiceTarget service, Duration limit) {
    if (!common.json()) {
      common
          .commandContext()
          .err()
          .println("holdfast: waiting up to " + DurationText.format(limit) + " for " + service);
    }
    Sought sought = new Sought(all);
    try (Subscription watch = handle.registry().watch(service.service(), sought)) {
      return sought.found.get(limit.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      RegistryException trouble = sought.trouble;
      if (sought.last == null && trouble != null) {
        throw trouble;
      }
      return sought.last == null ? EndpointSet.EMPTY : sought.last;
    } catch (java.util.concurrent.ExecutionException e) {
      throw new IllegalStateException(e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw UserError.failed(service + ": interrupted");
    }
  }

  private void print(ServiceTarget service, List<Endpoint> endpoints) {
    if (common.json()) {
      common
          .commandContext()
          .out()
          .println(
              JsonLine.object()
                  .with("target", service.toString())
                  .with("endpoints", endpoints.stream().map(EndpointText::json).toList()));
      return;
    }
    for (Endpoint endpoint : endpoints) {
      String line = endpoint.address() + "  " + EndpointText.details(endpoint);
      common.commandContext().out().println(line.stripTrailing());
    }
  }

  private static String others(EndpointSet found) {
    return found.isEmpty()
        ? ""
        : " that is ready (" + found.size() + " not ready or draining; --all shows them)";
  }

  /** Waits for the first list with something to show. */
  private static final class Sought implements Registry.WatchListener {
    final CompletableFuture<EndpointSet> found = new CompletableFuture<>();
    private final boolean all;
    volatile @Nullable EndpointSet last;
    volatile @Nullable RegistryException trouble;

    Sought(boolean all) {
      this.all = all;
    }

    @Override
    public void onSnapshot(RegistrySnapshot snapshot) {
      last = snapshot.endpoints();
      if (all ? !snapshot.endpoints().isEmpty() : !snapshot.endpoints().eligible().isEmpty()) {
        found.complete(snapshot.endpoints());
      }
    }

    @Override
    public void onConfirmed() {}

    @Override
    public void onFailure(RegistryException cause) {
      trouble = cause;
    }
  }

  /** The duration as DurationText reads it. */
  static final class WaitConverter extends DurationOptionConverter {
    WaitConverter() {
      super("wait", Duration.ZERO, Duration.ofHours(24));
    }
  }
}
