package dev.holdfast.gateway;

import dev.holdfast.core.annotation.Limit;
import dev.holdfast.gateway.call.Frontend;
import dev.holdfast.gateway.listener.ListenerOptions;
import dev.holdfast.gateway.traffic.ConnectionListener;
import dev.holdfast.liveness.LivenessOptions;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Metrics;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Optional;

/**
 * The options that a gateway is opened with and keeps for its life.
 *
 * @param listeners the first listeners; at least one
 * @param threads event loops that forward; 1 to 1,024, default the number of processors
 * @param liveness when silent connections on both sides are probed, suspected and closed
 * @param drain the time that clients and calls have left when the gateway closes
 * @param meters the registry of its meters
 * @param frontend handles requests that are not gRPC, over HTTP/2 and HTTP/1.1; by default there is
 *     none, and connections are HTTP/2 only
 * @param connections hears of the connections of HTTP/2
 */
public record GatewayOptions(
    List<ListenerOptions> listeners,
    int threads,
    LivenessOptions liveness,
    DrainTimes drain,
    MeterRegistry meters,
    Optional<Frontend> frontend,
    ConnectionListener connections) {
  @Limit(
      of = "threads of a gateway that forward, at the highest setting",
      then = "a larger number is refused")
  private static final int MOST_THREADS = 1_024;

  public GatewayOptions {
    listeners = List.copyOf(listeners);
    if (listeners.isEmpty()) {
      throw new IllegalArgumentException("listeners: none (expected: at least one)");
    }
    if (threads < 1 || threads > MOST_THREADS) {
      throw new IllegalArgumentException(
          "threads: " + threads + " (expected: 1 to " + MOST_THREADS + ")");
    }
  }

  /**
   * The defaults with one plaintext listener and Micrometer's global registry; port 0 takes a free
   * port.
   */
  public static GatewayOptions listeningAt(InetSocketAddress listen) {
    return listeningAt(List.of(ListenerOptions.plaintext(listen)));
  }

  /** The defaults with these listeners and Micrometer's global registry. */
  public static GatewayOptions listeningAt(List<ListenerOptions> listenerOptions) {
    return new GatewayOptions(
        listenerOptions,
        Runtime.getRuntime().availableProcessors(),
        LivenessOptions.DEFAULT,
        DrainTimes.DEFAULT,
        Metrics.globalRegistry,
        Optional.empty(),
        ConnectionListener.NONE);
  }

  public GatewayOptions withThreads(int value) {
    return new GatewayOptions(listeners, value, liveness, drain, meters, frontend, connections);
  }

  public GatewayOptions withLiveness(LivenessOptions value) {
    return new GatewayOptions(listeners, threads, value, drain, meters, frontend, connections);
  }

  public GatewayOptions withDrain(DrainTimes value) {
    return new GatewayOptions(listeners, threads, liveness, value, meters, frontend, connections);
  }

  public GatewayOptions withMeters(MeterRegistry value) {
    return new GatewayOptions(listeners, threads, liveness, drain, value, frontend, connections);
  }

  /** These options with a handler of requests that are not gRPC. */
  public GatewayOptions withFrontend(Frontend value) {
    return new GatewayOptions(
        listeners, threads, liveness, drain, meters, Optional.of(value), connections);
  }

  /** These options with a listener for connections of HTTP/2; by default there is none. */
  public GatewayOptions withConnections(ConnectionListener value) {
    return new GatewayOptions(listeners, threads, liveness, drain, meters, frontend, value);
  }
}
