package dev.holdfast.cli.lab;

import dev.holdfast.cli.CommandContext;
import dev.holdfast.cli.CommonOptions;
import dev.holdfast.cli.ExitCode;
import dev.holdfast.cli.UserError;
import dev.holdfast.cli.control.ListenAddress;
import dev.holdfast.cli.output.Terminal;
import dev.holdfast.cli.run.Signals;
import dev.holdfast.core.HostPort;
import dev.holdfast.lab.Middlebox;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** The {@code lab} command, which plays a path with faults between a port and a target. */
@Command(
    name = "lab",
    description = {
      "Put a path with faults in front of a server: connections to a local port go to the target,"
          + " and break as the profile and the options say. No root needed; the same seed gives"
          + " the same run.",
    },
    subcommands = {LabProfilesCommand.class, LabMatrixCommand.class},
    footer = {
      "",
      "Prints what happens to each connection, and ends with Ctrl-C and exit code 0. Times are"
          + " those",
      "of the real path: --speed 10x lets the 900 s of a Swarm pass in 90 s.",
      "",
      "  holdfast lab --listen 7000 --target 127.0.0.1:50051 --profile swarm --speed 60x",
      "  holdfast lab --listen 7000 --target 127.0.0.1:50051 --latency 80ms --stall 10s:5s:30s"
    })
public final class LabCommand implements Callable<Integer> {
  private static final long TICK_MILLIS = 500;
  private static final int LARGEST_PORT = 65_535;

  // Not under CommonOptions.MIXIN: no default of a registry means anything here.
  @Mixin private final CommonOptions common = new CommonOptions();

  @Option(
      names = "--listen",
      paramLabel = "PORT",
      description = "The local port to connect to; 0 for a free one.")
  private @Nullable Integer listen;

  @Option(
      names = "--target",
      paramLabel = "HOST:PORT",
      description = "The server behind the path; a loopback address.")
  private @Nullable String target;

  @Option(names = "--allow-remote-target", description = "Let the target be on another machine.")
  private boolean allowRemoteTarget;

  @Mixin private final FaultOptions faults = new FaultOptions();

  @Mixin private final KernelOptions kernel = new KernelOptions();

  @Parameters(
      arity = "0..*",
      paramLabel = "COMMAND",
      description = "With --kernel, after --: the program to run where the clients are.")
  private List<String> words = List.of();

  @Override
  public Integer call() throws InterruptedException {
    common.startLogging("WARN");
    if (kernel.isKernelRequested()) {
      if (listen != null || target != null) {
        throw UserError.usage(
            "kernel: beside --"
                + (listen == null ? "target" : "listen")
                + " (expected: --server, and clients after --)");
      }
      return kernel.run(common.commandContext(), faults.faults(), words);
    }
    kernel.requireUnused();
    if (!words.isEmpty()) {
      throw UserError.usage(
          "command: \"" + words.get(0) + "\" is unknown (expected: options, profiles or matrix)");
    }
    if (listen == null || target == null) {
      throw UserError.usage(
          "lab: no "
              + (listen == null ? "--listen" : "--target")
              + " (expected: --listen PORT --target HOST:PORT)");
    }
    if (listen < 0 || listen > LARGEST_PORT) {
      throw UserError.usage("listen: " + listen + " (expected: 0 to 65535)");
    }
    ListenAddress.requireFree(
        "listen", new InetSocketAddress(InetAddress.getLoopbackAddress(), listen));
    CountDownLatch stopped = new CountDownLatch(1);
    Signals.onStop(stopped::countDown);
    CommandContext commandContext = common.commandContext();
    FlowDisplay display =
        new FlowDisplay(
            commandContext.out(), common.json(), !common.json() && Terminal.isInteractive());
    InetSocketAddress server = target(HostPort.parse(target));
    try (Middlebox middlebox =
        Middlebox.to(server).port(listen).faults(faults.faults()).events(display::event).start()) {
      display.started(middlebox, target, faults.title());
      while (!stopped.await(TICK_MILLIS, TimeUnit.MILLISECONDS)) {
        display.tick(middlebox.counts());
      }
      display.stopped(middlebox.counts());
    } catch (IllegalStateException e) {
      throw UserError.failed("lab: " + e.getMessage());
    }
    return ExitCode.OK;
  }

  private InetSocketAddress target(HostPort address) {
    InetSocketAddress resolved = new InetSocketAddress(address.host(), address.port());
    if (resolved.isUnresolved()) {
      throw UserError.failed("target: " + address + " (expected: a host that can be looked up)");
    }
    if (!allowRemoteTarget && !resolved.getAddress().isLoopbackAddress()) {
      throw UserError.usage(
          "target: "
              + address
              + " (expected: a loopback address; --allow-remote-target for another machine)");
    }
    return resolved;
  }
}
