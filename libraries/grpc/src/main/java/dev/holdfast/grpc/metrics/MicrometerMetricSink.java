package dev.holdfast.grpc.metrics;

import dev.holdfast.core.annotation.Limit;
import io.grpc.DoubleCounterMetricInstrument;
import io.grpc.DoubleHistogramMetricInstrument;
import io.grpc.LongCounterMetricInstrument;
import io.grpc.LongHistogramMetricInstrument;
import io.grpc.LongUpDownCounterMetricInstrument;
import io.grpc.MetricInstrument;
import io.grpc.MetricSink;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The instruments that gRPC's parts register, such as those of subchannels (gRFC A94), TCP (A80)
 * and load-balancing policies, as meters. Optional labels are always there, empty where gRPC has no
 * value, because all series of a meter need the same labels. Gauges that gRPC makes by a callback
 * are not recorded. Thread-safe.
 */
final class MicrometerMetricSink implements MetricSink {
  @Limit(
      of =
          "series of counters of gRPC's connections and policies, and of gauges, and of histograms",
      then = "further ones are recorded with every label \"other\"")
  static final int MAX_SERIES = 10_000;

  private final MeterRegistry registry;
  private final Map<List<String>, Counter> counters = new ConcurrentHashMap<>();
  private final Map<List<String>, DistributionSummary> summaries = new ConcurrentHashMap<>();
  private final Map<List<String>, AtomicLong> levels = new ConcurrentHashMap<>();
  private volatile int known;

  MicrometerMetricSink(MeterRegistry registry) {
    this.registry = registry;
  }

  @Override
  public Map<String, Boolean> getEnabledMetrics() {
    return Map.of();
  }

  @Override
  public Set<String> getOptionalLabels() {
    return Set.of("grpc.lb.locality", "grpc.lb.backend_service");
  }

  @Override
  public int getMeasuresSize() {
    return known;
  }

  @Override
  public void updateMeasures(List<MetricInstrument> instruments) {
    // A meter is made when it is first recorded, with its labels.
    known = instruments.size();
  }

  @Override
  public void addDoubleCounter(
      DoubleCounterMetricInstrument instrument,
      double value,
      List<String> required,
      List<String> optional) {
    counter(instrument, required, optional).increment(value);
  }

  @Override
  public void addLongCounter(
      LongCounterMetricInstrument instrument,
      long value,
      List<String> required,
      List<String> optional) {
    counter(instrument, required, optional).increment((double) value);
  }

  @Override
  public void addLongUpDownCounter(
      LongUpDownCounterMetricInstrument instrument,
      long value,
      List<String> required,
      List<String> optional) {
    find(
            levels,
            instrument,
            required,
            optional,
            tags -> {
              AtomicLong level = new AtomicLong();
              Gauge.builder(instrument.getName(), level, AtomicLong::get)
                  .description(instrument.getDescription())
                  .baseUnit(unit(instrument))
                  .tags(tags)
                  .strongReference(true)
                  .register(registry);
              return level;
            })
        .addAndGet(value);
  }

  @Override
  public void recordDoubleHistogram(
      DoubleHistogramMetricInstrument instrument,
      double value,
      List<String> required,
      List<String> optional) {
    summary(instrument, instrument.getBucketBoundaries(), required, optional).record(value);
  }

  @Override
  public void recordLongHistogram(
      LongHistogramMetricInstrument instrument,
      long value,
      List<String> required,
      List<String> optional) {
    summary(instrument, instrument.getBucketBoundaries(), required, optional)
        .record((double) value);
  }

  private Counter counter(
      MetricInstrument instrument, List<String> required, List<String> optional) {
    return find(
        counters,
        instrument,
        required,
        optional,
        tags ->
            Counter.builder(instrument.getName())
                .description(instrument.getDescription())
                .baseUnit(unit(instrument))
                .tags(tags)
                .register(registry));
  }

  private DistributionSummary summary(
      MetricInstrument instrument,
      List<? extends Number> boundaries,
      List<String> required,
      List<String> optional) {
    return find(
        summaries,
        instrument,
        required,
        optional,
        tags ->
            DistributionSummary.builder(instrument.getName())
                .description(instrument.getDescription())
                .baseUnit(unit(instrument))
                .tags(tags)
                .serviceLevelObjectives(
                    boundaries.stream()
                        .mapToDouble(Number::doubleValue)
                        .filter(bound -> bound > 0)
                        .toArray())
                .register(registry));
  }

  private static <M> M find(
      Map<List<String>, M> known,
      MetricInstrument instrument,
      List<String> required,
      List<String> optional,
      Function<Tags, M> maker) {
    List<String> keys = new ArrayList<>(instrument.getRequiredLabelKeys());
    keys.addAll(instrument.getOptionalLabelKeys());
    List<String> values = new ArrayList<>(required);
    values.addAll(optional);
    while (values.size() < keys.size()) {
      values.add("");
    }
    List<String> series = series(instrument, values);
    M meter = known.get(series);
    if (meter != null) {
      return meter;
    }
    List<String> recorded =
        known.size() < MAX_SERIES ? values : Collections.nCopies(keys.size(), CallMeters.OTHER);
    return known.computeIfAbsent(
        series(instrument, recorded), asked -> maker.apply(tags(keys, recorded)));
  }

  private static List<String> series(MetricInstrument instrument, List<String> values) {
    List<String> series = new ArrayList<>(values.size() + 1);
    series.add(instrument.getName());
    series.addAll(values);
    return series;
  }

  private static Tags tags(List<String> keys, List<String> values) {
    Tags tags = Tags.empty();
    for (int i = 0; i < keys.size(); i++) {
      tags = tags.and(keys.get(i), values.get(i));
    }
    return tags;
  }

  /** Annotations of UCUM in braces are no units. */
  private static @Nullable String unit(MetricInstrument instrument) {
    return switch (instrument.getUnit()) {
      case "s" -> "seconds";
      case "By" -> "bytes";
      default -> null;
    };
  }
}
