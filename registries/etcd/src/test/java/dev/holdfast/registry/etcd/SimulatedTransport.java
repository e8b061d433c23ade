package dev.holdfast.registry.etcd;

import com.google.protobuf.ByteString;
import dev.holdfast.core.Scheduler;
import dev.holdfast.registry.etcd.proto.Event;
import dev.holdfast.registry.etcd.proto.LeaseGrantRequest;
import dev.holdfast.registry.etcd.proto.LeaseGrantResponse;
import dev.holdfast.registry.etcd.proto.LeaseKeepAliveRequest;
import dev.holdfast.registry.etcd.proto.LeaseKeepAliveResponse;
import dev.holdfast.registry.etcd.proto.LeaseRevokeRequest;
import dev.holdfast.registry.etcd.proto.LeaseRevokeResponse;
import dev.holdfast.registry.etcd.proto.RangeRequest;
import dev.holdfast.registry.etcd.proto.TxnRequest;
import dev.holdfast.registry.etcd.proto.WatchCreateRequest;
import dev.holdfast.registry.etcd.proto.WatchRequest;
import dev.holdfast.registry.etcd.proto.WatchResponse;
import io.grpc.MethodDescriptor;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.function.Consumer;

/** The way to a {@link SimulatedEtcd}: slow, broken, silent or lossy, as a seed has it. */
final class SimulatedTransport implements EtcdTransport {
  /** How often etcd looks for watches that are not in step with the store. */
  private static final Duration SYNC_INTERVAL = Duration.ofMillis(100);

  enum Condition {
    /** Answers come. */
    FINE,
    /** Connections are refused. */
    REFUSED,
    /** Connections are accepted and nothing is answered; what was asked may be carried out late. */
    SILENT
  }

  private final SimulatedEtcd etcd;
  private final Scheduler scheduler;
  private final Random random;
  private final List<Stream> streams = new ArrayList<>();
  private Condition condition = Condition.FINE;
  private double lostAnswers;
  private boolean lagging;
  private boolean slowLists;

  SimulatedTransport(SimulatedEtcd etcd, Scheduler scheduler, Random random) {
    this.etcd = etcd;
    this.scheduler = scheduler;
    this.random = random;
    etcd.follow(change -> streams.forEach(stream -> stream.deliver(change)));
  }

  void condition(Condition value) {
    condition = value;
    if (value == Condition.REFUSED) {
      breakStreams();
    }
    if (value == Condition.FINE) {
      List.copyOf(streams).forEach(Stream::flush);
    }
  }

  /** How many answers get lost after the request was carried out, 0 to 1. */
  void lostAnswers(double share) {
    lostAnswers = share;
  }

  /** Whether lists take so long that events overtake them. */
  void slowLists(boolean value) {
    slowLists = value;
  }

  /** Whether headers of watches are behind the store's revision. */
  void lagging(boolean value) {
    lagging = value;
  }

  /** The streams that are open now never say anything more, and nobody says so. */
  void numbStreams() {
    streams.forEach(stream -> stream.numb = true);
  }

  /** Everything works again, for new streams. */
  void heal() {
    lostAnswers = 0;
    lagging = false;
    condition(Condition.FINE);
  }

  void breakStreams() {
    List.copyOf(streams).forEach(stream -> stream.close(EtcdError.UNAVAILABLE));
  }

  @Override
  public Duration attemptTimeout() {
    return Duration.ofSeconds(1);
  }

  @Override
  public <Q, R> void call(
      MethodDescriptor<Q, R> method,
      Q request,
      Duration timeout,
      Consumer<? super R> onReply,
      Consumer<? super EtcdException> onError) {
    if (condition == Condition.REFUSED) {
      later(latency(), () -> onError.accept(exception(EtcdError.UNAVAILABLE)));
      return;
    }
    if (condition == Condition.SILENT) {
      later(timeout, () -> onError.accept(exception(EtcdError.TIMEOUT)));
      if (random.nextInt(4) == 0) {
        later(Duration.ofMillis(random.nextInt(8000)), () -> carryOut(request));
      }
      return;
    }
    later(
        latency(),
        () -> {
          Object answer = carryOut(request);
          if (random.nextDouble() < lostAnswers) {
            later(timeout, () -> onError.accept(exception(EtcdError.TIMEOUT)));
          } else if (answer instanceof EtcdError error) {
            later(latency(), () -> onError.accept(exception(error)));
          } else {
            @SuppressWarnings("unchecked")
            R reply = (R) answer;
            boolean slow = slowLists && request instanceof RangeRequest r && !r.getCountOnly();
            later(
                slow ? Duration.ofMillis(random.nextInt(800)) : latency(),
                () -> onReply.accept(reply));
          }
        });
  }

  @Override
  public WatchCall openWatch(WatchCallListener listener) {
    Stream stream = new Stream(listener);
    streams.add(stream);
    if (condition == Condition.REFUSED) {
      later(latency(), () -> stream.close(EtcdError.UNAVAILABLE));
    }
    return stream;
  }

  @Override
  public void close() {
    condition(Condition.REFUSED);
  }

