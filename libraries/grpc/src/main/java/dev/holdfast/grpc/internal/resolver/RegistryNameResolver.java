package dev.holdfast.grpc.internal.resolver;

import dev.holdfast.core.CloseReason;
import dev.holdfast.core.Endpoint;
import dev.holdfast.core.EndpointSet;
import dev.holdfast.core.EndpointsListener;
import dev.holdfast.core.RegistryException;
import dev.holdfast.core.Subscription;
import dev.holdfast.core.annotation.Limit;
import dev.holdfast.core.discovery.Registries;
import dev.holdfast.grpc.internal.meter.GrpcMeter;
import io.grpc.Attributes;
import io.grpc.EquivalentAddressGroup;
import io.grpc.NameResolver;
import io.grpc.Status;
import io.grpc.StatusOr;
import io.grpc.SynchronizationContext;
import io.grpc.SynchronizationContext.ScheduledHandle;
import java.net.InetAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A name resolver that delivers the endpoints of a service from the registry's {@code
 * EndpointDirectory}.
 *
 * <p>After the first list it never reports an error again: some policies close good connections on
 * one (pick_first does). Before it, calls wait {@link #FIRST_LIST_TIMEOUT} for the registry and
 * then fail with a text that says what is wrong, unless an earlier resolver of this process saw a
 * list. An endpoint that drains or is not ready leaves the list at once, unless it has nothing but
 * such.
 *
 * <p>All of it runs in the channel's SynchronizationContext.
 */
final class RegistryNameResolver extends NameResolver {
  /** The time that calls wait for a registry that can't be reached when the channel starts. */
  @Limit(
      of = "time that calls wait for a first list",
      then = "they fail with HF-201; later calls go on by themselves")
  static final Duration FIRST_LIST_TIMEOUT = Duration.ofSeconds(3);

  /** The least time between two lookups of host names, and before a failed one is repeated. */
  @Limit(
      of = "time between two lookups of host names in records, at least",
      then = "the addresses known are used meanwhile")
  static final Duration LOOKUP_INTERVAL = Duration.ofSeconds(5);

  /** The time that resolved names wait for others whose lookup is pending. */
  @Limit(
      of = "time that a list waits for names of hosts in it that are looked up",
      then = "it is used without them, and again when they are known")
  static final Duration LOOKUP_TIMEOUT = Duration.ofSeconds(1);

  private static final Logger log = LoggerFactory.getLogger(RegistryNameResolver.class);

  private final ResolvedTarget target;
  private final EndpointListCache memory;
  private final SynchronizationContext context;
  private final ScheduledExecutorService timers;
  private final Executor offload;
  private final EndpointAddressResolver hosts = new EndpointAddressResolver();
  private final HostLookups lookups;
  private final Set<String> failedLookups = new HashSet<>();

  private @Nullable Listener2 listener;
  private Registries.@Nullable Handle registry;
  private @Nullable Subscription subscription;
  private @Nullable ScheduledHandle patience;
  private @Nullable ScheduledHandle nextLookup;
  private @Nullable ScheduledHandle nextDelivery;
  private @Nullable EndpointSet current;
  private @Nullable RegistryException trouble;
  private boolean outOfPatience;
  private boolean delivered;

  RegistryNameResolver(
      ResolvedTarget target,
      EndpointListCache memory,
      EndpointAddressResolver.HostResolver hostResolver,
      Args args) {
    this.target = target;
    this.memory = memory;
    this.context = args.getSynchronizationContext();
    this.timers = args.getScheduledExecutorService();
    Executor given = args.getOffloadExecutor();
    this.offload = given == null ? ForkJoinPool.commonPool() : given;
    this.lookups = new HostLookups(hostResolver, offload, context, this::handleAnswer);
  }

  @Override
  public String getServiceAuthority() {
    return target.authority();
  }

  @Override
  public void start(Listener2 newListener) {
    listener = newListener;
    Registries.Handle opened;
    try {
      opened = target.registries().open(target.service().registry());
    } catch (IllegalArgumentException e) {
      // It could be opened when the target was parsed, so this is a certificate file gone or such.
      newListener.onError(Status.UNAVAILABLE.withDescription(e.getMessage()));
      return;
    }
    registry = opened;
    EndpointListDelivery handover =
        new EndpointListDelivery(offload, context, this::handleEndpoints);
    patience =
        context.schedule(
            this::losePatience, FIRST_LIST_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS, timers);
    subscription =
        opened
            .directory()
            .subscribe(
                target.service().service(),
                new EndpointsListener() {
                  @Override
                  public void onEndpoints(EndpointSet endpoints) {
                    handover.offer(endpoints);
                  }

                  @Override
                  public void onFailure(RegistryException cause) {
                    context.execute(() -> handleTrouble(cause));
                  }
                });
  }

  /**
   * The watch needs no hint; but after a broken connection the names of hosts may mean other
   * addresses now. Policies call this on every broken connection, so its rate is limited.
   */
  @Override
  public void refresh() {
    if (registry == null && listener != null && subscription == null) {
      start(listener);
      return;
    }
    if (current != null && !lookups.isUnderWay() && !isPending(nextLookup)) {
      lookUp(EndpointAddressResolver.namesIn(current));
    }
  }

  @Override
  public void shutdown() {
    listener = null;
    cancel(patience);
    cancel(nextLookup);
    cancel(nextDelivery);
    if (subscription != null) {
      subscription.close();
      subscription = null;
    }
    Registries.Handle open = registry;
    registry = null;
    if (open != null) {
      // Elsewhere: the last use of a registry closes it, and that may wait for an answer.
      target.registries().context().scheduler().execute(open::close);
    }
  }

  private void handleEndpoints(EndpointSet endpoints) {
    if (listener == null) {
      return;
    }
    cancel(patience);
    trouble = null;
    follow(endpoints);
  }

  private void follow(EndpointSet endpoints) {
    current = endpoints;
    Set<String> names = EndpointAddressResolver.namesIn(endpoints);
    Set<String> unknown = hosts.unknown(names);
    if (unknown.isEmpty()) {
      deliver(endpoints);
    } else {
      lookUp(unknown);
    }
  }

  void handleTrouble(RegistryException cause) {
    if (listener == null) {
      return;
    }
    trouble = cause;
    boolean hopeless =
        switch (cause.kind()) {
          case UNAUTHENTICATED, PERMISSION_DENIED, UNSUPPORTED, CLOSED -> true;
          default -> false;
        };
    Optional<EndpointSet> remembered = memory.recall(target);
    if (current == null && remembered.isPresent()) {
      useRemembered(remembered.get());
    } else if (current == null && (outOfPatience || hopeless)) {
      reportNothingKnown();
    }
  }

  private void losePatience() {
    if (listener == null || current != null) {
      return;
    }
    outOfPatience = true;
    Optional<EndpointSet> remembered = memory.recall(target);
    if (remembered.isPresent()) {
      useRemembered(remembered.get());
    } else {
      reportNothingKnown();
    }
  }

  private void useRemembered(EndpointSet remembered) {
    log.warn(
        "event=resolver_uses_remembered_list target={} endpoints={} cause=\"{}\"",
        target.subject(),
        remembered,
        causeText());
    follow(remembered);
  }

  private void reportNothingKnown() {
    fail(CloseReason.NO_ENDPOINTS_YET.describe(target.subject()) + ": " + causeText());
  }

  private void fail(String text) {
    Listener2 to = listener;
    if (to == null || delivered) {
      return;
    }
    log.warn("event=resolver_failed target={} cause=\"{}\"", target.subject(), causeText());
    GrpcMeter.RESOLVER_ERRORS
        .counter(target.registries().context().meters(), target.service().service().path())
        .increment();
    // Without a cause: the text says all, and each failed call would show the stack trace of a
    // thread that it never saw.
    to.onError(Status.UNAVAILABLE.withDescription(text));
  }

  private void deliver(EndpointSet endpoints) {
    Listener2 to = listener;
    if (to == null) {
      return;
    }
    List<Endpoint> eligible = endpoints.eligible();
    boolean noneEligible = eligible.isEmpty() && !endpoints.isEmpty();
    List<Endpoint> used = noneEligible ? endpoints.endpoints() : eligible;
    List<Endpoint> reserve = new ArrayList<>(endpoints.endpoints());
    reserve.removeAll(Set.copyOf(used));
    List<EquivalentAddressGroup> groups = hosts.groupsOf(used);
    if (groups.isEmpty() && !used.isEmpty()) {
      // Names that can't be looked up: the addresses before them, if any, are still the best guess.
      fail("none of the hosts of " + target.subject() + " could be looked up: " + endpoints);
      return;
    }
    Attributes attributes =
        Attributes.newBuilder()
            .set(ResolverAttributes.DRAINING, hosts.groupsOf(reserve))
            .set(ResolverAttributes.SUBJECT, target.subject())
            .build();
    hosts.retain(endpoints);
    memory.remember(target, endpoints);
    delivered = true;
    if (noneEligible) {
      log.warn("event=resolver_none_eligible {}", CloseReason.NONE_ELIGIBLE.describe(endpoints));
    }
    log.debug("event=resolved target={} endpoints={}", target.subject(), endpoints);
    GrpcMeter.RESOLVER_LISTS
        .counter(target.registries().context().meters(), target.service().service().path())
        .increment();
    // A policy that refuses an empty list says so, and grpc then asks for a refresh: cheap here.
    var unused =
        to.onResult2(
            ResolutionResult.newBuilder()
                .setAddressesOrError(StatusOr.fromValue(groups))
                .setAttributes(attributes)
                .build());
  }

  private void lookUp(Set<String> names) {
    if (names.isEmpty()) {
      return;
    }
    lookups.ask(names);
    awaitNames();
  }

  private void awaitNames() {
    if (!isPending(nextDelivery)) {
      nextDelivery =
          context.schedule(
              this::deliverWhatIsKnown, LOOKUP_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS, timers);
    }
  }

  private void handleAnswer(String name, @Nullable List<InetAddress> addresses) {
    EndpointSet latest = current;
    if (listener == null || latest == null) {
      return;
    }
    if (addresses == null) {
      failedLookups.add(name);
    } else {
      hosts.learn(name, addresses);
      failedLookups.remove(name);
    }
    if (EndpointAddressResolver.namesIn(latest).stream().anyMatch(lookups::isUnanswered)) {
      awaitNames();
      return;
    }
    cancel(nextDelivery);
    cancel(nextLookup);
    nextLookup =
        context.schedule(
            this::repeatFailedLookups, LOOKUP_INTERVAL.toMillis(), TimeUnit.MILLISECONDS, timers);
    deliver(latest);
  }

  /** Some names are late: those that are known are better than none. */
  private void deliverWhatIsKnown() {
    EndpointSet latest = current;
    if (latest == null || !lookups.isUnderWay()) {
      return;
    }
    List<Endpoint> eligible = latest.eligible();
    if (!hosts.groupsOf(eligible.isEmpty() ? latest.endpoints() : eligible).isEmpty()) {
      log.warn(
          "event=host_lookup_slow target={} hosts={}",
          target.subject(),
          hosts.unknown(EndpointAddressResolver.namesIn(latest)));
      deliver(latest);
    }
  }

  private void repeatFailedLookups() {
    EndpointSet latest = current;
    if (latest != null) {
      Set<String> names = EndpointAddressResolver.namesIn(latest);
      failedLookups.retainAll(names);
      lookUp(Set.copyOf(failedLookups));
    }
  }

  private String causeText() {
    RegistryException known = trouble;
    if (known != null) {
      return known.kind() + " " + known.getMessage();
    }
    return "no answer within " + FIRST_LIST_TIMEOUT.toSeconds() + " s";
  }

  private static boolean isPending(@Nullable ScheduledHandle timer) {
    return timer != null && timer.isPending();
  }

  private static void cancel(@Nullable ScheduledHandle timer) {
    if (timer != null) {
      timer.cancel();
    }
  }
}
