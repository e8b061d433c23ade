package dev.holdfast.cli.gateway;

import dev.holdfast.core.DurationText;
import dev.holdfast.core.EndpointSet;
import dev.holdfast.core.annotation.Limit;
import dev.holdfast.gateway.cluster.Cluster;
import dev.holdfast.gateway.config.LiveConfig;
import dev.holdfast.gateway.handover.Takeover;
import dev.holdfast.gateway.listener.ListeningSocket;
import dev.holdfast.gateway.schema.ClusterSchemas;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/** The handover from the gateway that ran before this one, if there is one. */
final class StartupHandover implements AutoCloseable {
  @Limit(
      of = "time that a gateway waits for its services and their lists before it takes over",
      then = "it ends with an error, and the older gateway goes on")
  private static final Duration LISTS_PATIENCE = Duration.ofSeconds(10);

  @Limit(
      of = "time that a gateway waits for the schemas of its clusters before it takes over",
      then = "it takes over, and answers JSON for the others with 503 until they are known")
  private static final Duration SCHEMAS_PATIENCE = Duration.ofSeconds(5);

  @Limit(
      of = "time that a gateway waits at its start for the schemas of its clusters",
      then = "it serves, and answers UNAVAILABLE and 503 where it does not know yet who is meant")
  private static final Duration FIRST_SCHEMAS_PATIENCE = Duration.ofSeconds(2);

  private static final long POLL_INTERVAL_NANOS = TimeUnit.MILLISECONDS.toNanos(10);

  private final Optional<Takeover> takeover;

  private StartupHandover(Optional<Takeover> takeover) {
    this.takeover = takeover;
  }

  /**
   * Waits until what calls need is known, and takes the sockets over then.
   *
   * @param path where the older gateway may be; empty for no handover
   * @throws IOException when it is there and goes on: something is not known, or it refuses
   */
  static StartupHandover begin(Optional<Path> path, LiveConfig live, ClusterSchemas schemas)
      throws IOException, InterruptedException {
    return begin(path, live, schemas, LISTS_PATIENCE);
  }

  /**
   * Waits and takes over as {@link #begin(Optional, LiveConfig, ClusterSchemas)} does, with another
   * limit on the wait.
   */
  static StartupHandover begin(
      Optional<Path> path, LiveConfig live, ClusterSchemas schemas, Duration patience)
      throws IOException, InterruptedException {
    if (path.isEmpty() || !Files.exists(path.get())) {
      var unused = await(FIRST_SCHEMAS_PATIENCE, () -> areSchemasResolved(live, schemas));
      return new StartupHandover(Optional.empty());
    }
    if (!live.awaitNames(patience)) {
      throw notKnown("word of the registry which services it has", patience);
    }
    if (!await(patience, () -> unknown(live).isEmpty())) {
      throw notKnown("list of endpoints of " + String.join(", ", unknown(live)), patience);
    }
    var unused = await(SCHEMAS_PATIENCE, () -> areSchemasResolved(live, schemas));
    return new StartupHandover(Takeover.ask(path.get()));
  }

  /** The listening sockets taken over from the older gateway; empty without a handover. */
  List<ListeningSocket> sockets() {
    return takeover.map(Takeover::sockets).orElse(List.of());
  }

  /** The sockets of earlier gateways that may have resumable streams. */
  List<Path> readers() {
    return takeover.map(Takeover::readers).orElse(List.of());
  }

  /**
   * Tells the older gateway that this one serves, so that the older one drains.
   *
   * @return whether there was an older gateway; then this is the only one that serves, even if it
   *     fails afterwards
   */
  boolean serving() throws InterruptedException {
    try (this) {
      if (takeover.isPresent()) {
        var unused = takeover.get().serving();
      }
      return takeover.isPresent();
    }
  }

  @Override
  public void close() {
    takeover.ifPresent(Takeover::close);
  }

  private static IOException notKnown(String what, Duration patience) {
    return new IOException(
        "handover: no "
            + what
            + " within "
            + DurationText.format(patience)
            + "; nothing was taken over");
  }

  private static List<String> unknown(LiveConfig live) {
    return clusters(live).stream()
        .filter(cluster -> cluster.endpoints().isEmpty())
        .map(Cluster::name)
        .sorted()
        .toList();
  }

  private static boolean areSchemasResolved(LiveConfig live, ClusterSchemas schemas) {
    return clusters(live).stream()
        .allMatch(
            cluster ->
                schemas.of(cluster).isPresent()
                    || !schemas.trouble(cluster).isEmpty()
                    || cluster.endpoints().filter(EndpointSet::isEmpty).isPresent());
  }

  private static Collection<Cluster> clusters(LiveConfig live) {
    return live.snapshot().clusters().values();
  }

  private static boolean await(Duration atMost, BooleanSupplier condition)
      throws InterruptedException {
    long startNanos = System.nanoTime();
    while (!condition.getAsBoolean()) {
      if (Thread.interrupted()) {
        throw new InterruptedException("interrupted while waiting for the registry");
      }
      if (System.nanoTime() - startNanos > atMost.toNanos()) {
        return false;
      }
      LockSupport.parkNanos(POLL_INTERVAL_NANOS);
    }
    return true;
  }
}
