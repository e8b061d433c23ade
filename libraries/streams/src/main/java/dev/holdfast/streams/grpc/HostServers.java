package dev.holdfast.streams.grpc;

import dev.holdfast.core.DrainSignal;
import dev.holdfast.core.Subscription;
import dev.holdfast.hooks.ServerHooks;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * The servers of Holdfast's that serve the same sessions, met by the calls that they bring.
 *
 * <p>When the last of them stops, the sessions settle with their clients before the GOAWAY; while
 * another one serves, only what comes by the stopping one is asked to come by another way. A server
 * that begins after that brings the sessions back to life.
 */
final class HostServers {
  private final ServerStreams streams;
  private final Set<ServerHooks> serving = ConcurrentHashMap.newKeySet();
  private volatile boolean othersToo;
  private final AtomicBoolean drained = new AtomicBoolean();

  HostServers(ServerStreams streams) {
    this.streams = streams;
  }

  /** A call came by this server; null when it is none of Holdfast's, whose end nobody tells. */
  void meet(@Nullable ServerHooks host) {
    if (host == null) {
      othersToo = true;
    } else if (!serving.contains(host) && !host.drain().isDraining()) {
      begin(host);
    }
  }

  /** Whether its clients had better come by another server of these sessions. */
  boolean isLeftByOthers(@Nullable ServerHooks host) {
    return host != null && host.drain().isDraining() && isServed();
  }

  /**
   * An attachment is replaced before its connection ends by age.
   *
   * @param connection what tells of that; null when nothing does
   */
  Subscription follow(
      @Nullable ServerHooks host, @Nullable DrainSignal connection, ServerStream<?, ?> stream) {
    if (host == null || connection == null || connection == host.drain()) {
      return () -> {};
    }
    return connection.onDrain(
        () -> {
          // The server's own end is told to all sessions at once.
          if (!host.drain().isDraining()) {
            stream.input((session, now) -> session.drain(now, false, Duration.ZERO));
          }
        });
  }

  private void begin(ServerHooks host) {
    if (serving.add(host)) {
      if (drained.compareAndSet(true, false)) {
        streams.admitAgain();
      }
      var unused = host.drain().onDrainAsync(() -> end(host));
    }
  }

  private CompletionStage<Void> end(ServerHooks host) {
    serving.remove(host);
    Duration grace = host.drain().remaining().orElse(Duration.ZERO);
    if (isServed()) {
      return streams.tell(
          streams.open().stream().filter(stream -> stream.isCarriedBy(host)).toList(),
          grace,
          (session, now) -> session.drain(now, false, Duration.ZERO));
    }
    drained.set(true);
    return streams.drainAll(grace);
  }

  private boolean isServed() {
    return othersToo || !serving.isEmpty();
  }
}
