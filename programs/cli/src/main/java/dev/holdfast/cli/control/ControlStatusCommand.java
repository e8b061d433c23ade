package dev.holdfast.cli.control;

import dev.holdfast.cli.CallFailureText;
import dev.holdfast.cli.CommonOptions;
import dev.holdfast.cli.ExitCode;
import dev.holdfast.cli.RequestTimeoutOption;
import dev.holdfast.cli.UserError;
import dev.holdfast.cli.output.StatusScreen;
import dev.holdfast.cli.output.Terminal;
import dev.holdfast.cli.run.RepeatedQuery;
import dev.holdfast.control.ControlOptions;
import dev.holdfast.control.admin.v1.ControlGrpc;
import dev.holdfast.control.admin.v1.StatusRequest;
import dev.holdfast.control.admin.v1.StatusResponse;
import dev.holdfast.core.DurationText;
import dev.holdfast.core.HostPort;
import dev.holdfast.core.annotation.Limit;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/**
 * The {@code control status} command, which shows the resources of a control plane and its clients'
 * acceptance of them.
 */
@Command(
    name = "status",
    description =
        "Show the clients of a control plane, what each of them has accepted, what it rejects and"
            + " why, and what clients report of their calls.",
    footer = {
      "",
      "A column of a type says how many resources a client has accepted, of how many that it asked",
      "for or was sent. --watch ends with Ctrl-C. Exit codes: 0 shown, 1 the control plane can't"
          + " be",
      "asked, 2 the command line makes no sense.",
      "",
      "  holdfast control status",
      "  holdfast control status 127.0.0.1:18001 --watch"
    })
public final class ControlStatusCommand implements Callable<Integer> {
  @Limit(of = "bytes of the status of a control plane", then = "the command fails and says so")
  private static final int MAX_ANSWER_BYTES = 64 << 20;

  @Limit(of = "clients that `control status` shows", then = "a higher --limit is refused")
  private static final int MOST_SHOWN = 5_000;

  private static final Duration SHORTEST_PAUSE = Duration.ofMillis(100);
  private static final Duration LONGEST_PAUSE = Duration.ofHours(1);

  @Mixin(name = CommonOptions.MIXIN)
  private final CommonOptions common = new CommonOptions();

  @Parameters(
      arity = "0..1",
      paramLabel = "HOST:PORT",
      defaultValue = "127.0.0.1:" + ControlOptions.ADMIN_PORT,
      description = "Its --admin address; ${DEFAULT-VALUE} by default.")
  private String target = "127.0.0.1:" + ControlOptions.ADMIN_PORT;

  @Mixin private final AdminTokenOption token = new AdminTokenOption();

  @Mixin private final RequestTimeoutOption requestTimeout = new RequestTimeoutOption();

  @Option(names = "--watch", description = "Repeats the query; on a terminal in place.")
  private boolean watch;

  @Option(
      names = "--interval",
      paramLabel = "DURATION",
      defaultValue = "1s",
      description = "With --watch: pause between two queries; ${DEFAULT-VALUE} by default.")
  private String interval = "1s";

  @Option(
      names = "--limit",
      paramLabel = "N",
      defaultValue = "100",
      description = "Show at most so many clients, the oldest first; ${DEFAULT-VALUE} by default.")
  private int limit = 100;

  @Override
  public Integer call() throws InterruptedException {
    common.startLogging("OFF");
    HostPort address = HostPort.parse(target);
    if (limit < 1 || limit > MOST_SHOWN) {
      throw UserError.usage("limit: " + limit + " (expected: 1 to " + MOST_SHOWN + ")");
    }
    Duration pause = DurationText.parse("interval", interval, SHORTEST_PAUSE, LONGEST_PAUSE);
    ManagedChannel channel =
        Grpc.newChannelBuilderForAddress(
                address.host(), address.port(), InsecureChannelCredentials.create())
            .maxInboundMessageSize(MAX_ANSWER_BYTES)
            .intercept(token.interceptor())
            .build();
    try {
      if (watch) {
        watch(channel, pause);
      } else {
        print(ask(channel));
      }
    } finally {
      channel.shutdownNow();
    }
    return ExitCode.OK;
  }

  private StatusResponse ask(ManagedChannel channel) {
    try {
      return ControlGrpc.newBlockingStub(channel)
          .withDeadlineAfter(requestTimeout.value().toMillis(), TimeUnit.MILLISECONDS)
          .status(StatusRequest.newBuilder().setLimit(limit).build());
    } catch (StatusRuntimeException e) {
      throw failure(e.getStatus());
    }
  }

  private UserError failure(Status status) {
    if (status.getCode() == Status.Code.UNIMPLEMENTED) {
      return UserError.failed(
          target + ": no control plane answers there (expected: the address of its --admin)");
    }
    return UserError.failed(target + ": " + CallFailureText.of(status));
  }

  private void print(StatusResponse status) {
    PrintWriter out = common.commandContext().out();
    if (common.json()) {
      out.println(ControlStatusText.json(status));
    } else {
      ControlStatusText.lines(status).forEach(out::println);
    }
    out.flush();
  }

  private void watch(ManagedChannel channel, Duration pause) throws InterruptedException {
    StatusScreen screen =
        new StatusScreen(
            common.commandContext().out(),
            !common.json() && Terminal.isInteractive(),
            Terminal::size);
    RepeatedQuery.watch(
        common,
        pause,
        () -> ask(channel),
        status -> {
          if (common.json()) {
            print(status);
          } else {
            screen.show(ControlStatusText.lines(status));
          }
        });
  }
}
