package dev.holdfast.gateway.traffic;

import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/** The call statistics of a gateway: a table per event loop, summed on request. Thread-safe. */
public final class CallStatistics {
  private static final Comparator<CallStatisticsKey> ORDER =
      Comparator.comparing(CallStatisticsKey::route)
          .thenComparing(CallStatisticsKey::cluster)
          .thenComparing(CallStatisticsKey::method);

  private final KnownMethods methods = new KnownMethods();
  private final List<LoopCallStatistics> loops = new CopyOnWriteArrayList<>();
  private volatile @Nullable CallSink sink;

  /** Creates the table of another event loop. */
  public LoopCallStatistics open() {
    LoopCallStatistics loop = new LoopCallStatistics(this);
    loops.add(loop);
    return loop;
  }

  /** Sets the sink for every call that begins from now on. */
  public void setSink(CallSink hearer) {
    sink = hearer;
  }

  /** The sums of all kinds of calls so far, sorted. */
  public Map<CallStatisticsKey, CallStatisticsTotals> sums() {
    Map<CallStatisticsKey, CallStatisticsTotals> sums = new TreeMap<>(ORDER);
    for (LoopCallStatistics loop : loops) {
      loop.callCounters()
          .forEach(
              callCounters ->
                  callCounters.addTo(
                      sums.computeIfAbsent(callCounters.kind, kind -> new CallStatisticsTotals())));
    }
    return sums;
  }

  KnownMethods methods() {
    return methods;
  }

  @Nullable CallSink sink() {
    return sink;
  }
}
