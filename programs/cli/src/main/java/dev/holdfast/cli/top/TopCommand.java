package dev.holdfast.cli.top;

import dev.holdfast.cli.CommonOptions;
import dev.holdfast.cli.ExitCode;
import dev.holdfast.cli.UserError;
import dev.holdfast.cli.fleet.FleetOptions;
import dev.holdfast.cli.fleet.FleetQuery;
import dev.holdfast.cli.fleet.FleetReader;
import dev.holdfast.cli.fleet.FleetSnapshot;
import dev.holdfast.cli.fleet.FleetView;
import dev.holdfast.cli.fleet.OpenFleet;
import dev.holdfast.cli.output.StatusScreen;
import dev.holdfast.cli.output.Terminal;
import dev.holdfast.cli.run.Signals;
import dev.holdfast.core.Clock;
import dev.holdfast.core.DurationText;
import dev.holdfast.core.annotation.Limit;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

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
      "MSG/S of a stream counts both directions since the reading before.",
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

  @Mixin(name = CommonOptions.MIXIN)
  private final CommonOptions common = new CommonOptions();

  @Mixin private final FleetOptions fleetOptions = new FleetOptions();

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
    FleetQuery query = query();
    try (OpenFleet fleet = fleetOptions.open((service, endpoints) -> {})) {
      FleetReader reader = fleet.reader();
      if (common.json()) {
        return printJson(reader, query);
      }
      if (Terminal.isInteractive()) {
        repeat(reader, query, pause);
        return ExitCode.OK;
      }
      FleetSnapshot snapshot = reader.read(query);
      TopText.lines(snapshot).forEach(common.commandContext().out()::println);
      return exitCode(snapshot);
    }
  }

  private int printJson(FleetReader reader, FleetQuery query) throws InterruptedException {
    List<FleetSnapshot> views = new ArrayList<>();
    if (view != null) {
      views.add(reader.read(query));
    } else {
      for (FleetView each : FleetView.values()) {
        views.add(reader.read(query.in(each)));
      }
    }
    common.commandContext().out().println(TopText.json(views));
    return exitCode(views.get(0));
  }

  /** Until q, Ctrl-C or SIGTERM, or until nobody reads the output any more. */
  private void repeat(FleetReader reader, FleetQuery query, Duration pause)
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

  private static int exitCode(FleetSnapshot snapshot) {
    boolean answers = snapshot.instances().size() > snapshot.silent().size();
    boolean found =
        snapshot.query().view() == FleetView.SERVICES && !snapshot.services().services().isEmpty();
    return answers || found ? ExitCode.OK : ExitCode.FAILED;
  }

  private FleetQuery query() {
    FleetView first = view == null ? FleetView.SERVICES : FleetView.named(view);
    if (first == FleetView.SERVICES && !filters.isEmpty()) {
      throw UserError.usage("filter: not for services (expected: --view with another view)");
    }
    String key = first.requireSortKey(sort);
    boolean smallestFirst = ascending || (sort.isEmpty() && first.isNaturallyAscending());
    return new FleetQuery(first, key, smallestFirst, filters, limit);
  }
}
