package dev.holdfast.registry.etcd;

import com.google.protobuf.ByteString;
import dev.holdfast.core.Backoff;
import dev.holdfast.registry.etcd.EtcdKeys.KeyRange;
import dev.holdfast.registry.etcd.proto.Event;
import dev.holdfast.registry.etcd.proto.KeyValue;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A watched key range: its records are listed, then every later change is delivered.
 *
 * <p>A range watch outlives streams, members and wipes of the store; {@link EtcdWatcher} moves it
 * from state to state:
 *
 * <pre>
 * WAITING -> LISTING -> CREATING -> WATCHING      the way up
 *    ^----------+----------+-----------+          failed, broken, compacted, wiped
 * any -> CLOSED
 * </pre>
 *
 * <p>Each way up has a generation; events of an earlier generation are dropped. Confined to the
 * scheduler.
 */
final class RangeWatch {

  enum RangeWatchState {
    /** The range waits for its turn to be listed. */
    WAITING,
    /** The range is being listed. */
    LISTING,
    /** The range was listed, and a watch from that revision was requested. */
    CREATING,
    /** The range was listed, and every change since then arrives. */
    WATCHING,
    /** The range watch was closed; the state is final. */
    CLOSED
  }

  /** The listener of a range. */
  interface RangeListener {
    /** All of it, as it was at one revision. Replaces what was known. */
    void onList(RangeReader.RangeSnapshot list, long epoch);

    /** Changes since then, in order, never one twice. */
    void onEvents(List<Event> events);

    /** The known content is confirmed: both the store and the stream have just answered. */
    void onConfirmed();

    /** Can't be followed at the moment; a list will come. Once per kind of failure. */
    void onFailure(EtcdException cause);
  }

  private final KeyRange range;
  private final boolean keysOnly;
  private final RangeListener rangeListener;
  private final Backoff backoff;
  private final Map<ByteString, Known> known = new HashMap<>();
  private final List<Event> fragments = new ArrayList<>();
  private RangeWatchState state = RangeWatchState.WAITING;
  private int generation;
  private long knownRevision;
  private long knownEpoch;
  private @Nullable EtcdError lastFailure;
  private long relistAtNanos;

  /**
   * @param keysOnly whether lists leave the values out
   */
  RangeWatch(KeyRange range, boolean keysOnly, RangeListener rangeListener, Backoff backoff) {
    this.range = range;
    this.keysOnly = keysOnly;
    this.rangeListener = rangeListener;
    this.backoff = backoff;
  }

  KeyRange range() {
    return range;
  }

  boolean keysOnly() {
    return keysOnly;
  }

  RangeWatchState state() {
    return state;
  }

  int generation() {
    return generation;
  }

  Backoff backoff() {
    return backoff;
  }

  /** The revision up to which everything is known. */
  long knownRevision() {
    return knownRevision;
  }

  long relistAtNanos() {
    return relistAtNanos;
  }

  void relistAt(long nanos) {
    relistAtNanos = nanos;
  }

  /** Begins again from the start; answers to earlier questions don't count any more. */
  void restart() {
    generation++;
    state = RangeWatchState.WAITING;
    fragments.clear();
  }

  void listing() {
    state = RangeWatchState.LISTING;
  }

  void created() {
    state = RangeWatchState.WATCHING;
    backoff.reset();
  }

  void close() {
    generation++;
    state = RangeWatchState.CLOSED;
  }

  /**
   * Whether a list can't be from the same life of the store: at the known revision a key had
   * another revision, or at the same revision another content, than the list says. Catches a store
   * that was wiped and has grown past the old revision.
   */
  boolean isContradictedBy(RangeReader.RangeSnapshot list, long epoch) {
    if (epoch != knownEpoch) {
      return false;
    }
    for (KeyValue record : list.records()) {
      Known before = known.get(record.getKey());
      // Events may have come that are newer than the list, of which it can know nothing.
      if (before != null
          && before.modRevision() <= list.revision()
          && record.getModRevision() <= knownRevision
          && !before.equals(knownOf(record))) {
        return true;
      }
    }
    return false;
  }

  /** The attributes by which two versions of a record under one key are told apart. */
  private record Known(long modRevision, long lease, int valueHash) {}

  private Known knownOf(KeyValue record) {
    return new Known(
        record.getModRevision(), record.getLease(), keysOnly ? 0 : record.getValue().hashCode());
  }

  /** Takes over a list that leads to a new watch. */
  void onList(RangeReader.RangeSnapshot list, long epoch) {
    state = RangeWatchState.CREATING;
    takeOver(list, epoch);
  }

  /**
   * Takes over a list read beside a running watch.
   *
   * @return false when events have gone past it already
   */
  boolean onRelist(RangeReader.RangeSnapshot list, long epoch) {
    if (list.revision() < knownRevision) {
      return false;
    }
    takeOver(list, epoch);
    return true;
  }

  private void takeOver(RangeReader.RangeSnapshot list, long epoch) {
    knownEpoch = epoch;
    knownRevision = list.revision();
    lastFailure = null;
    known.clear();
    list.records().forEach(record -> known.put(record.getKey(), knownOf(record)));
    rangeListener.onList(list, epoch);
  }

  /** Takes over events of the watch; a change may come in several fragments. */
  void onEvents(List<Event> events, boolean moreToCome) {
    fragments.addAll(events);
    if (moreToCome) {
      return;
    }
    // A watch begins with the change of its list's own revision, and a list read beside it may have
    // been ahead of it. One revision may change several keys (a lease that ends), so events are
    // compared with what was known before all of them.
    List<Event> fresh =
        fragments.stream().filter(e -> e.getKv().getModRevision() > knownRevision).toList();
    fragments.clear();
    if (!fresh.isEmpty()) {
      fresh.forEach(this::note);
      rangeListener.onEvents(fresh);
    }
  }

  private void note(Event event) {
    KeyValue record = event.getKv();
    knownRevision = Math.max(knownRevision, record.getModRevision());
    if (event.getType() == Event.EventType.DELETE) {
      known.remove(record.getKey());
    } else {
      known.put(record.getKey(), knownOf(record));
    }
  }

  void confirm() {
    rangeListener.onConfirmed();
  }

  void fail(EtcdException cause) {
    if (lastFailure != cause.error()) {
      lastFailure = cause.error();
      rangeListener.onFailure(cause);
    }
  }
}
