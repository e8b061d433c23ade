package dev.holdfast.bench.gateway;

import dev.holdfast.bench.load.GatewayWork;
import dev.holdfast.bench.load.H2load;
import dev.holdfast.bench.run.Sample;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.ToDoubleFunction;
import org.HdrHistogram.Histogram;

/**
 * The measured slices of each proxy by load. A ratio is made of two slices in which two proxies did
 * the same work shortly after each other, and a figure is the median of all. Confined to one
 * thread.
 */
final class GatewaySlices {
  /**
   * A load that the proxies are measured under.
   *
   * @param key the name of the load in figures
   */
  record Load(String key, Group group) {
    /**
     * The load of h2load for the given work.
     *
     * @param rate calls per second, or {@link H2load#SATURATION}
     */
    static Load of(GatewayWork work, int rate) {
      String pace = rate == H2load.SATURATION ? " saturated" : " at " + rate + "/s";
      return new Load(work.key() + pace, Group.CONSTANT);
    }

    static Load of(GrpcLoad load) {
      return new Load(load.title(), load.tls() ? Group.CLIENTS_TLS : Group.CLIENTS);
    }
  }

  /** The groups of loads by their source. */
  enum Group {
    /** Loads of h2load, with constant headers. */
    CONSTANT,
    /** Headers as gRPC clients send them, in plaintext. */
    CLIENTS,
    /** Headers as gRPC clients send them, over TLS. */
    CLIENTS_TLS
  }

  /**
   * The measurement of one proxy under one load for a short time.
   *
   * @param cpuMicros CPU time of the proxy per call
   * @param nanos latency of each call
   */
  record Slice(double cpuMicros, double callsPerSecond, Histogram nanos) {
    /** The 99th percentile of the latency, in microseconds. */
    double p99Micros() {
      return Latencies.p99Micros(nanos);
    }
  }

  private final Map<Load, Map<String, List<Slice>>> slices = new LinkedHashMap<>();
  private final Map<String, Long> timeWait = new LinkedHashMap<>();

  void add(Load load, String proxy, Slice slice) {
    slices
        .computeIfAbsent(load, unused -> new LinkedHashMap<>())
        .computeIfAbsent(proxy, unused -> new ArrayList<>())
        .add(slice);
  }

  void addTimeWait(String proxy, long count) {
    timeWait.merge(proxy, count, Math::max);
  }

  /** The most that were ever seen of a proxy. */
  long timeWait(String proxy) {
    return timeWait.getOrDefault(proxy, 0L);
  }

  List<Load> loads() {
    return List.copyOf(slices.keySet());
  }

  /** The load of some groups under which a ratio is greatest. */
  Load worst(Set<Group> groups, ToDoubleFunction<Load> ratio) {
    return slices.keySet().stream()
        .filter(load -> groups.contains(load.group()))
        .max(Comparator.comparingDouble(ratio))
        .orElseThrow(() -> new IllegalStateException("nothing was measured"));
  }

  /**
   * A figure of one proxy over that of another, turn by turn. Where one of them took part in the
   * first turn of each alternation alone, those turns count.
   */
  Sample ratio(Load load, String proxy, String other, ToDoubleFunction<Slice> figure) {
    List<Slice> some = of(load, proxy);
    List<Slice> others = of(load, other);
    int pairs = Math.min(some.size(), others.size());
    int step = some.size() / pairs;
    int otherStep = others.size() / pairs;
    List<Double> ratios = new ArrayList<>();
    for (int i = 0; i < pairs; i++) {
      Slice one = some.get(i * step);
      Slice another = others.get(i * otherStep);
      ratios.add(figure.applyAsDouble(one) / figure.applyAsDouble(another));
    }
    return Sample.of(ratios);
  }

  /** The 99th percentile over all calls of a load, in microseconds. */
  double p99Micros(Load load, String proxy) {
    Histogram all = Latencies.empty();
    of(load, proxy).forEach(slice -> all.add(slice.nanos()));
    return Latencies.p99Micros(all);
  }

  /**
   * The {@link #p99Micros} of one proxy over that of another. The few longest stalls of the machine
   * decide it, whichever proxy they hit.
   */
  double p99RatioOfAll(Load load, String proxy, String other) {
    return p99Micros(load, proxy) / p99Micros(load, other);
  }

  Sample values(Load load, String proxy, ToDoubleFunction<Slice> figure) {
    return Sample.of(of(load, proxy).stream().mapToDouble(figure).toArray());
  }

  boolean has(Load load, String proxy) {
    return slices.getOrDefault(load, Map.of()).containsKey(proxy);
  }

  private List<Slice> of(Load load, String proxy) {
    Map<String, List<Slice>> all = slices.getOrDefault(load, Map.of());
    List<Slice> found = all.get(proxy);
    if (found == null) {
      throw new IllegalStateException(proxy + " was not measured under " + load.key());
    }
    return found;
  }
}
