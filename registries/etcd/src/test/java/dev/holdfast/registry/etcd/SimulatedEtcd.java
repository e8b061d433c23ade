package dev.holdfast.registry.etcd;

import com.google.protobuf.ByteString;
import dev.holdfast.core.Scheduler;
import dev.holdfast.core.Subscription;
import dev.holdfast.registry.etcd.proto.Compare;
import dev.holdfast.registry.etcd.proto.Event;
import dev.holdfast.registry.etcd.proto.KeyValue;
import dev.holdfast.registry.etcd.proto.PutRequest;
import dev.holdfast.registry.etcd.proto.RangeRequest;
import dev.holdfast.registry.etcd.proto.RangeResponse;
import dev.holdfast.registry.etcd.proto.RequestOp;
import dev.holdfast.registry.etcd.proto.ResponseHeader;
import dev.holdfast.registry.etcd.proto.ResponseOp;
import dev.holdfast.registry.etcd.proto.TxnRequest;
import dev.holdfast.registry.etcd.proto.TxnResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Consumer;

/**
 * The semantics of etcd that Holdfast depends on, in memory: revisions, leases, transactions,
 * history and its compaction, and a wipe that keeps the cluster id.
 */
final class SimulatedEtcd {
  private static final long FIRST_REVISION = 1_000_000;

  /** All that the store held at one time. */
  record Backup(Map<ByteString, KeyValue> records, Map<Long, Long> ttls, long revision, int life) {}

  /** What one revision changed. */
  record Change(long revision, List<Event> events) {}

  private final Scheduler scheduler;
  private final TreeMap<ByteString, KeyValue> records =
      new TreeMap<>(ByteString.unsignedLexicographicalComparator());
  private final List<Change> history = new ArrayList<>();
  private final Map<Long, Subscription> leases = new HashMap<>();
  private final Map<Long, Long> ttls = new HashMap<>();
  private final List<Consumer<Change>> followers = new ArrayList<>();
  private final List<Set<String>> states = new ArrayList<>();
  private long revision = FIRST_REVISION;
  private long compacted;
  private long nextLease = 7;
  private int lives;
  private int life;

  SimulatedEtcd(Scheduler scheduler) {
    this.scheduler = scheduler;
    noteState();
  }

  /** Every content that the store ever had in its services, oldest first; what drains left out. */
  List<Set<String>> states() {
    return states;
  }

  int life() {
    return life;
  }

  long revision() {
    return revision;
  }

  Map<ByteString, KeyValue> records() {
    return records;
  }

  long compactedRevision() {
    return compacted;
  }

  void follow(Consumer<Change> follower) {
    followers.add(follower);
  }

  ResponseHeader header() {
    return ResponseHeader.newBuilder().setClusterId(42).setRevision(revision).build();
  }

  List<Change> changesFrom(long start) {
    return history.stream().filter(change -> change.revision() >= start).toList();
  }

  void compact() {
    compacted = revision;
    history.clear();
  }

  /** Everything is forgotten; the next life begins at this revision. */
  void wipe(long firstRevision) {
    records.clear();
    history.clear();
    leases.values().forEach(Subscription::close);
    leases.clear();
    ttls.clear();
    revision = firstRevision;
    compacted = firstRevision;
    lives++;
    life = lives;
    noteState();
  }

  Backup backUp() {
    return new Backup(Map.copyOf(records), Map.copyOf(ttls), revision, life);
  }

  /** The store holds what it held once; leases have all their time again. */
  void restore(Backup backup) {
    wipe(backup.revision());
    life = backup.life();
    records.putAll(backup.records());
    backup
        .ttls()
        .forEach(
            (id, ttlSeconds) -> {
              ttls.put(id, ttlSeconds);
              leases.put(id, expiry(id, ttlSeconds));
            });
    noteState();
  }

  RangeResponse range(RangeRequest request) {
    List<KeyValue> found =
        request.getRangeEnd().isEmpty()
            ? records.containsKey(request.getKey())
                ? List.of(records.get(request.getKey()))
                : List.of()
            : List.copyOf(records.subMap(request.getKey(), request.getRangeEnd()).values());
    return RangeResponse.newBuilder()
        .setHeader(header())
        .addAllKvs(request.getCountOnly() ? List.of() : found)
        .setCount(found.size())
        .build();
  }

