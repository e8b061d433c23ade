package dev.holdfast.cli.console;

import dev.holdfast.cli.CommonOptions;
import dev.holdfast.cli.ExitCode;
import dev.holdfast.cli.TokenFile;
import dev.holdfast.cli.UserError;
import dev.holdfast.cli.control.ListenAddress;
import dev.holdfast.cli.control.PolicyOption;
import dev.holdfast.cli.fleet.FleetOptions;
import dev.holdfast.cli.output.JsonLine;
import dev.holdfast.cli.run.Signals;
import dev.holdfast.core.HostPort;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The {@code console} command, which serves one web page for a fleet. */
@Command(
    name = "console",
    description = {
      "Serve one web page for a fleet: services, connections, streams, gateways, xDS clients and"
          + " what changed in the last hour.",
      "Processes show themselves where HOLDFAST_ADMIN or .admin(..) of a builder says so; their"
          + " addresses are found through the registry."
    },
    footer = {
      "",
      "It prints the link to open. On loopback everyone may read; actions, and reading from other",
      "machines, need the token that is a part of the link. Actions need --admin-token-file or",
      "--cert too, which the processes ask for. With --policy the page divides calls by"
          + " `split`.",
      "Ends with Ctrl-C or SIGTERM. Exit codes: 0 ended, 1 it could not start, 2 the command line",
      "makes no sense.",
      "",
      "  holdfast console --registry etcd://h1,h2:2379/prod",
      "  holdfast console --gateway 127.0.0.1:18002 --control 127.0.0.1:18001"
    })
public final class ConsoleCommand implements Callable<Integer> {
  /** The default port, on loopback. */
  static final int PORT = 18_003;

  @Mixin(name = CommonOptions.MIXIN)
  private final CommonOptions common = new CommonOptions();

  @Mixin private final FleetOptions fleetOptions = new FleetOptions();

  @Option(
      names = "--listen",
      paramLabel = "[HOST:]PORT",
      defaultValue = "" + PORT,
      description = "Where browsers are served; ${DEFAULT-VALUE} of loopback by default.")
  private String listen = "" + PORT;

  @Option(
      names = "--token-file",
      paramLabel = "FILE",
      description =
          "A file with the token of browsers, at least 16 characters. Default: a random one in the"
              + " link.")
  private @Nullable Path tokenFile;

  @Option(
      names = "--gateway",
      paramLabel = "HOST:PORT",
      description =
          "The --admin address of a gateway; several. Those that an endpoint's metadata names as"
              + " holdfast-gateway are found.")
  private List<String> gateways = new ArrayList<>();

  @Mixin private final PolicyOption policy = new PolicyOption();

  @Option(
      names = "--control",
      paramLabel = "HOST:PORT",
      description =
          "The --admin address of a control plane; several. Those that an endpoint's metadata names"
              + " as holdfast-control are found.")
  private List<String> controls = new ArrayList<>();

  @Override
  public Integer call() throws InterruptedException {
    common.startLogging("INFO");
    InetSocketAddress address = ListenAddress.parse("listen", listen);
    ListenAddress.requireFree("listen", address);
    Console.ConsoleOptions options =
        new Console.ConsoleOptions(
            address,
            token(),
            addresses(gateways),
            addresses(controls),
            fleetOptions.authorization(),
            policy.file());
    CountDownLatch ended = new CountDownLatch(1);
    Signals.onStop(ended::countDown);
    try (Console console = Console.open(fleetOptions::open, options)) {
      announce(console);
      ended.await();
    } catch (IOException e) {
      throw UserError.failed(String.valueOf(e.getMessage()));
    }
    return ExitCode.OK;
  }

  private void announce(Console console) {
    String link = tokenFile == null ? console.link() : console.page();
    PrintWriter out = common.commandContext().out();
    if (common.json()) {
      out.println(
          JsonLine.object()
              .with("listen", ListenAddress.text(console.address()))
              .with("link", link));
    } else {
      out.println("console on " + link);
    }
    out.flush();
    if (!console.address().getAddress().isLoopbackAddress()) {
      common
          .commandContext()
          .err()
          .println(
              "holdfast: warning: the console is served in plaintext beyond this machine; on a"
                  + " network that others read, put a proxy with TLS before it");
    }
  }

  private static List<HostPort> addresses(List<String> texts) {
    return texts.stream().map(HostPort::parse).toList();
  }

  private String token() {
    return tokenFile == null
        ? ConsoleAccess.randomToken()
        : TokenFile.read("token-file", tokenFile);
  }
}
