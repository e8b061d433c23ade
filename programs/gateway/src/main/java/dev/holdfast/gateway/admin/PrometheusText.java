package dev.holdfast.gateway.admin;

import dev.holdfast.gateway.limits.GatewayMeter;
import dev.holdfast.gateway.traffic.CallStatisticsKey;
import dev.holdfast.gateway.traffic.CallStatisticsTotals;
import dev.holdfast.gateway.traffic.Distribution;
import dev.holdfast.gateway.traffic.Outcomes;
import io.micrometer.core.instrument.Measurement;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tag;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.function.ToLongFunction;

/**
 * Exporter of all meters in the text format of Prometheus (version 0.0.4). Meters of a registry are
 * named as by Micrometer's exporter, calls as in gRFC A66.
 */
final class PrometheusText {
  static final String CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8";

  private static final double NANOS = 1e9;
  private static final double ONE = 1;
  private static final String COUNT = "_count";

  private final StringBuilder text = new StringBuilder(16_384);
  private final Set<String> described = new HashSet<>();

  private PrometheusText() {}

  static String of(MeterRegistry meters, Map<CallStatisticsKey, CallStatisticsTotals> calls) {
    PrometheusText out = new PrometheusText();
    out.registry(meters);
    out.calls(calls);
    return out.text.toString();
  }

  private void registry(MeterRegistry meters) {
    Map<String, List<Meter>> byName = new TreeMap<>();
    for (Meter meter : meters.getMeters()) {
      byName.computeIfAbsent(name(meter.getId()), n -> new ArrayList<>()).add(meter);
    }
    byName.forEach(
        (name, all) -> {
          Meter.Id id = all.get(0).getId();
          boolean counter = id.getType() == Meter.Type.COUNTER;
          String help = id.getDescription() == null ? "" : id.getDescription();
          describe(name, counter ? "counter" : "gauge", help);
          all.forEach(meter -> sample(name, labels(meter.getId().getTags()), value(meter)));
        });
  }

  private void calls(Map<CallStatisticsKey, CallStatisticsTotals> calls) {
    Map<String, CallStatisticsTotals> methods =
        by(calls, kind -> label("grpc_method", kind.method()));
    started(GatewayMeter.SERVER_STARTED, methods, CallStatisticsTotals::started);
    histograms(
        GatewayMeter.SERVER_DURATION,
        methods,
        CallStatisticsTotals::calls,
        Outcomes.OutcomeDistributions::nanos);
    histograms(
        GatewayMeter.SERVER_SENT,
        methods,
        CallStatisticsTotals::calls,
        Outcomes.OutcomeDistributions::answerBytes);
    histograms(
        GatewayMeter.SERVER_RCVD,
        methods,
        CallStatisticsTotals::calls,
        Outcomes.OutcomeDistributions::requestBytes);
    Map<String, CallStatisticsTotals> targets =
        by(
            calls,
            kind ->
                label("grpc_method", kind.method()) + ',' + label("grpc_target", kind.cluster()));
    targets.values().removeIf(each -> each.startedAttempts() == 0);
    started(GatewayMeter.CLIENT_STARTED, targets, CallStatisticsTotals::startedAttempts);
    Function<CallStatisticsTotals, Outcomes> attempts = CallStatisticsTotals::attempts;
    histograms(
        GatewayMeter.CLIENT_DURATION, targets, attempts, Outcomes.OutcomeDistributions::nanos);
    histograms(
        GatewayMeter.CLIENT_SENT, targets, attempts, Outcomes.OutcomeDistributions::requestBytes);
    histograms(
        GatewayMeter.CLIENT_RCVD, targets, attempts, Outcomes.OutcomeDistributions::answerBytes);
    Map<String, CallStatisticsTotals> routes =
        by(calls, kind -> label("route", kind.route()) + ',' + label("cluster", kind.cluster()));
    histograms(
        GatewayMeter.ROUTE_DURATION,
        routes,
        CallStatisticsTotals::calls,
        Outcomes.OutcomeDistributions::nanos);
    String open = GatewayMeter.OPEN.prometheusName();
    describe(open, "gauge", GatewayMeter.OPEN.description());
    routes.forEach((labels, each) -> sample(open, labels, each.open()));
  }

