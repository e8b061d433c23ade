package dev.holdfast.registry.etcd;

import com.google.protobuf.ByteString;
import dev.holdfast.core.Registry.ServiceNamesListener;
import dev.holdfast.registry.etcd.proto.Event;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The watch of the service names in a namespace, derived from its keys. Confined to the scheduler.
 */
final class EtcdNamesWatch implements RangeWatch.RangeListener {
  private static final Logger log = LoggerFactory.getLogger(EtcdNamesWatch.class);

  private final String namespace;
  private final ServiceNamesListener listener;
  private final Set<ByteString> keys = new HashSet<>();
  private final Map<String, Integer> recordsByName = new HashMap<>();
  private final Set<String> warned = new HashSet<>();

  EtcdNamesWatch(String namespace, ServiceNamesListener listener) {
    this.namespace = namespace;
    this.listener = listener;
  }

  @Override
  public void onList(RangeReader.RangeSnapshot list, long epoch) {
    keys.clear();
    recordsByName.clear();
    list.records().forEach(record -> add(record.getKey()));
    show();
  }

  @Override
  public void onEvents(List<Event> events) {
    boolean changed = false;
    for (Event event : events) {
      ByteString key = event.getKv().getKey();
      changed |= event.getType() == Event.EventType.DELETE ? remove(key) : add(key);
    }
    if (changed) {
      show();
    }
  }

  @Override
  public void onConfirmed() {}

  @Override
  public void onFailure(EtcdException cause) {
    listener.onFailure(cause.toRegistryException());
  }

  /** Returns whether a name is new by it. */
  private boolean add(ByteString key) {
    return keys.add(key)
        && EtcdKeys.serviceOf(namespace, key.toStringUtf8())
            .map(name -> recordsByName.merge(name, 1, Integer::sum) == 1)
            .orElse(false);
  }

  /** Returns whether a name is gone by it. */
  private boolean remove(ByteString key) {
    Optional<String> name = EtcdKeys.serviceOf(namespace, key.toStringUtf8());
    return keys.remove(key)
        && name.isPresent()
        && recordsByName.computeIfPresent(name.get(), (n, c) -> c == 1 ? null : c - 1) == null;
  }

  private void show() {
    SortedSet<String> names = new TreeSet<>(recordsByName.keySet());
    warnOfPrefixes(names);
    listener.onNames(Collections.unmodifiableSortedSet(names));
  }

  /** In a sorted set a name stands directly before the first one that begins with it. */
  private void warnOfPrefixes(SortedSet<String> names) {
    String before = "";
    for (String name : names) {
      if (!before.isEmpty() && name.startsWith(before) && warned.add(before)) {
        log.warn(
            "event=etcd_name_is_prefix service={} other={} advice=\"{}\"",
            before,
            name,
            NamePrefixCheck.ADVICE);
      }
      before = name;
    }
  }
}