  /** Empty where a lease does not exist. */
  Optional<TxnResponse> txn(TxnRequest request) {
    boolean holds = request.getCompareList().stream().allMatch(this::holds);
    List<RequestOp> operations = holds ? request.getSuccessList() : request.getFailureList();
    for (RequestOp operation : operations) {
      long lease = operation.getRequestPut().getLease();
      if (lease != 0 && !leases.containsKey(lease)) {
        return Optional.empty();
      }
    }
    List<Event> events = new ArrayList<>();
    TxnResponse.Builder response = TxnResponse.newBuilder().setSucceeded(holds);
    for (RequestOp operation : operations) {
      ResponseOp.Builder answer = ResponseOp.newBuilder();
      switch (operation.getRequestCase()) {
        case REQUEST_PUT -> events.add(put(operation.getRequestPut()));
        case REQUEST_DELETE_RANGE -> delete(operation.getRequestDeleteRange().getKey(), events);
        default -> answer.setResponseRange(range(operation.getRequestRange()));
      }
      response.addResponses(answer);
    }
    commit(events);
    return Optional.of(response.setHeader(header()).build());
  }

  void put(String key, String value) {
    commit(
        List.of(
            put(
                PutRequest.newBuilder()
                    .setKey(ByteString.copyFromUtf8(key))
                    .setValue(ByteString.copyFromUtf8(value))
                    .build())));
  }

  /** Deletes a record that still has this value. */
  void deleteIf(String key, String value) {
    ByteString bytes = ByteString.copyFromUtf8(key);
    KeyValue record = records.get(bytes);
    if (record != null && record.getValue().toStringUtf8().equals(value)) {
      delete(bytes);
    }
  }

  void delete(ByteString key) {
    List<Event> events = new ArrayList<>();
    delete(key, events);
    commit(events);
  }

  long grant(long ttlSeconds) {
    long id = nextLease++;
    ttls.put(id, ttlSeconds);
    leases.put(id, expiry(id, ttlSeconds));
    return id;
  }

  /** The time to live, or 0 when the lease does not exist. */
  long keepAlive(long id) {
    Subscription old = leases.get(id);
    if (old == null) {
      return 0;
    }
    old.close();
    long ttlSeconds = ttls.getOrDefault(id, 0L);
    leases.put(id, expiry(id, ttlSeconds));
    return ttlSeconds;
  }

  void revoke(long id) {
    Subscription timer = leases.remove(id);
    if (timer != null) {
      timer.close();
      ttls.remove(id);
      List<Event> events = new ArrayList<>();
      for (KeyValue record : List.copyOf(records.values())) {
        if (record.getLease() == id) {
          delete(record.getKey(), events);
        }
      }
      commit(events);
    }
  }

  Set<Long> leases() {
    return new TreeSet<>(leases.keySet());
  }

  private Subscription expiry(long id, long ttlSeconds) {
    return scheduler.schedule(Duration.ofSeconds(ttlSeconds), () -> revoke(id));
  }

  private boolean holds(Compare compare) {
    KeyValue record = records.get(compare.getKey());
    return (record == null ? 0 : record.getModRevision()) == compare.getModRevision();
  }

  private Event put(PutRequest request) {
    KeyValue record =
        KeyValue.newBuilder()
            .setKey(request.getKey())
            .setValue(request.getValue())
            .setLease(request.getLease())
            .setModRevision(revision + 1)
            .build();
    records.put(request.getKey(), record);
    return Event.newBuilder().setType(Event.EventType.PUT).setKv(record).build();
  }

  private void delete(ByteString key, List<Event> events) {
    if (records.remove(key) != null) {
      events.add(
          Event.newBuilder()
              .setType(Event.EventType.DELETE)
              .setKv(KeyValue.newBuilder().setKey(key).setModRevision(revision + 1))
              .build());
    }
  }

  private void commit(List<Event> events) {
    if (events.isEmpty()) {
      return;
    }
    revision++;
    Change change = new Change(revision, List.copyOf(events));
    history.add(change);
    noteState();
    followers.forEach(follower -> follower.accept(change));
  }

  private void noteState() {
    Set<String> state = new TreeSet<>();
    records.values().stream()
        .filter(record -> record.getKey().toStringUtf8().startsWith("prod/"))
        .map(record -> record.getValue().toStringUtf8())
        .filter(value -> !value.contains("\"draining\":true"))
        .forEach(state::add);
    if (states.isEmpty() || !states.get(states.size() - 1).equals(state)) {
      states.add(state);
    }
  }
}
