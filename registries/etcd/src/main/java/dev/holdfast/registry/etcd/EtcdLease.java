package dev.holdfast.registry.etcd;

import dev.holdfast.core.DurationText;
import dev.holdfast.core.LogEscaper;
import dev.holdfast.core.RegistryContext;
import dev.holdfast.core.RegistryException;
import dev.holdfast.core.Scheduler;
import dev.holdfast.core.Subscription;
import dev.holdfast.registry.etcd.proto.LeaseGrantRequest;
import dev.holdfast.registry.etcd.proto.LeaseGrantResponse;
import dev.holdfast.registry.etcd.proto.LeaseGrpc;
import dev.holdfast.registry.etcd.proto.LeaseKeepAliveRequest;
import dev.holdfast.registry.etcd.proto.LeaseKeepAliveResponse;
import dev.holdfast.registry.etcd.proto.LeaseRevokeRequest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The lease that all records of a process in one registry share.
 *
 * <pre>
 * NONE -> ASKING -> HELD -> LOST -> ASKING ..     LOST: run out, not found, or forgotten by a wipe
 * </pre>
 *
 * <p>The lease is requested when the first record needs it and is kept until the registry closes.
 * Confined to the scheduler.
 */
final class EtcdLease {
  private static final Logger log = LoggerFactory.getLogger(EtcdLease.class);

  /** The lease id 0, which etcd reports for records without a lease. */
  static final long NO_LEASE = 0;

  enum LeaseState {
    /** No lease was requested, because nothing was announced yet. */
    NONE,
    /** A grant is under way; announcements wait for it. */
    ASKING,
    /** The lease is granted and kept alive. */
    HELD,
    /** The last one is gone; the next announcement asks for another. */
    LOST
  }

  private record Waiting(LongConsumer onLease, Consumer<? super EtcdException> onError) {}

  private final EtcdTransport transport;
  private final Scheduler scheduler;
  private final EtcdOptions options;
  private final Consumer<RegistryException> onLost;
  private final List<Waiting> waiting = new ArrayList<>();
  private final List<Runnable> verifying = new ArrayList<>();
  private volatile LeaseState leaseState = LeaseState.NONE;
  private long id;
  private @Nullable LeaseTiming term;
  private @Nullable Subscription timer;
  private volatile Duration recordTtl;
  private boolean warned;

  /**
   * @param onLost called when the lease is lost, and all records under it with it
   */
  EtcdLease(
      EtcdTransport transport,
      RegistryContext context,
      EtcdOptions options,
      Consumer<RegistryException> onLost) {
    this.transport = transport;
    this.scheduler = context.scheduler();
    this.options = options;
    this.onLost = onLost;
    this.recordTtl = options.ttl();
  }

  /** The time to live that was granted, or is going to be asked for. From any thread. */
  Duration recordTtl() {
    return recordTtl;
  }

  /** Hands out the lease, after asking for one if there is none. */
  void acquire(LongConsumer onLease, Consumer<? super EtcdException> onError) {
    if (!options.leased()) {
      scheduler.execute(() -> onLease.accept(NO_LEASE));
      return;
    }
    if (leaseState == LeaseState.HELD) {
      long held = id;
      scheduler.execute(() -> onLease.accept(held));
      return;
    }
    waiting.add(new Waiting(onLease, onError));
    if (leaseState != LeaseState.ASKING) {
      ask();
    }
  }

  /**
   * Asks whether the lease of a record still lives; if it does not, its loss is reported and
   * nothing is run.
   */
  void verify(long lease, Runnable onAnswer) {
    if (lease == NO_LEASE) {
      onAnswer.run();
      return;
    }
    if (lease != id || term == null) {
      // Known to be lost: its records are about to hear of it.
      return;
    }
    verifying.add(onAnswer);
    if (verifying.size() == 1) {
      keepAlive(term, true);
    }
  }

  /** Handles a request that failed because the lease does not exist. */
  void notFound(long lease) {
    if (leaseState == LeaseState.HELD && lease == id) {
      lose("etcd does not know the lease any more");
    }
  }

  /**
   * Drops the lease after a wipe of the store, without a call of the listener, which knows about
   * the wipe.
   */
  void forget() {
    if (leaseState == LeaseState.HELD) {
      drop(LeaseState.LOST);
    }
  }

  /** Gives the lease back, so that its records go at once. */
  void release(Duration timeout, Runnable done) {
    if (leaseState != LeaseState.HELD) {
      drop(LeaseState.NONE);
      done.run();
      return;
    }
    long released = id;
    drop(LeaseState.NONE);
    transport.call(
        LeaseGrpc.getLeaseRevokeMethod(),
        LeaseRevokeRequest.newBuilder().setID(released).build(),
        timeout,
        reply -> done.run(),
        error -> {
          if (error.error() != EtcdError.LEASE_NOT_FOUND) {
            log.warn(
                "event=etcd_lease_not_revoked lease={} expires_within_s={} reason=\"{}\"",
                Long.toHexString(released),
                recordTtl.toSeconds(),
                LogEscaper.escape(error.getMessage()));
          }
          done.run();
        });
  }

