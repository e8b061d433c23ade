package dev.holdfast.cli;

import dev.holdfast.cli.output.EndpointChangeTracker;
import dev.holdfast.cli.output.WatchPrinter;
import dev.holdfast.core.Clock;
import dev.holdfast.core.EndpointSet;
import dev.holdfast.core.EndpointsListener;
import dev.holdfast.core.Registry;
import dev.holdfast.core.RegistryException;
import dev.holdfast.core.RegistryUri;
import dev.holdfast.core.Scheduler;
import dev.holdfast.core.ServiceName;
import dev.holdfast.core.ServiceTarget;
import dev.holdfast.core.annotation.Limit;
import dev.holdfast.core.discovery.EndpointDirectory;
import dev.holdfast.core.discovery.Registries;
import java.time.Duration;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/**
 * The {@code watch} command, which shows changes as they happen, as every Holdfast client sees
 * them.
 */
@Command(
    name = "watch",
    description = "Show what changes about a service, or about all services of a namespace.",
    footer = {
      "",
      "The list passes through the same policy as in every client: what a failing registry forgets",
      "is not removed at once. age= says how long the endpoint had been as it was before.",
      "Ends with Ctrl-C, or when nobody reads its output any more."
    })
public final class WatchCommand implements Callable<Integer> {
  // More services than this in one namespace: watch them one by one.
  @Limit(
      of = "services that `watch` follows in a namespace",
      then = "further ones are named in a line and not followed")
  private static final int MAX_SERVICES = 10_000;

  private static final Duration RECOVERY_POLL = Duration.ofMillis(500);

  @Mixin(name = CommonOptions.MIXIN)
  private final CommonOptions common = new CommonOptions();

  @Mixin private final RegistryOptions registryOptions = new RegistryOptions();

  @Parameters(
      arity = "0..1",
      paramLabel = "SERVICE|NAMESPACE/",
      description =
          "A service, a whole target, or a namespace with a slash at its end; without it, the"
              + " registry's own namespace.")
  private String what = "";

  private final CountDownLatch nobodyReads = new CountDownLatch(1);

  @Override
  public Integer call() throws InterruptedException {
    common.startLogging("ERROR");
    WatchPrinter printer = new WatchPrinter(common.commandContext().out(), common.json());
    if (what.isEmpty() || (what.endsWith("/") && !what.contains("://"))) {
      RegistryUri uri = registryOptions.uri();
      String namespace = NamespaceArguments.join(uri.namespace(), what);
      try (Registries.Handle handle = registryOptions.open(uri)) {
        NamespaceArguments.requireListable(handle.registry(), uri);
        handle
            .directory()
            .subscribeNames(namespace, new Names(handle.directory(), namespace, printer));
        nobodyReads.await();
      }
    } else {
      ServiceTarget target = registryOptions.target(what);
      try (Registries.Handle handle = registryOptions.open(target.registry())) {
        follow(new Service(handle.directory(), target.service(), target.service().name(), printer));
        nobodyReads.await();
      }
    }
    return ExitCode.OK;
  }

  private static void follow(Service service) {
    service.directory.subscribe(service.service, service);
  }

  private void check(boolean someoneReads) {
    if (!someoneReads) {
      nobodyReads.countDown();
    }
  }

  /** The services of the namespace. Those that go stay followed: their last lines matter most. */
  private final class Names implements Registry.ServiceNamesListener {
    private final EndpointDirectory directory;
    private final String namespace;
    private final WatchPrinter printer;
    private final Set<String> followed = new HashSet<>();
    private @Nullable Set<String> last;

    Names(EndpointDirectory directory, String namespace, WatchPrinter printer) {
      this.directory = directory;
      this.namespace = namespace;
      this.printer = printer;
    }

    @Override
    public void onNames(Set<String> names) {
      Set<String> before = last == null ? Set.of() : last;
      Set<String> gone = new TreeSet<>(before);
      gone.removeAll(names);
      gone.forEach(name -> line("gone", name, "no record of it is left"));
      Set<String> fresh = new TreeSet<>(names);
      fresh.removeAll(before);
      boolean first = last == null;
      last = Set.copyOf(names);
      for (String name : fresh) {
        if (followed.size() >= MAX_SERVICES && !followed.contains(name)) {
          line("skipped", name, "not followed: more than " + MAX_SERVICES + " services");
          continue;
        }
        line("service", name, "has records");
        if (followed.add(name)) {
          Service service = new Service(directory, ServiceName.of(namespace, name), name, printer);
          if (!first) {
            service.expectNothing();
          }
          follow(service);
        }
      }
    }

    @Override
    public void onFailure(RegistryException cause) {
      line("trouble", "*", String.valueOf(cause.getMessage()));
    }

    private void line(String kind, String name, String cause) {
      check(printer.event(Clock.system().wallTime(), kind, name, Optional.empty(), cause));
    }
  }

  /** The watch of one service. Confined to the scheduler, like everything that prints. */
  private final class Service implements EndpointsListener {
    private final EndpointDirectory directory;
    private final ServiceName service;
    private final String label;
    private final WatchPrinter printer;
    private final Scheduler scheduler = registryOptions.context().scheduler();
    private final EndpointChangeTracker log = new EndpointChangeTracker();
    private boolean first = true;
    private @Nullable Long troubleSinceNanos;

    Service(EndpointDirectory directory, ServiceName service, String label, WatchPrinter printer) {
      this.directory = directory;
      this.service = service;
      this.label = label;
      this.printer = printer;
    }

    /** Declares that the service is new, so that its first list counts as added. */
    void expectNothing() {
      first = false;
      log.onEndpoints(EndpointSet.EMPTY, scheduler.clock().nanoTime());
    }

    @Override
    public void onEndpoints(EndpointSet endpoints) {
      if (first && endpoints.isEmpty()) {
        line("empty", Optional.empty(), "no endpoint yet");
      }
      first = false;
      for (EndpointChangeTracker.AgedEndpointChange agedEndpointChange :
          log.onEndpoints(endpoints, scheduler.clock().nanoTime())) {
        check(printer.change(scheduler.clock().wallTime(), label, agedEndpointChange));
      }
    }

    /**
     * Prints the trouble once until the list is confirmed again, however often the registry is
     * tried.
     */
    @Override
    public void onFailure(RegistryException cause) {
      if (troubleSinceNanos != null) {
        return;
      }
      troubleSinceNanos = scheduler.clock().nanoTime();
      String consequence =
          directory.current(service).isPresent() ? "; the last list stays in use" : "";
      line("trouble", directory.age(service), cause.getMessage() + consequence);
      scheduler.schedule(RECOVERY_POLL, this::checkRecovery);
    }

    private void checkRecovery() {
      Long since = troubleSinceNanos;
      if (since == null) {
        return;
      }
      Duration trouble = Duration.ofNanos(scheduler.clock().nanoTime() - since);
      if (directory.age(service).filter(age -> age.compareTo(trouble) < 0).isPresent()) {
        troubleSinceNanos = null;
        line("restored", Optional.of(trouble), "the registry confirms the list again");
      } else {
        scheduler.schedule(RECOVERY_POLL, this::checkRecovery);
      }
    }

    private void line(String kind, Optional<Duration> age, String cause) {
      check(printer.event(scheduler.clock().wallTime(), kind, label, age, cause));
    }
  }
}
