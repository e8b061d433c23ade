package dev.holdfast.grpc.metrics;

import dev.holdfast.core.annotation.Limit;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;

/**
 * The meters of calls and attempts, found by their labels without asking the registry again.
 * Thread-safe.
 */
final class CallMeters {
  @Limit(
      of = "combinations of method, target and status in gRPC's own metrics, for each of them",
      then = "further ones are recorded as the method and target \"other\"")
  static final int MAX_COMBINATIONS = 10_000;

  static final String OTHER = "other";

  /** The boundaries of gRFC A66 for latencies, in microseconds. */
  private static final Duration[] LATENCIES =
      Arrays.stream(
              new long[] {
                10,
                50,
                100,
                300,
                600,
                800,
                1_000,
                2_000,
                3_000,
                4_000,
                5_000,
                6_000,
                8_000,
                10_000,
                13_000,
                16_000,
                20_000,
                25_000,
                30_000,
                40_000,
                50_000,
                65_000,
                80_000,
                100_000,
                130_000,
                160_000,
                200_000,
                250_000,
                300_000,
                400_000,
                500_000,
                650_000,
                800_000,
                1_000_000,
                2_000_000,
                5_000_000,
                10_000_000,
                20_000_000,
                50_000_000,
                100_000_000
              })
          .mapToObj(micros -> Duration.ofNanos(micros * 1_000))
          .toArray(Duration[]::new);

  /** The boundaries of gRFC A66 for sizes, in bytes. */
  private static final double[] SIZES = {
    1_024,
    2_048,
    4_096,
    16_384,
    65_536,
    262_144,
    1_048_576,
    4_194_304,
    16_777_216,
    67_108_864,
    268_435_456,
    1_073_741_824,
    4_294_967_296.0
  };

  /** The boundaries of gRFC A96 for counts. */
  private static final double[] COUNTS = {1, 2, 3, 4, 5, 10};

  private final MeterRegistry registry;
  private final Map<List<String>, EndedMeters> attempts = new ConcurrentHashMap<>();
  private final Map<List<String>, EndedMeters> serverCalls = new ConcurrentHashMap<>();
  private final Map<List<String>, Timer> calls = new ConcurrentHashMap<>();
  private final Map<List<String>, ClientMeters> clients = new ConcurrentHashMap<>();
  private final Map<List<String>, Counter> started = new ConcurrentHashMap<>();

  /** The meters of an attempt, or of a server's call, that has ended. */
  record EndedMeters(Timer duration, DistributionSummary sent, DistributionSummary received) {}

  /** The meters of a client's calls, whatever their status. */
  record ClientMeters(
      Counter started,
      DistributionSummary retries,
      DistributionSummary transparentRetries,
      DistributionSummary hedges,
      Timer retryDelay) {}

  CallMeters(MeterRegistry registry) {
    this.registry = registry;
  }

  /** The name of a method as a label: such as are not known beforehand would have no bound. */
  static String label(MethodDescriptor<?, ?> method) {
    return method.isSampledToLocalTracing() ? method.getFullMethodName() : OTHER;
  }

  ClientMeters client(String method, String target) {
    return bounded(
        clients,
        List.of(method, target),
        List.of(OTHER, OTHER),
        labels ->
            new ClientMeters(
                counter(GrpcMetric.CLIENT_ATTEMPT_STARTED, labels),
                summary(GrpcMetric.CLIENT_CALL_RETRIES, COUNTS, labels),
                summary(GrpcMetric.CLIENT_CALL_TRANSPARENT_RETRIES, COUNTS, labels),
                summary(GrpcMetric.CLIENT_CALL_HEDGES, COUNTS, labels),
                timer(GrpcMetric.CLIENT_CALL_RETRY_DELAY, labels)));
  }

  Timer clientCall(String method, String target, Status.Code status) {
    return bounded(
        calls,
        List.of(method, target, status.name()),
        List.of(OTHER, OTHER, status.name()),
        labels -> timer(GrpcMetric.CLIENT_CALL_DURATION, labels));
  }

  EndedMeters attempt(String method, String target, Status.Code status) {
    return bounded(
        attempts,
        List.of(method, target, status.name()),
        List.of(OTHER, OTHER, status.name()),
        labels ->
            new EndedMeters(
                timer(GrpcMetric.CLIENT_ATTEMPT_DURATION, labels),
                summary(GrpcMetric.CLIENT_ATTEMPT_SENT, SIZES, labels),
                summary(GrpcMetric.CLIENT_ATTEMPT_RECEIVED, SIZES, labels)));
  }

  Counter serverStarted(String method) {
    return bounded(
        started,
        List.of(method),
        List.of(OTHER),
        labels -> counter(GrpcMetric.SERVER_CALL_STARTED, labels));
  }

  EndedMeters serverCall(String method, Status.Code status) {
    return bounded(
        serverCalls,
        List.of(method, status.name()),
        List.of(OTHER, status.name()),
        labels ->
            new EndedMeters(
                timer(GrpcMetric.SERVER_CALL_DURATION, labels),
                summary(GrpcMetric.SERVER_CALL_SENT, SIZES, labels),
                summary(GrpcMetric.SERVER_CALL_RECEIVED, SIZES, labels)));
  }

  private static <M> M bounded(
      Map<List<String>, M> known,
      List<String> labels,
      List<String> beyond,
      Function<List<String>, M> maker) {
    M meters = known.get(labels);
    if (meters != null) {
      return meters;
    }
    return known.computeIfAbsent(known.size() < MAX_COMBINATIONS ? labels : beyond, maker);
  }

  private Counter counter(GrpcMetric metric, List<String> labels) {
    return Counter.builder(metric.meterName())
        .description(metric.description())
        .tags(tags(metric, labels))
        .register(registry);
  }

  private Timer timer(GrpcMetric metric, List<String> labels) {
    return Timer.builder(metric.meterName())
        .description(metric.description())
        .tags(tags(metric, labels))
        .serviceLevelObjectives(LATENCIES)
        .register(registry);
  }

  private DistributionSummary summary(GrpcMetric metric, double[] bounds, List<String> labels) {
    return DistributionSummary.builder(metric.meterName())
        .description(metric.description())
        .baseUnit(metric.unit().isEmpty() ? null : metric.unit())
        .tags(tags(metric, labels))
        .serviceLevelObjectives(bounds)
        .register(registry);
  }

  private static Tags tags(GrpcMetric metric, List<String> labels) {
    Tags tags = Tags.empty();
    for (int i = 0; i < labels.size(); i++) {
      tags = tags.and(metric.tags().get(i), labels.get(i));
    }
    return tags;
  }
}