  private Object carryOut(Object request) {
    if (request instanceof RangeRequest range) {
      return etcd.range(range);
    } else if (request instanceof TxnRequest txn) {
      return etcd.txn(txn).map(Object.class::cast).orElse(EtcdError.LEASE_NOT_FOUND);
    } else if (request instanceof LeaseGrantRequest grant) {
      return LeaseGrantResponse.newBuilder()
          .setID(etcd.grant(grant.getTTL()))
          .setTTL(grant.getTTL())
          .build();
    } else if (request instanceof LeaseKeepAliveRequest keepAlive) {
      return LeaseKeepAliveResponse.newBuilder().setTTL(etcd.keepAlive(keepAlive.getID())).build();
    } else if (request instanceof LeaseRevokeRequest revoke) {
      etcd.revoke(revoke.getID());
      return LeaseRevokeResponse.getDefaultInstance();
    }
    throw new IllegalArgumentException("request: " + request);
  }

  private Duration latency() {
    return Duration.ofMillis(1 + random.nextInt(10));
  }

  private void later(Duration delay, Runnable task) {
    var unused = scheduler.schedule(delay, task);
  }

  private static EtcdException exception(EtcdError error) {
    return new EtcdException(error, "simulated " + error);
  }

  private final class Stream implements WatchCall {
    private final WatchCallListener listener;
    private final Map<Long, WatchCreateRequest> watches = new HashMap<>();
    private final Set<Long> notInStep = new HashSet<>();
    private final List<WatchResponse> held = new ArrayList<>();
    private long sent;
    private long arrived;
    private boolean over;
    private boolean numb;

    Stream(WatchCallListener listener) {
      this.listener = listener;
    }

    @Override
    public void send(WatchRequest request) {
      later(
          latency(),
          () -> {
            if (!over && !numb && condition == Condition.FINE) {
              handle(request);
            }
          });
    }

    @Override
    public void cancel() {
      over = true;
      streams.remove(this);
    }

    @Override
    public void cancelUnresponsive() {
      cancel();
    }

    @Override
    public void invalidateToken() {}

    void close(EtcdError error) {
      if (!over) {
        cancel();
        later(latency(), () -> listener.onClosed(exception(error)));
      }
    }

    void flush() {
      List<WatchResponse> all = List.copyOf(held);
      held.clear();
      all.forEach(this::respond);
    }

    private void handle(WatchRequest request) {
      if (request.hasProgressRequest()) {
        // As etcd 3.6 does (progressIfSync).
        if (notInStep.isEmpty()
            && watches.values().stream().allMatch(w -> w.getStartRevision() <= etcd.revision())) {
          respond(answer(-1).build());
        }
      } else if (request.hasCancelRequest()) {
        watches.remove(request.getCancelRequest().getWatchId());
        notInStep.remove(request.getCancelRequest().getWatchId());
      } else {
        create(request.getCreateRequest());
      }
    }

    private void create(WatchCreateRequest request) {
      respond(answer(request.getWatchId()).setCreated(true).build());
      if (request.getStartRevision() < etcd.compactedRevision()) {
        respond(
            answer(request.getWatchId())
                .setCanceled(true)
                .setCompactRevision(etcd.compactedRevision())
                .build());
        return;
      }
      watches.put(request.getWatchId(), request);
      if (request.getStartRevision() <= etcd.revision()) {
        notInStep.add(request.getWatchId());
        later(SYNC_INTERVAL, () -> notInStep.remove(request.getWatchId()));
      }
      etcd.changesFrom(request.getStartRevision())
          .forEach(change -> deliver(request.getWatchId(), request, change));
    }

    void deliver(SimulatedEtcd.Change change) {
      List.copyOf(watches.entrySet())
          .forEach(entry -> deliver(entry.getKey(), entry.getValue(), change));
    }

    private void deliver(long id, WatchCreateRequest watch, SimulatedEtcd.Change change) {
      // A watch from a revision that the store has not reached is silent: so is a real one.
      if (change.revision() < watch.getStartRevision()) {
        return;
      }
      List<Event> events =
          change.events().stream().filter(event -> isIn(watch, event.getKv().getKey())).toList();
      if (!events.isEmpty()) {
        respond(answer(id).addAllEvents(events).build());
      }
    }

    private boolean isIn(WatchCreateRequest watch, ByteString key) {
      if (watch.getRangeEnd().isEmpty()) {
        return key.equals(watch.getKey());
      }
      var order = ByteString.unsignedLexicographicalComparator();
      return order.compare(key, watch.getKey()) >= 0 && order.compare(key, watch.getRangeEnd()) < 0;
    }

    private WatchResponse.Builder answer(long id) {
      long behind = lagging ? random.nextInt(4) : 0;
      return WatchResponse.newBuilder()
          .setWatchId(id)
          .setHeader(etcd.header().toBuilder().setRevision(Math.max(1, etcd.revision() - behind)));
    }

    /** Messages of a stream arrive in the order in which they were sent. */
    private void respond(WatchResponse response) {
      if (numb) {
        return;
      }
      if (condition != Condition.FINE) {
        held.add(response);
        return;
      }
      long number = sent++;
      arriveInTurn(number, latency(), response);
    }

    private void arriveInTurn(long number, Duration delay, WatchResponse response) {
      later(
          delay,
          () -> {
            if (over) {
              return;
            }
            if (arrived < number) {
              arriveInTurn(number, Duration.ofMillis(1), response);
              return;
            }
            arrived++;
            listener.onResponse(response);
          });
    }
  }
}
