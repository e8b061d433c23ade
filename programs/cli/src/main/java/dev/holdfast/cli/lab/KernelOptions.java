package dev.holdfast.cli.lab;

import dev.holdfast.cli.CommandContext;
import dev.holdfast.cli.ExitCode;
import dev.holdfast.cli.UserError;
import dev.holdfast.cli.run.Signals;
import dev.holdfast.lab.PathFaults;
import dev.holdfast.lab.PathFaults.IdleAction;
import dev.holdfast.lab.kernel.KernelLab;
import dev.holdfast.lab.kernel.KernelLabException;
import dev.holdfast.lab.kernel.KernelPath;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/**
 * The options of {@code holdfast lab --kernel}: a path with the kernel's own connection tracking.
 */
final class KernelOptions {
  private static final Duration LONGEST_IDLE = Duration.ofDays(5);
  private static final long STOP_SECONDS = 10;
  private static final String EXPECTED =
      " (expected: --idle-drop, --idle-rst, or a --profile that drops or resets, and --speed)";

  @Option(
      names = "--kernel",
      description =
          "Build the path from network namespaces and the kernel's connection tracking; needs"
              + " iproute2, nftables and root or a user namespace.")
  private boolean kernel;

  @Option(
      names = "--server",
      paramLabel = "COMMAND",
      description = "With --kernel: a shell command to run where the servers are, on port 50051.")
  private @Nullable String server;

  @Option(
      names = "--endpoints",
      paramLabel = "N",
      description = "With --kernel: addresses of servers, 1 to 9; 1 by default.")
  private @Nullable Integer endpoints;

  @Option(
      names = "--loss-percent",
      paramLabel = "N",
      description = "With --kernel: packets to lose by chance, 0 to 100.")
  private @Nullable Double lossPercent;

  boolean isKernelRequested() {
    return kernel;
  }

  /**
   * Refuses what means nothing on a path without a kernel.
   *
   * @throws UserError naming the option
   */
  void requireUnused() {
    unused("server", server);
    unused("endpoints", endpoints);
    unused("loss-percent", lossPercent);
  }

  private static void unused(String name, @Nullable Object value) {
    if (value != null) {
      throw UserError.usage(name + ": " + value + " (expected: beside --kernel only)");
    }
  }

  private int endpoints() {
    return endpoints == null ? 1 : endpoints;
  }

  private double loss() {
    return lossPercent == null ? 0 : lossPercent;
  }

  /** Runs the command where the clients are, or says how to get there and waits for Ctrl-C. */
  int run(CommandContext commandContext, PathFaults faults, List<String> command)
      throws InterruptedException {
    KernelPath path = path(faults);
    try {
      if (!KernelRights.isRoot()) {
        return KernelRights.rerunInUserNamespace();
      }
      try (KernelLab lab = KernelLab.open(path)) {
        lab.lose(loss() / 100);
        return within(lab, commandContext, command);
      }
    } catch (KernelLabException e) {
      throw KernelRights.error(e);
    } catch (IOException e) {
      throw UserError.failed("lab: " + e.getMessage());
    }
  }

  private int within(KernelLab lab, CommandContext commandContext, List<String> command)
      throws IOException, InterruptedException {
    CountDownLatch stopped = new CountDownLatch(1);
    Signals.onStop(stopped::countDown);
    List<Process> children = new ArrayList<>();
    try {
      if (server != null) {
        children.add(start(lab.inServer(List.of("sh", "-c", server))));
      }
      if (command.isEmpty()) {
        explain(lab, commandContext);
        stopped.await();
        return ExitCode.OK;
      }
      Process client = start(lab.inClient(command));
      children.add(client);
      while (!client.waitFor(100, TimeUnit.MILLISECONDS)) {
        if (stopped.getCount() == 0) {
          client.destroy();
          if (!client.waitFor(STOP_SECONDS, TimeUnit.SECONDS)) {
            client.destroyForcibly();
          }
        }
      }
      return client.exitValue();
    } finally {
      for (Process child : children) {
        child.descendants().forEach(ProcessHandle::destroy);
        child.destroy();
      }
    }
  }

  private void explain(KernelLab lab, CommandContext commandContext) {
    StringBuilder text = new StringBuilder("a path of three network namespaces stands:\n");
    for (int endpoint = 0; endpoint < endpoints(); endpoint++) {
      text.append("  clients dial ")
          .append(lab.address(endpoint))
          .append(", servers listen on ")
          .append(lab.serverAddress(endpoint))
          .append('\n');
    }
    text.append("  where servers are: ")
        .append(String.join(" ", lab.inServer(List.of("COMMAND"))))
        .append("\n  where clients are: ")
        .append(String.join(" ", lab.inClient(List.of("COMMAND"))))
        .append("\nCtrl-C takes it away.");
    commandContext.out().println(text);
    commandContext.out().flush();
  }

  private KernelPath path(PathFaults faults) {
    PathFaults.IdleTimeout idleTimeout =
        faults.idle().orElseThrow(() -> UserError.usage("kernel: no idle timeout" + EXPECTED));
    PathFaults alone =
        PathFaults.builder()
            .seed(faults.seed())
            .speed(faults.speed())
            .idle(idleTimeout.timeout(), idleTimeout.action(), idleTimeout.counted())
            .build();
    if (!alone.equals(faults)
        || idleTimeout.counted() != PathFaults.CountedTraffic.SEGMENTS
        || (idleTimeout.action() != IdleAction.DROP && idleTimeout.action() != IdleAction.RESET)) {
      throw UserError.usage("kernel: a fault that this kernel can't play" + EXPECTED);
    }
    if (!(loss() >= 0 && loss() <= 100)) {
      throw UserError.usage("loss-percent: " + lossPercent + " (expected: 0 to 100)");
    }
    // The kernel counts whole seconds.
    long seconds =
        Math.max(1, Math.round(idleTimeout.timeout().toMillis() / faults.speed() / 1_000));
    return new KernelPath(
        Duration.ofSeconds(Math.min(seconds, LONGEST_IDLE.toSeconds())),
        idleTimeout.action(),
        endpoints());
  }

  private static Process start(List<String> command) throws IOException {
    return new ProcessBuilder(command).inheritIO().start();
  }
}
