package dev.holdfast.cli.streams;

import dev.holdfast.admin.v1.ListRequest;
import dev.holdfast.cli.ChannelOptions;
import dev.holdfast.cli.CommonOptions;
import dev.holdfast.cli.ExitCode;
import dev.holdfast.cli.RequestTimeoutOption;
import dev.holdfast.cli.UserError;
import dev.holdfast.cli.output.Terminal;
import dev.holdfast.cli.run.RepeatedQuery;
import dev.holdfast.core.DurationText;
import dev.holdfast.core.HostPort;
import dev.holdfast.core.annotation.Limit;
import io.grpc.ManagedChannel;
import java.io.PrintWriter;
import java.time.Duration;
import java.time.Instant;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** The {@code streams} command, which shows the sessions of one server. */
@Command(
    name = "streams",
    description = {
      "Show the resumable streams of one server: who has them, where each stands, how often it was"
          + " attached and what ended that, what waits, and how far both sides are.",
      "The server shows them when it was built with addService(StreamsAdmin.of(streams))."
    },
    footer = {
      "",
      "SENT and ACKED count the server's messages, PROCESSED the client's; SINCE is the time since",
      "a connection was last won or lost. The server is asked in plaintext, unless an option means",
      "TLS; without --ca Java's authorities are trusted. --watch ends with Ctrl-C. Exit codes:",
      "0 shown, 1 the server can't be asked, 2 the command line makes no sense.",
      "",
      "  holdfast streams 127.0.0.1:50051 --state DETACHED",
      "  holdfast streams orders.example:443 --ca ca.pem --watch"
    })
public final class StreamsCommand implements Callable<Integer> {
  @Limit(of = "sessions that `streams` shows", then = "a higher --limit is refused")
  private static final int MAX_SHOWN = 100_000;

  private static final Duration SHORTEST_PAUSE = Duration.ofMillis(100);
  private static final Duration LONGEST_PAUSE = Duration.ofHours(1);

  @Mixin(name = CommonOptions.MIXIN)
  private final CommonOptions common = new CommonOptions();

  @Mixin private final ChannelOptions channels = new ChannelOptions();

  @Mixin private final RequestTimeoutOption requestTimeout = new RequestTimeoutOption();

  @Parameters(paramLabel = "HOST:PORT", description = "The server.")
  private String target = "";

  @Option(names = "--watch", description = "Repeats the query; on a terminal in place.")
  private boolean watch;

  @Option(
      names = "--interval",
      paramLabel = "DURATION",
      defaultValue = "1s",
      description = "With --watch: pause between two queries; ${DEFAULT-VALUE} by default.")
  private String interval = "1s";

  @Option(
      names = "--method",
      paramLabel = "METHOD",
      description = "Only those of a method, package.Service/Method.")
  private String method = "";

  @Option(
      names = "--state",
      paramLabel = "STATE",
      description = "Only those in a state, such as ATTACHED or DETACHED.")
  private String state = "";

  @Option(names = "--principal", paramLabel = "NAME", description = "Only those of a client.")
  private String principal = "";

  @Option(
      names = "--limit",
      paramLabel = "N",
      defaultValue = "100",
      description = "Show at most so many, by their ids; ${DEFAULT-VALUE} by default.")
  private int limit = 100;

  @Override
  public Integer call() throws InterruptedException {
    common.startLogging("OFF");
    HostPort address = HostPort.parse(target);
    if (limit < 1 || limit > MAX_SHOWN) {
      throw UserError.usage("limit: " + limit + " (expected: 1 to " + MAX_SHOWN + ")");
    }
    Duration pause = DurationText.parse("interval", interval, SHORTEST_PAUSE, LONGEST_PAUSE);
    ListRequest filter =
        ListRequest.newBuilder()
            .setMethod(method)
            .setState(state.toUpperCase(Locale.ROOT))
            .setPrincipal(principal)
            .build();
    ManagedChannel channel = channels.channel(address);
    try {
      if (watch) {
        watch(channel, filter, pause);
      } else {
        print(query(channel, filter));
      }
    } finally {
      channel.shutdownNow();
    }
    return ExitCode.OK;
  }

  private SessionList query(ManagedChannel channel, ListRequest filter) {
    return SessionList.of(channel, target, filter, limit, requestTimeout.value());
  }

  private void print(SessionList list) {
    PrintWriter out = common.commandContext().out();
    if (common.json()) {
      out.println(SessionText.json(list));
    } else {
      SessionText.lines(list).forEach(out::println);
    }
    out.flush();
  }

  private void watch(ManagedChannel channel, ListRequest filter, Duration pause)
      throws InterruptedException {
    boolean terminal = !common.json() && Terminal.isInteractive();
    SessionWatch shown = new SessionWatch(common.commandContext().out(), Terminal::size);
    RepeatedQuery.watch(
        common,
        pause,
        () -> query(channel, filter),
        list -> {
          if (common.json()) {
            print(list);
          } else if (terminal) {
            shown.redraw(Instant.now(), list);
          } else {
            shown.changes(Instant.now(), list);
          }
        });
  }
}