  private static Map<String, CallStatisticsTotals> by(
      Map<CallStatisticsKey, CallStatisticsTotals> calls,
      Function<CallStatisticsKey, String> labels) {
    Map<String, CallStatisticsTotals> sums = new TreeMap<>();
    calls.forEach(
        (kind, each) ->
            sums.computeIfAbsent(labels.apply(kind), l -> new CallStatisticsTotals()).add(each));
    return sums;
  }

  private void started(
      GatewayMeter meter,
      Map<String, CallStatisticsTotals> all,
      ToLongFunction<CallStatisticsTotals> count) {
    String name = meter.prometheusName();
    describe(name, "counter", meter.description());
    all.forEach((labels, each) -> sample(name, labels, count.applyAsLong(each)));
  }

  private void histograms(
      GatewayMeter meter,
      Map<String, CallStatisticsTotals> all,
      Function<CallStatisticsTotals, Outcomes> side,
      Function<Outcomes.OutcomeDistributions, Distribution> what) {
    boolean times = "seconds".equals(meter.unit());
    String name = meter.prometheusName();
    describe(name, "histogram", meter.description());
    all.forEach(
        (labels, each) ->
            side.apply(each)
                .byStatus()
                .forEach(
                    (status, outcomeDistributions) ->
                        histogram(
                            name,
                            labels + ',' + label("grpc_status", status.name()),
                            what.apply(outcomeDistributions),
                            times ? NANOS : ONE)));
  }

  private void histogram(String name, String labels, Distribution values, double unit) {
    long below = 0;
    for (int i = 0; i < values.bounds().length; i++) {
      below += values.counts()[i];
      String bound = number(values.bounds()[i] / unit);
      sample(name + "_bucket", labels + ',' + label("le", bound), below);
    }
    sample(name + "_bucket", labels + ',' + label("le", "+Inf"), values.count());
    sample(name + "_sum", labels, values.sum() / unit);
    sample(name + "_count", labels, values.count());
  }

  private void describe(String name, String type, String help) {
    if (described.add(name)) {
      text.append("# HELP ").append(name).append(' ');
      text.append(help.replace("\\", "\\\\").replace("\n", "\\n")).append('\n');
      text.append("# TYPE ").append(name).append(' ').append(type).append('\n');
    }
  }

  private void sample(String name, String labels, long value) {
    sample(name, labels, (double) value);
  }

  private void sample(String name, String labels, double value) {
    text.append(name);
    if (!labels.isEmpty()) {
      text.append('{').append(labels).append('}');
    }
    text.append(' ').append(number(value)).append('\n');
  }

  private static double value(Meter meter) {
    for (Measurement each : meter.measure()) {
      return isInNanos(meter.getId()) ? each.getValue() / NANOS : each.getValue();
    }
    return Double.NaN;
  }

  private static String labels(List<Tag> tags) {
    StringBuilder labels = new StringBuilder();
    for (Tag tag : tags) {
      labels.append(labels.isEmpty() ? "" : ",");
      labels.append(label(plain(tag.getKey()), tag.getValue()));
    }
    return labels.toString();
  }

  private static String label(String name, String value) {
    return name
        + "=\""
        + value.replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n")
        + '"';
  }

  private static String name(Meter.Id id) {
    String name = plain(id.getName());
    String base = isInNanos(id) ? "seconds" : id.getBaseUnit();
    String unit = base == null ? "" : "_" + plain(base);
    if (name.endsWith(COUNT) && id.getType() == Meter.Type.GAUGE) {
      // The suffix belongs to histograms: system_cpu_count is system_cpus here.
      return name.substring(0, name.length() - COUNT.length()) + "s";
    }
    String united = unit.isEmpty() || name.endsWith(unit) ? name : name + unit;
    return id.getType() == Meter.Type.COUNTER ? united + "_total" : united;
  }

  /** Meters of the JVM in nanoseconds, which Prometheus wants in seconds. */
  private static boolean isInNanos(Meter.Id id) {
    return "ns".equals(id.getBaseUnit());
  }

  private static String plain(String name) {
    return name.replaceAll("[^A-Za-z0-9_]", "_");
  }

  private static String number(double value) {
    if (value == Math.rint(value) && Math.abs(value) < Long.MAX_VALUE) {
      return Long.toString((long) value);
    }
    return Double.isNaN(value) ? "NaN" : Double.toString(value).toLowerCase(Locale.ROOT);
  }
}
