package dev.holdfast.spring.boot.starter.server;

import dev.holdfast.grpc.HoldfastServer;
import java.util.ArrayList;
import java.util.List;
import org.springframework.boot.availability.AvailabilityChangeEvent;
import org.springframework.boot.availability.ReadinessState;
import org.springframework.context.event.EventListener;
import org.springframework.grpc.server.lifecycle.GrpcServerStartedEvent;

/**
 * The servers of an application context, registered from the moment on in which the application
 * accepts traffic. A server that is started again later, as by a test context that was paused, is
 * registered at once. Thread-safe.
 */
public final class ReadyServers {
  private final List<HoldfastServer> servers = new ArrayList<>();
  private boolean ready;

  /** The servers that were not terminated when asked. */
  public synchronized List<HoldfastServer> servers() {
    servers.removeIf(HoldfastServer::isTerminated);
    return List.copyOf(servers);
  }

  synchronized void add(HoldfastServer server) {
    servers.add(server);
  }

  @EventListener
  void onStarted(GrpcServerStartedEvent event) {
    registerThoseThatServe(false);
  }

  @EventListener
  void onReadiness(AvailabilityChangeEvent<ReadinessState> event) {
    if (event.getState() == ReadinessState.ACCEPTING_TRAFFIC) {
      registerThoseThatServe(true);
    }
  }

  private void registerThoseThatServe(boolean becameReady) {
    List<HoldfastServer> known;
    synchronized (this) {
      ready |= becameReady;
      if (!ready) {
        return;
      }
      known = List.copyOf(servers);
    }
    known.forEach(HoldfastServer::register);
  }
}
