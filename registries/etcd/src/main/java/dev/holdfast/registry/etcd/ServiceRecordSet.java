package dev.holdfast.registry.etcd;

import com.google.protobuf.ByteString;
import dev.holdfast.core.Endpoint;
import dev.holdfast.core.EndpointSet;
import dev.holdfast.core.annotation.PureCore;
import dev.holdfast.registry.etcd.proto.Event;
import dev.holdfast.registry.etcd.proto.KeyValue;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The current records of one service, and the lists to report for them.
 *
 * <p>Changes are gathered until {@link #takeLists}. An endpoint that was marked as draining and
 * then deleted in between is reported as draining first, because consumers treat a planned removal
 * and a loss differently.
 */
@PureCore
final class ServiceRecordSet {

  /** The listener for values that are not endpoints. */
  interface MalformedRecordListener {
    void onMalformed(ByteString key, String reason);
  }

  private final MalformedRecordListener malformedRecordListener;
  private final Map<ByteString, Endpoint> endpoints = new HashMap<>();
  private final Map<ByteString, Endpoint> departing = new LinkedHashMap<>();
  private final Set<ByteString> unshownDraining = new HashSet<>();

  ServiceRecordSet(MalformedRecordListener malformedRecordListener) {
    this.malformedRecordListener = malformedRecordListener;
  }

  int size() {
    return endpoints.size();
  }

  void replace(List<KeyValue> records) {
    endpoints.clear();
    departing.clear();
    unshownDraining.clear();
    records.forEach(this::put);
  }

  void apply(Event event) {
    ByteString key = event.getKv().getKey();
    if (event.getType() == Event.EventType.PUT) {
      put(event.getKv());
      return;
    }
    Endpoint removed = endpoints.remove(key);
    if (removed != null && unshownDraining.remove(key)) {
      departing.put(key, removed);
    }
  }

  /** The lists to show, in order: one, or two when endpoints left between two showings. */
  List<EndpointSet> takeLists() {
    List<EndpointSet> lists = new ArrayList<>();
    if (!departing.isEmpty()) {
      Map<ByteString, Endpoint> before = new HashMap<>(departing);
      before.putAll(endpoints);
      lists.add(EndpointSet.of(before.values()));
    }
    lists.add(EndpointSet.of(endpoints.values()));
    departing.clear();
    unshownDraining.clear();
    return lists;
  }

  private void put(KeyValue record) {
    ByteString key = record.getKey();
    EtcdRecord.DecodedValue decodedValue = EtcdRecord.decode(record.getValue());
    unshownDraining.remove(key);
    if (decodedValue instanceof EtcdRecord.EndpointValue endpointValue) {
      endpoints.put(key, endpointValue.endpoint());
      if (endpointValue.endpoint().draining()) {
        unshownDraining.add(key);
      }
      return;
    }
    endpoints.remove(key);
    if (decodedValue instanceof EtcdRecord.MalformedValue malformedValue) {
      malformedRecordListener.onMalformed(key, malformedValue.reason());
    }
  }
}
