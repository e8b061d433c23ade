package dev.holdfast.registry.etcd;

import dev.holdfast.core.EndpointSet;
import dev.holdfast.core.Registry.WatchListener;
import dev.holdfast.core.RegistrySnapshot;
import dev.holdfast.core.Scheduler;
import dev.holdfast.core.Subscription;
import dev.holdfast.core.annotation.Limit;
import dev.holdfast.registry.etcd.proto.Event;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The one watch of a service, however many listeners it has. On the scheduler only.
 *
 * <p>Changes of a large service are gathered for a moment: building a list takes time in proportion
 * to it, and 10,000 instances that start together must not cost 10,000 lists of 10,000.
 */
final class EtcdServiceWatch implements RangeWatch.RangeListener {
  /** A service up to this size is shown anew at each change. */
  @Limit(
      of = "endpoints of a service whose changes are passed on at once",
      then = "changes of a larger one are gathered first")
  static final int IMMEDIATE_RECORDS = 500;

  /** How long changes of a larger one are gathered: its size times this, 100 ms for 10,000. */
  @Limit(
      of = "time that changes of a larger service are gathered, per endpoint",
      then = "they are passed on together")
  static final Duration DEBOUNCE_PER_RECORD = Duration.ofNanos(10_000);

  private final Scheduler scheduler;
  private final ServiceRecordSet records;
  private final List<WatchListener> listeners = new ArrayList<>();
  private @Nullable Subscription gathering;
  private @Nullable RegistrySnapshot shown;
  private @Nullable EtcdException failure;
  private long epoch;

  EtcdServiceWatch(
      Scheduler scheduler, ServiceRecordSet.MalformedRecordListener malformedRecordListener) {
    this.scheduler = scheduler;
    this.records = new ServiceRecordSet(malformedRecordListener);
  }

  /** Adds a listener and tells it what is known. */
  void add(WatchListener listener) {
    listeners.add(listener);
    EtcdException broken = failure;
    if (broken != null) {
      listener.onFailure(broken.toRegistryException());
    } else if (shown != null && gathering == null) {
      listener.onSnapshot(shown);
    }
  }

  void remove(WatchListener listener) {
    listeners.remove(listener);
    if (listeners.isEmpty()) {
      stopGathering();
    }
  }

  boolean isUnused() {
    return listeners.isEmpty();
  }

  @Override
  public void onList(RangeReader.RangeSnapshot list, long epochOfList) {
    failure = null;
    epoch = epochOfList;
    records.replace(list.records());
    show();
  }

  @Override
  public void onEvents(List<Event> events) {
    events.forEach(records::apply);
    if (records.size() <= IMMEDIATE_RECORDS) {
      show();
    } else if (gathering == null) {
      gathering = scheduler.schedule(DEBOUNCE_PER_RECORD.multipliedBy(records.size()), this::show);
    }
  }

  @Override
  public void onConfirmed() {
    if (gathering == null) {
      List.copyOf(listeners).forEach(WatchListener::onConfirmed);
    }
  }

  @Override
  public void onFailure(EtcdException cause) {
    failure = cause;
    List.copyOf(listeners).forEach(l -> l.onFailure(cause.toRegistryException()));
  }

  private void show() {
    stopGathering();
    for (EndpointSet list : records.takeLists()) {
      RegistrySnapshot snapshot = new RegistrySnapshot(list, epoch);
      shown = snapshot;
      List.copyOf(listeners).forEach(l -> l.onSnapshot(snapshot));
    }
  }

  private void stopGathering() {
    if (gathering != null) {
      gathering.close();
      gathering = null;
    }
  }
}
