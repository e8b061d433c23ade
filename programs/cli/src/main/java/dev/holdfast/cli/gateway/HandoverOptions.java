package dev.holdfast.cli.gateway;

import dev.holdfast.core.Scheduler;
import dev.holdfast.gateway.handover.HandoverServer;
import dev.holdfast.gateway.handover.Takeover;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The options of the handover: where gateways of one machine pass their sockets on. */
final class HandoverOptions {
  @Option(
      names = "--handover",
      paramLabel = "SOCKET",
      description =
          "A Unix socket in a folder of its own. A gateway that runs there hands its listening"
              + " sockets to this one and drains, without a refused connection; then this one is"
              + " there for the next. Linux only. Default: none.")
  private @Nullable Path path;

  /** Absolute; empty where nothing is handed over. */
  Optional<Path> path() {
    return Optional.ofNullable(path).map(Path::toAbsolutePath);
  }

  /** Whether an older gateway may be there, which listens where this one will. */
  boolean mayTakeOver() {
    return path != null && Files.exists(path);
  }

  /**
   * Refuses a path that can't be used.
   *
   * @throws IOException with the reason
   */
  void check() throws IOException {
    if (path != null) {
      Takeover.check(path.toAbsolutePath());
    }
  }

  /**
   * Hands over from now on, or where the gateway must serve in any case as soon as it can; null
   * where nothing is handed over.
   *
   * @throws IOException when it can't, and the gateway need not serve
   */
  @Nullable RetriedResource<HandoverServer> open(
      HandoverServer.HandoverSource handoverSource, Scheduler scheduler, boolean mustServe)
      throws IOException {
    if (path == null) {
      return null;
    }
    Path socket = path.toAbsolutePath();
    return RetriedResource.open(
        "handover", () -> HandoverServer.open(socket, handoverSource), scheduler, mustServe);
  }
}
