package dev.holdfast.gateway;

import dev.holdfast.liveness.LivenessOptions;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Metrics;
import java.net.InetSocketAddress;

/**
 * What a gateway is opened with and keeps for its life.
 *
 * @param listen the address to listen at; port 0 takes a free one
 * @param threads that forward; 1 to 1,024, default the number of processors
 * @param liveness when silent connections on both sides are probed, suspected and closed
 * @param drain how much time is left to whom when the gateway closes
 * @param meters receives its meters
 */
public record GatewayOptions(
    InetSocketAddress listen,
    int threads,
    LivenessOptions liveness,
    DrainTimes drain,
    MeterRegistry meters) {
  private static final int MOST_THREADS = 1_024;

  public GatewayOptions {
    if (threads < 1 || threads > MOST_THREADS) {
      throw new IllegalArgumentException(
          "threads: " + threads + " (expected: 1 to " + MOST_THREADS + ")");
    }
  }

  /** The defaults, with Micrometer's global registry. */
  public static GatewayOptions listeningAt(InetSocketAddress listen) {
    return new GatewayOptions(
        listen,
        Runtime.getRuntime().availableProcessors(),
        LivenessOptions.DEFAULT,
        DrainTimes.DEFAULT,
        Metrics.globalRegistry);
  }

  public GatewayOptions withThreads(int value) {
    return new GatewayOptions(listen, value, liveness, drain, meters);
  }

  public GatewayOptions withLiveness(LivenessOptions value) {
    return new GatewayOptions(listen, threads, value, drain, meters);
  }

  public GatewayOptions withDrain(DrainTimes value) {
    return new GatewayOptions(listen, threads, liveness, value, meters);
  }

  public GatewayOptions withMeters(MeterRegistry value) {
    return new GatewayOptions(listen, threads, liveness, drain, value);
  }
}
