package dev.holdfast.cli.doctor;

import dev.holdfast.cli.CommandContext;
import dev.holdfast.cli.CommonOptions;
import dev.holdfast.cli.ExitCode;
import dev.holdfast.cli.TlsOptions;
import dev.holdfast.cli.UserError;
import dev.holdfast.cli.output.Terminal;
import dev.holdfast.cli.run.Signals;
import dev.holdfast.core.DurationText;
import dev.holdfast.core.HostPort;
import dev.holdfast.doctor.ClientTlsFiles;
import dev.holdfast.doctor.DoctorOptions;
import dev.holdfast.doctor.PathDoctor;
import dev.holdfast.doctor.PathReport;
import dev.holdfast.doctor.TlsMode;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** The {@code doctor path} command, which examines the path to one server. */
@Command(
    name = "path",
    description = {
      "Find out after which idle time connections to a gRPC server die and how, what becomes of"
          + " streams without messages, whether PINGs help or are punished, and what stands in"
          + " between.",
      "About 30 connections are opened at most; each is asked once, with a call of the health"
          + " service that changes nothing. The last one sends PINGs until the server complains,"
          + " and may get a GOAWAY; no other does."
    },
    footer = {
      "",
      "Ctrl-C ends it early, with what is known by then. Exit codes: 0 nothing will break, 1",
      "something will, 2 the command line makes no sense. docs/doctor.md explains each code. The",
      "server's certificate is checked with --ca only: nothing secret is sent.",
      "",
      "  holdfast doctor path orders.example:443 --tls",
      "  holdfast doctor path 10.0.0.7:443 --ca ca.pem --cert me.pem --key me.key --authority"
          + " orders.example",
      "  holdfast doctor path 10.0.0.7:50051 --max-wait 90s --json"
    })
public final class DoctorPathCommand implements Callable<Integer> {
  /**
   * The time allowed after the longest idle wait: connection setup, the answers and the PING tests.
   */
  private static final Duration AFTERWARDS = Duration.ofMinutes(3);

  @Mixin private final CommonOptions common = new CommonOptions();

  @Mixin private final TlsOptions tls = new TlsOptions();

  @Parameters(paramLabel = "HOST:PORT", description = "The server, as clients address it.")
  private String target = "";

  @Option(names = "--plaintext", description = "Do not try TLS. Default: plaintext, then TLS.")
  private boolean plaintext;

  @Option(
      names = "--max-wait",
      paramLabel = "DURATION",
      defaultValue = "20m",
      description = "The longest idle time that is tried, 2s to 24h; ${DEFAULT-VALUE} by default.")
  private String maxWait = "20m";

  @Option(
      names = "--hold",
      paramLabel = "METHOD",
      description =
          "A streaming method, package.Service/Method, to hold open; by default Watch of the health"
              + " service, else reflection.")
  private @Nullable String hold;

  @Override
  public Integer call() throws InterruptedException {
    common.startLogging("ERROR");
    DoctorOptions options = options();
    CommandContext commandContext = common.commandContext();
    boolean terminal = !common.json() && Terminal.isInteractive();
    ProgressLines progress = new ProgressLines(commandContext.err(), terminal);
    try (PathDoctor doctor = new PathDoctor(options, progress)) {
      Signals.onStop(
          () -> {
            progress.onStep("stopping; what is known so far follows");
            doctor.stop();
          });
      PathReport report = await(doctor, options.maxWait().plus(AFTERWARDS));
      progress.done();
      commandContext
          .out()
          .print(common.json() ? PathReportJson.of(report) + "\n" : PathReportText.of(report));
      commandContext.out().flush();
      return report.hasProblem() ? ExitCode.FAILED : ExitCode.OK;
    }
  }

  private DoctorOptions options() {
    if (tls.isTlsRequested() && plaintext) {
      throw UserError.usage("tls, plaintext: both (expected: one of them, or none)");
    }
    tls.requirePair();
    if (tls.hasFiles() && plaintext) {
      throw UserError.usage("plaintext: beside --ca or --cert (expected: without them)");
    }
    TlsMode tlsMode =
        tls.isTlsRequested() || tls.hasFiles()
            ? TlsMode.TLS
            : plaintext ? TlsMode.PLAINTEXT : TlsMode.AUTO;
    return new DoctorOptions(
        HostPort.parse(target),
        tlsMode,
        tls.authority(),
        DurationText.parse("max-wait", maxWait, DoctorOptions.MIN_WAIT, DoctorOptions.MAX_WAIT),
        Optional.ofNullable(hold),
        new ClientTlsFiles(tls.ca(), tls.certificate(), tls.key()));
  }

  private static PathReport await(PathDoctor doctor, Duration limit) throws InterruptedException {
    try {
      return doctor.examine().toCompletableFuture().get(limit.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      throw UserError.failed("doctor: no result within " + DurationText.format(limit));
    } catch (ExecutionException e) {
      throw new IllegalStateException(e.getCause());
    }
  }
}
