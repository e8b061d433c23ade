package dev.holdfast.streams.grpc.internal.driver;

import dev.holdfast.hooks.Heartbeat;
import dev.holdfast.streams.SessionOptions;
import java.util.Optional;

/** The session times that depend on the network path: the heartbeat. */
public final class PathHeartbeat {
  private PathHeartbeat() {}

  /** Options with the heartbeat of the path, unless the application has chosen one itself. */
  public static SessionOptions of(SessionOptions said, Optional<Heartbeat> path) {
    if (path.isEmpty() || !said.timing().heartbeat().isZero()) {
      return said;
    }
    Heartbeat beat = path.get();
    return said.withTiming(said.timing().withHeartbeat(beat.every(), beat.suspect(), beat.dead()));
  }
}
