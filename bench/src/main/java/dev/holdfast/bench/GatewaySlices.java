package dev.holdfast.bench;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.ToDoubleFunction;

/**
 * What was measured of each proxy, by kind of load. Ratios are made within one alternation, in
 * which all proxies did the same work shortly after each other; a figure is the median of the
 * alternations. Used by one thread.
 */
final class GatewaySlices {
  /**
   * One kind of load.
   *
   * @param key its name in figures
   */
  record Load(String key, Group group) {
    /**
     * A load of h2load.
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

  /** Loads of one origin. */
  enum Group {
    /** Constant headers, from h2load. */
    CONSTANT,
    /** Headers as gRPC clients send them, in plaintext. */
    CLIENTS,
    /** The same over TLS. */
    CLIENTS_TLS
  }

  /**
   * One proxy under one load for a moment.
   *
   * @param cpuMicros CPU time of the proxy per call
   * @param p99Micros 99th percentile of the time of a call
   */
  record Slice(double cpuMicros, double callsPerSecond, double p99Micros) {}

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

  /**
   * The load of some groups under which a figure of one proxy, over that of another, is greatest.
   */
  Load worst(Set<Group> groups, String proxy, String other, ToDoubleFunction<Slice> figure) {
    return slices.keySet().stream()
        .filter(load -> groups.contains(load.group()))
        .max(Comparator.comparingDouble(load -> ratio(load, proxy, other, figure).median()))
        .orElseThrow(() -> new IllegalStateException("nothing was measured"));
  }

  /** A figure of one proxy over that of another, alternation by alternation. */
  Sample ratio(Load load, String proxy, String other, ToDoubleFunction<Slice> figure) {
    List<Slice> some = of(load, proxy);
    List<Slice> others = of(load, other);
    List<Double> ratios = new ArrayList<>();
    for (int i = 0; i < some.size(); i++) {
      ratios.add(figure.applyAsDouble(some.get(i)) / figure.applyAsDouble(others.get(i)));
    }
    return Sample.of(ratios);
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
