package dev.holdfast.bench.gateway;

import dev.holdfast.bench.run.Report;
import dev.holdfast.bench.run.RunResources;
import dev.holdfast.core.local.FreePort;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/** The repeated replacement of a gateway's process by a newer one with {@code --handover}. */
final class GatewayTakeovers {
  private static final Duration PATIENCE = Duration.ofMinutes(3);
  private static final long POLL_MILLIS = 10;

  private final RunResources runResources;
  private final GatewayPrograms programs;
  private final String registry;
  private final Path socket;
  private final Report report;
  private GatewayProxy running;
  private int made;
  private int failed;

  /**
   * Starts the first one, and waits until it serves.
   *
   * @param registry that all of them follow, a URI
   * @param folder for the socket at which they meet
   */
  GatewayTakeovers(
      RunResources runResources,
      GatewayPrograms programs,
      String registry,
      Path folder,
      Report report)
      throws IOException, InterruptedException {
    this.runResources = runResources;
    this.programs = programs;
    this.registry = registry;
    this.socket = folder.resolve("gateway.sock");
    this.report = report;
    this.running =
        runResources.own(programs.holdfastAt(FreePort.find(), registry, socket, "holdfast-first"));
    running.awaitServing();
    if (!awaitSocket()) {
      throw new IllegalStateException("the gateway opens no " + socket);
    }
  }

  GatewayProxy running() {
    return running;
  }

  /** Starts a newer one; the older one must end well, and the newer one be ready for the next. */
  void takeOver() throws IOException, InterruptedException {
    GatewayProxy older = running;
    GatewayProxy newer =
        runResources.own(programs.holdfastAt(older.port(), registry, socket, "holdfast-" + made));
    int code = older.awaitEnd(PATIENCE);
    if (code == 0 && newer.isAlive() && awaitSocket()) {
      made++;
      running = newer;
      return;
    }
    failed++;
    report.say(
        "takeover %d failed: the older one %s, the newer one %s%n%s%n%s",
        made + failed,
        code < 0 ? "stays" : "ended with " + code,
        newer.isAlive() ? "runs" : "ended",
        older.lastWords(),
        newer.lastWords());
    running = newer.isAlive() ? newer : older;
  }

  int made() {
    return made;
  }

  int failed() {
    return failed;
  }

  private boolean awaitSocket() throws InterruptedException {
    long end = System.nanoTime() + PATIENCE.toNanos();
    while (!Files.exists(socket)) {
      if (System.nanoTime() - end > 0) {
        return false;
      }
      TimeUnit.MILLISECONDS.sleep(POLL_MILLIS);
    }
    return true;
  }
}
