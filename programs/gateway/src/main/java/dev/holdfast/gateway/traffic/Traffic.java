package dev.holdfast.gateway.traffic;

import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/** The call statistics of a gateway: a table per event loop, summed on request. Thread-safe. */
public final class Traffic {
  private static final Comparator<CallKind> ORDER =
      Comparator.comparing(CallKind::route)
          .thenComparing(CallKind::cluster)
          .thenComparing(CallKind::method);

  private final KnownMethods methods = new KnownMethods();
  private final List<LoopTraffic> loops = new CopyOnWriteArrayList<>();
  private volatile @Nullable CallSink sink;

  /** Creates the table of another event loop. */
  public LoopTraffic open() {
    LoopTraffic loop = new LoopTraffic(this);
    loops.add(loop);
    return loop;
  }

  /** Sets the sink for every call that begins from now on. */
  public void tell(CallSink hearer) {
    sink = hearer;
  }

  /** The sums of all kinds of calls so far, sorted. */
  public Map<CallKind, KindTraffic> sums() {
    Map<CallKind, KindTraffic> sums = new TreeMap<>(ORDER);
    for (LoopTraffic loop : loops) {
      loop.cells()
          .forEach(cell -> cell.addTo(sums.computeIfAbsent(cell.kind, kind -> new KindTraffic())));
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
