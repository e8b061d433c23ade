package dev.holdfast.registry.etcd;

import dev.holdfast.core.HostPort;
import dev.holdfast.core.LogEscaper;
import dev.holdfast.core.RegistryContext;
import dev.holdfast.core.Scheduler;
import dev.holdfast.core.annotation.Limit;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/**
 * The members of one cluster: requests go to one of them as long as it answers, then to the next.
 *
 * <p>Every try has a deadline of its own, since a paused member accepts connections and answers
 * nothing. Processes begin at a random member and stay with one that works, so neither a start nor
 * the return of a member moves many clients at once. A request is tried once at each member, and in
 * what is left of its time once more after a moment, because a cluster that elects a leader refuses
 * everything meanwhile; trying again later is for those above. On the scheduler only.
 */
final class EtcdMembers implements EtcdTransport {
  private static final Logger log = LoggerFactory.getLogger(EtcdMembers.class);

  /** A cluster of five that serves at all has three members that answer. */
  @Limit(
      of = "members that share the time of one request",
      then = "each is given a third of it, so that a silent one leaves time for others")
  private static final int MAX_MEMBERS_TRIED = 3;

  private static final Duration PAUSE_BETWEEN_ROUNDS = Duration.ofMillis(100);
  private static final int NOT_CHOSEN = -1;
  private static final Duration MIN_ATTEMPT_TIMEOUT = Duration.ofMillis(50);

  private final Scheduler scheduler;
  private final List<EtcdMember> members = new ArrayList<>();
  private final Duration attemptTimeout;
  private final Set<GrpcWatchCall> watches = new LinkedHashSet<>();
  private final RandomGenerator random;
  private final EtcdMeters meters;
  private int current = NOT_CHOSEN;
  private boolean troubled;
  private boolean closed;

  EtcdMembers(
      EtcdOptions options, EtcdChannels channels, RegistryContext context, EtcdMeters meters) {
    this.scheduler = context.scheduler();
    this.attemptTimeout = attemptTimeout(options);
    Optional<EtcdPassword> password =
        options.credentials().map(known -> new EtcdPassword(known, scheduler));
    for (HostPort address : options.members()) {
      members.add(new EtcdMember(address, channels, password, scheduler));
    }
    this.random = context.random();
    this.meters = meters;
  }

  /** The time of a request shared out among the members it may be tried at. */
  static Duration attemptTimeout(EtcdOptions options) {
    Duration share = options.requestTimeout().dividedBy(tries(options.members().size()));
    return share.compareTo(MIN_ATTEMPT_TIMEOUT) < 0 ? MIN_ATTEMPT_TIMEOUT : share;
  }

  /** Among how many members the time of a request is shared out. */
  static int tries(int members) {
    return Math.min(members, MAX_MEMBERS_TRIED);
  }

  @Override
  public Duration attemptTimeout() {
    return attemptTimeout;
  }

  @Override
  public <Q, R> void call(
      MethodDescriptor<Q, R> method,
      Q request,
      Duration timeout,
      Consumer<? super R> onReply,
      Consumer<? super EtcdException> onError) {
    new Request<Q, R>(method, request, timeout, onReply, onError).attempt();
  }

  @Override
  public WatchCall openWatch(WatchCallListener listener) {
    EtcdMember member = current();
    GrpcWatchCall watch =
        new GrpcWatchCall(
            scheduler,
            member,
            listener,
            (ended, cause) -> {
              watches.remove(ended);
              if (cause != null && cause.error().isRetriableAtOtherMember()) {
                leave(member, cause);
              }
            });
    watches.add(watch);
    member.token().whenReady(attemptTimeout, watch::start, watch::fail);
    return watch;
  }

  @Override
  public void close() {
    closed = true;
    members.forEach(EtcdMember::close);
  }

  private EtcdMember current() {
    if (current == NOT_CHOSEN) {
      // Chosen now and not on opening: chance belongs to the scheduler.
      current = random.nextInt(members.size());
    }
    return members.get(current);
  }

  /** Asks the next member from now on, if this one is still the one that is asked. */
  private void leave(EtcdMember member, EtcdException cause) {
    if (closed || current() != member || members.size() == 1) {
      return;
    }
    current = (current + 1) % members.size();
    // The first word on a trouble is for operators; where everything fails, its repetition is not.
    log.atLevel(troubled ? Level.DEBUG : Level.INFO)
        .log(
            "event=etcd_member_switched member={} next={} reason=\"{}\"",
            member.address(),
            current().address(),
            LogEscaper.escape(cause.getMessage()));
    troubled = true;
    List.copyOf(watches).stream()
        .filter(watch -> watch.member() == member)
        .forEach(watch -> watch.listener().onMemberSwitched());
  }

  /**
   * A request that is tried at one member after the other until one answers or its time is over.
   */
  private final class Request<Q, R> {
    private final MethodDescriptor<Q, R> method;
    private final Q message;
    private final long deadlineNanos;
    private final Consumer<? super R> onReply;
    private final Consumer<? super EtcdException> onError;
    private int tries;
    private boolean tokenRenewed;

    Request(
        MethodDescriptor<Q, R> method,
        Q message,
        Duration timeout,
        Consumer<? super R> onReply,
        Consumer<? super EtcdException> onError) {
      this.method = method;
      this.message = message;
      this.deadlineNanos = scheduler.clock().nanoTime() + timeout.toNanos();
      this.onReply = onReply;
      this.onError = onError;
    }

    void attempt() {
      EtcdMember member = current();
      Duration left = Duration.ofNanos(deadlineNanos - scheduler.clock().nanoTime());
      Duration timeout = left.compareTo(attemptTimeout) < 0 ? left : attemptTimeout;
      member
          .token()
          .whenReady(
              timeout,
              () -> {
                Metadata headers = member.token().headers();
                member.send(
                    method,
                    message,
                    timeout,
                    headers,
                    reply -> {
                      troubled = false;
                      onReply.accept(reply);
                    },
                    error -> failed(member, headers, error));
              },
              error -> failed(member, new Metadata(), error));
    }

    private void failed(EtcdMember member, Metadata headers, EtcdException error) {
      boolean inTime = deadlineNanos - scheduler.clock().nanoTime() > 0;
      if (error.error().isRetriableWithNewToken()) {
        if (member.token().invalidate(headers) && !tokenRenewed && inTime) {
          tokenRenewed = true;
          attempt();
        } else {
          fail(EtcdToken.withAdvice(error));
        }
        return;
      }
      tries++;
      if (error.error().isRetriableAtOtherMember()) {
        leave(member, error);
        int round = tries(members.size());
        if (inTime && tries < round) {
          attempt();
          return;
        }
        if (inTime && members.size() > 1 && tries < 2 * round && !closed) {
          var unused = scheduler.schedule(PAUSE_BETWEEN_ROUNDS, this::attempt);
          return;
        }
      }
      fail(error);
    }

    private void fail(EtcdException error) {
      meters.requestFailed(error.error().kind());
      onError.accept(error);
    }
  }
}
