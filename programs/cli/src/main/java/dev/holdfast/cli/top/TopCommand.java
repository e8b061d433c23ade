package dev.holdfast.cli.top;

import dev.holdfast.admin.AdminAccess;
import dev.holdfast.admin.AdminAddress;
import dev.holdfast.cli.ChannelOptions;
import dev.holdfast.cli.CommonOptions;
import dev.holdfast.cli.ExitCode;
import dev.holdfast.cli.NamespaceArguments;
import dev.holdfast.cli.RegistryOptions;
import dev.holdfast.cli.UserError;
import dev.holdfast.cli.output.StatusScreen;
import dev.holdfast.cli.output.Terminal;
import dev.holdfast.cli.run.Signals;
import dev.holdfast.core.Clock;
import dev.holdfast.core.DurationText;
import dev.holdfast.core.HostPort;
import dev.holdfast.core.IoErrorText;
import dev.holdfast.core.RegistryUri;
import dev.holdfast.core.ServiceName;
import dev.holdfast.core.ServiceTarget;
import dev.holdfast.core.annotation.Limit;
import dev.holdfast.core.discovery.Registries;
import dev.holdfast.core.tls.ReloadableFiles;
import io.grpc.ClientInterceptor;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.stub.MetadataUtils;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** The {@code top} command, which shows a fleet's services, connections and streams. */
@Command(
    name = "top",
    description = {
      "Show the services of a registry with their connections and resumable streams, the open ones"
          + " and those that ended last, with the reason.",
      "Processes show themselves where HOLDFAST_ADMIN or .admin(..) of a builder says so; their"
          + " addresses are found through the registry."
    },
    footer = {
      "",
      "In a terminal it repeats itself until q or Ctrl-C. Keys: s services, c connections, x"
          + " closed",
      "connections, t streams, e ended streams, < and > the column to sort by, r the other order.",
      "Elsewhere it prints once. --json prints every view once, or the one of --view.",
      "A process that does not answer is shown with the time since when, and the rest goes on.",
      "A process on loopback is asked in plaintext, any other one as the options of TLS say.",
      "Exit codes: 0 shown, 1 nothing found or no process answers, 2 the command line makes no"
          + " sense.",
      "",
      "  holdfast top --registry etcd://h1,h2:2379/prod",
      "  holdfast top orders --view streams --sort unacked_ms --filter state=DETACHED",
      "  holdfast top --view closed --filter 'code=HF-405' --json"
    })
public final class TopCommand implements Callable<Integer> {
  @Limit(of = "rows of one view of `holdfast top`", then = "a larger --limit is refused")
  private static final int MAX_ROWS = 1_000;

  private static final Duration SHORTEST_PAUSE = Duration.ofMillis(100);
  private static final Duration LONGEST_PAUSE = Duration.ofHours(1);

  /** For the first lists of the registry; what comes later is shown later. */
  private static final Duration LIST_PATIENCE = Duration.ofSeconds(5);

  @Mixin(name = CommonOptions.MIXIN)
  private final CommonOptions common = new CommonOptions();

  @Mixin private final RegistryOptions registryOptions = new RegistryOptions();
  @Mixin private final ChannelOptions channelOptions = new ChannelOptions();

  @Parameters(
      arity = "0..*",
      paramLabel = "SERVICE",
      description = "The services; without one, all of the registry's namespace.")
  private List<String> services = new ArrayList<>();

  @Option(
      names = "--admin-address",
      paramLabel = "HOST:PORT",
      description = "An admin service that no registry names, as of a client; several.")
  private List<String> admins = new ArrayList<>();

  @Option(
      names = "--admin-token-file",
      paramLabel = "FILE",
      description =
          "A file with the token that the admin services want (HOLDFAST_ADMIN_TOKEN_FILE).")
  private @Nullable Path tokenFile;

  @Option(
      names = "--view",
      paramLabel = "VIEW",
      description = "services, connections, closed, streams or ended; services by default.")
  private @Nullable String view;

  @Option(
      names = "--sort",
      paramLabel = "KEY",
      description =
          "What to sort by, the largest first: a field of the rows, as --json names them.")
  private String sort = "";

  @Option(names = "--ascending", description = "The smallest first.")
  private boolean ascending;

  @Option(
      names = "--filter",
      paramLabel = "CONDITION",
      description =
          "Only rows to which it applies: field=text, field!=text, field~part, field>number or"
              + " field<number; up to 8. Not for services.")
  private List<String> filters = new ArrayList<>();

  @Option(
      names = "--limit",
      paramLabel = "N",
      defaultValue = "100",
      description = "Show at most so many rows; ${DEFAULT-VALUE} by default.")
  private int limit = 100;

  @Option(
      names = "--interval",
      paramLabel = "DURATION",
      defaultValue = "2s",
      description = "In a terminal: pause between two looks; ${DEFAULT-VALUE} by default.")
  private String interval = "2s";