  private void ask() {
    leaseState = LeaseState.ASKING;
    long askedAtNanos = scheduler.clock().nanoTime();
    transport.call(
        LeaseGrpc.getLeaseGrantMethod(),
        LeaseGrantRequest.newBuilder().setTTL(wholeSeconds(options.ttl())).build(),
        options.requestTimeout(),
        reply -> onGranted(askedAtNanos, reply),
        error -> {
          if (leaseState == LeaseState.ASKING) {
            leaseState = id == NO_LEASE ? LeaseState.NONE : LeaseState.LOST;
          }
          drain().forEach(w -> w.onError().accept(error));
        });
  }

  private static long wholeSeconds(Duration ttl) {
    return ttl.plusSeconds(1).minusNanos(1).toSeconds();
  }

  private void onGranted(long askedAtNanos, LeaseGrantResponse reply) {
    if (leaseState != LeaseState.ASKING) {
      // Closed meanwhile; nothing was written under it, it runs out by itself.
      return;
    }
    leaseState = LeaseState.HELD;
    id = reply.getID();
    Duration ttl = Duration.ofSeconds(reply.getTTL());
    recordTtl = ttl;
    LeaseTiming granted = new LeaseTiming(askedAtNanos, ttl);
    term = granted;
    log.info("event=etcd_lease_granted lease={} ttl={}", Long.toHexString(id), ttl);
    warnIfShort(ttl);
    arm(granted);
    drain().forEach(w -> w.onLease().accept(id));
  }

  /** Of what was granted: etcd may grant more than was asked for. */
  private void warnIfShort(Duration ttl) {
    LeaseMargin margin = LeaseMargin.of(ttl, options);
    if (warned || margin.suffices()) {
      return;
    }
    warned = true;
    log.warn(
        "event=etcd_ttl_too_short ttl={} request_timeout={} expected=\"ttl: at least {}, or"
            + " request-timeout: at most {}\" reason=\"a request that is not answered lasts until"
            + " the lease has run out, and all records of this process with it\"",
        DurationText.format(ttl),
        DurationText.format(options.requestTimeout()),
        DurationText.format(margin.leastTtl()),
        DurationText.format(margin.mostRequestTimeout()));
  }

  private List<Waiting> drain() {
    List<Waiting> all = List.copyOf(waiting);
    waiting.clear();
    return all;
  }

  private void arm(LeaseTiming of) {
    closeTimer();
    long delayNanos = of.nextDeadlineNanos() - scheduler.clock().nanoTime();
    timer = scheduler.schedule(Duration.ofNanos(delayNanos), () -> onTimer(of));
  }

  private void onTimer(LeaseTiming of) {
    if (of != term) {
      return;
    }
    switch (of.due(scheduler.clock().nanoTime())) {
      case EXPIRED -> lose("no answer from etcd for " + recordTtl.toSeconds() + " s");
      case KEEP_ALIVE -> keepAlive(of, false);
      case NOTHING -> arm(of);
    }
  }

  private void keepAlive(LeaseTiming of, boolean verifies) {
    long askedAtNanos = scheduler.clock().nanoTime();
    Duration left = of.left(askedAtNanos);
    of.onKeepAliveSent();
    arm(of);
    transport.call(
        LeaseGrpc.getLeaseKeepAliveMethod(),
        LeaseKeepAliveRequest.newBuilder().setID(id).build(),
        left.compareTo(options.requestTimeout()) < 0 ? left : options.requestTimeout(),
        reply -> {
          if (of == term) {
            onKeptAlive(of, askedAtNanos, reply, verifies);
          }
        },
        error -> {
          if (of == term) {
            of.onFailure(scheduler.clock().nanoTime());
            arm(of);
            if (verifies) {
              verified();
            }
          }
        });
  }

  private void onKeptAlive(
      LeaseTiming of, long askedAtNanos, LeaseKeepAliveResponse reply, boolean verifies) {
    if (reply.getTTL() <= 0) {
      lose("etcd does not know the lease any more");
      return;
    }
    Duration ttl = Duration.ofSeconds(reply.getTTL());
    recordTtl = ttl;
    of.onKeepAliveAnswered(askedAtNanos, ttl);
    arm(of);
    if (verifies) {
      verified();
    }
  }

  private void lose(String why) {
    String lost = Long.toHexString(id);
    drop(LeaseState.LOST);
    log.warn("event=etcd_lease_lost lease={} reason=\"{}\"", lost, LogEscaper.escape(why));
    onLost.accept(
        new RegistryException(
            RegistryException.RegistryErrorKind.LEASE_LOST,
            "etcd: lease " + lost + " is lost: " + why));
  }

  private void drop(LeaseState next) {
    leaseState = next;
    term = null;
    // The caller that verified it learns of the loss like all others.
    verifying.clear();
    closeTimer();
  }

  private void verified() {
    List<Runnable> all = List.copyOf(verifying);
    verifying.clear();
    all.forEach(Runnable::run);
  }

  private void closeTimer() {
    if (timer != null) {
      timer.close();
      timer = null;
    }
  }

  /** As in RegistryMeter.LEASE_STATE. From any thread. */
  int gaugeValue() {
    return switch (leaseState) {
      case NONE, ASKING -> 0;
      case HELD -> 1;
      case LOST -> 2;
    };
  }
}