  @Override
  public Integer call() throws InterruptedException {
    common.startLogging("OFF");
    if (limit < 1 || limit > MAX_ROWS) {
      throw UserError.usage("limit: " + limit + " (expected: 1 to " + MAX_ROWS + ")");
    }
    Duration pause = DurationText.parse("interval", interval, SHORTEST_PAUSE, LONGEST_PAUSE);
    TopQuery query = query();
    List<HostPort> further = admins.stream().map(HostPort::parse).toList();
    Metadata headers = headers();
    if (!registryOptions.isNamed() && services.isEmpty() && !further.isEmpty()) {
      return look(() -> TopFleet.FleetState.NONE, further, headers, query, pause);
    }
    RegistryUri uri = registry();
    try (Registries.Handle handle = registryOptions.open(uri)) {
      TopFleet fleet = new TopFleet(handle.directory());
      if (services.isEmpty()) {
        NamespaceArguments.requireListable(handle.registry(), uri);
        fleet.followNamespace(uri.namespace());
      } else {
        fleet.follow(names());
      }
      var unused = fleet.complete().await(LIST_PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
      return look(fleet::state, further, headers, query, pause);
    }
  }

  private int look(
      Supplier<TopFleet.FleetState> fleet,
      List<HostPort> further,
      Metadata headers,
      TopQuery query,
      Duration pause)
      throws InterruptedException {
    try (TopReader reader =
        new TopReader(fleet, further, address -> channel(address, headers), Clock.system())) {
      if (common.json()) {
        return printJson(reader, query);
      }
      if (Terminal.isInteractive()) {
        repeat(reader, query, pause);
        return ExitCode.OK;
      }
      TopSnapshot snapshot = reader.read(query);
      TopText.lines(snapshot).forEach(common.commandContext().out()::println);
      return exitCode(snapshot);
    }
  }

  private int printJson(TopReader reader, TopQuery query) throws InterruptedException {
    List<TopSnapshot> views = new ArrayList<>();
    if (view != null) {
      views.add(reader.read(query));
    } else {
      for (TopView each : TopView.values()) {
        views.add(reader.read(query.in(each)));
      }
    }
    common.commandContext().out().println(TopText.json(views));
    return exitCode(views.get(0));
  }

  /** Until q, Ctrl-C or SIGTERM, or until nobody reads the output any more. */
  private void repeat(TopReader reader, TopQuery query, Duration pause)
      throws InterruptedException {
    PrintWriter out = common.commandContext().out();
    StatusScreen screen = new StatusScreen(out, true, Terminal::size);
    AtomicBoolean stopped = new AtomicBoolean();
    Thread looking = Thread.currentThread();
    Signals.onStop(
        () -> {
          stopped.set(true);
          looking.interrupt();
        });
    try (TopKeys keys = TopKeys.open()) {
      new TopLoop(Clock.system(), pause, keys::next, query)
          .run(
              asked -> {
                screen.show(TopText.lines(reader.read(asked)));
                return !out.checkError();
              });
    } catch (InterruptedException e) {
      if (!stopped.get()) {
        throw e;
      }
    } finally {
      if (stopped.get()) {
        // The signal's interruption has done its work.
        var unused = Thread.interrupted();
      }
    }
  }

  private static int exitCode(TopSnapshot snapshot) {
    boolean answers = snapshot.instances().size() > snapshot.silent().size();
    boolean found =
        snapshot.query().view() == TopView.SERVICES && !snapshot.fleet().services().isEmpty();
    return answers || found ? ExitCode.OK : ExitCode.FAILED;
  }

  private TopQuery query() {
    TopView first = view == null ? TopView.SERVICES : TopView.named(view);
    if (first == TopView.SERVICES && !filters.isEmpty()) {
      throw UserError.usage("filter: not for services (expected: --view with another view)");
    }
    String key = first.requireSortKey(sort);
    boolean smallestFirst = ascending || (sort.isEmpty() && first.isNaturallyAscending());
    return new TopQuery(first, key, smallestFirst, filters, limit);
  }

  private RegistryUri registry() {
    return services.isEmpty() || !services.get(0).contains("://")
        ? registryOptions.uri()
        : registryOptions.target(services.get(0)).registry();
  }

  private Set<ServiceName> names() {
    RegistryUri uri = registry();
    Set<ServiceName> names = new TreeSet<>();
    for (String service : services) {
      ServiceTarget target = registryOptions.target(service);
      if (!target.registry().equals(uri)) {
        throw UserError.usage("service: " + service + " (expected: all in one registry)");
      }
      names.add(target.service());
    }
    return names;
  }

  private ManagedChannel channel(AdminAddress address, Metadata headers) {
    ClientInterceptor token = MetadataUtils.newAttachHeadersInterceptor(headers);
    return address.loopback()
        ? channelOptions.plaintextChannel(address.address(), token)
        : channelOptions.channel(address.address(), token);
  }

  /** The request headers with the token, where one is given. */
  private Metadata headers() {
    Metadata headers = new Metadata();
    Path file = tokenFile;
    if (file != null) {
      try {
        String token = new String(ReloadableFiles.content(file), StandardCharsets.UTF_8).strip();
        headers.put(AdminAccess.AUTHORIZATION, AdminAccess.SCHEME + token);
      } catch (IOException e) {
        throw UserError.usage(
            "admin-token-file: "
                + file
                + ": "
                + IoErrorText.of(e)
                + " (expected: a readable file with a token)");
      }
    }
    return headers;
  }
}
