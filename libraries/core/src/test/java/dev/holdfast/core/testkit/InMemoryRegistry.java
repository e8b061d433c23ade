package dev.holdfast.core.testkit;

import dev.holdfast.core.Endpoint;
import dev.holdfast.core.EndpointSet;
import dev.holdfast.core.Registry;
import dev.holdfast.core.RegistryContext;
import dev.holdfast.core.RegistryException;
import dev.holdfast.core.RegistryMeter;
import dev.holdfast.core.RegistrySnapshot;
import dev.holdfast.core.Scheduler;
import dev.holdfast.core.ServiceName;
import dev.holdfast.core.Subscription;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;

/**
 * A {@link Registry} in memory, for tests: one client of an {@link InMemoryStore}, with the faults
 * that real ones have.
 *
 * <p>It can be cut off from its store, answer slowly, lose answers after the request took effect,
 * and tell a watch or a reader something that is not so.
 */
public final class InMemoryRegistry implements Registry {
  static final Duration REQUEST_TIMEOUT = Duration.ofSeconds(1);

  private final InMemoryStore store;
  private final RegistryContext context;
  private final Set<InMemoryWatch> watches = new LinkedHashSet<>();
  private final Set<InMemoryNamesWatch> namesWatches = new LinkedHashSet<>();
  private final Set<InMemoryAnnouncement> announcements = new LinkedHashSet<>();
  private boolean cut;
  private boolean closed;
  private int announced;
  private int reads;
  private Supplier<Duration> latency = () -> Duration.ZERO;
  private BooleanSupplier loseRequest = () -> false;
  private BooleanSupplier loseAnswer = () -> false;
  private UnaryOperator<EndpointSet> seenByReads = UnaryOperator.identity();

  InMemoryRegistry(InMemoryStore store, RegistryContext context) {
    this.store = store;
    this.context = context;
    store.run(() -> store.add(this));
  }

  /** Cuts this client off from the store: leases go on to run out there. */
  public void cut() {
    store.run(
        () -> {
          cut = true;
          linkChanged();
        });
  }

  /** Ends {@link #cut}. */
  public void mend() {
    store.run(
        () -> {
          cut = false;
          linkChanged();
        });
  }

  /** How long each message takes from now on; asked once per message. */
  public void setLatency(Supplier<Duration> value) {
    latency = value;
  }

  /** Whether a request gets lost before it takes effect. */
  public void setLoseRequest(BooleanSupplier value) {
    loseRequest = value;
  }

  /** Whether the answer to a request gets lost although the request took effect. */
  public void setLoseAnswer(BooleanSupplier value) {
    loseAnswer = value;
  }

  /** What reads make of the truth, such as half of it. */
  public void setSeenByReads(UnaryOperator<EndpointSet> value) {
    seenByReads = value;
  }

  /** Tells the watches of a service something that is not so, and the truth after a while. */
  public void falsify(ServiceName service, UnaryOperator<EndpointSet> lie, Duration repairedAfter) {
    store.run(
        () ->
            List.copyOf(watches).stream()
                .filter(watch -> watch.isOf(service.path()))
                .forEach(watch -> watch.falsify(lie, repairedAfter)));
  }

  /** Attempts to announce so far. */
  public int announced() {
    return announced;
  }

  /** Reads so far. */
  public int reads() {
    return reads;
  }

  /** Watches that are open. */
  public int openWatches() {
    return watches.size();
  }

  /** Counts records that could not be read, as a real registry does when it meets them. */
  public void meetMalformed(int records) {
    RegistryMeter.RECORDS_MALFORMED.counter(context.meters(), describe()).increment(records);
  }

  @Override
  public String describe() {
    return "memory:///";
  }

  @Override
  public Set<Capability> capabilities() {
    return Set.of(Capability.values());
  }

  @Override
  public Subscription watch(ServiceName service, WatchListener listener) {
    InMemoryWatch watch = new InMemoryWatch(this, service.path(), listener);
    store.run(
        () -> {
          if (!closed) {
            watches.add(watch);
            watch.begin();
          }
        });
    return () -> {
      watch.close();
      store.run(() -> watches.remove(watch));
    };
  }

  @Override
  public CompletionStage<RegistrySnapshot> read(ServiceName service) {
    CompletableFuture<RegistrySnapshot> answer = new CompletableFuture<>();
    store.run(
        () -> {
          reads++;
          request(
              () -> {
                RegistrySnapshot truth = store.snapshot(service.path());
                return new RegistrySnapshot(
                    EndpointSet.of(seenByReads.apply(truth.endpoints()).endpoints()),
                    truth.epoch());
              },
              answer);
        });
    return answer.minimalCompletionStage();
  }

  @Override
  public Subscription watchNames(String namespace, ServiceNamesListener listener) {
    InMemoryNamesWatch watch = new InMemoryNamesWatch(this, namespace, listener);
    store.run(
        () -> {
          if (!closed) {
            namesWatches.add(watch);
            watch.refresh();
          }
        });
    return () -> {
      watch.close();
      store.run(() -> namesWatches.remove(watch));
    };
  }

  @Override
  public Announcement announce(
      ServiceName service, Endpoint endpoint, AnnouncementListener listener) {
    InMemoryAnnouncement announcement =
        new InMemoryAnnouncement(this, service.path(), endpoint, listener);
    store.run(
        () -> {
          announced++;
          announcements.add(announcement);
          announcement.begin();
        });
    return announcement;
  }

  @Override
  public Duration recordTtl() {
    return store.ttl();
  }

  @Override
  public Duration requestTimeout() {
    return REQUEST_TIMEOUT;
  }

  @Override
  public List<InetSocketAddress> peerAddresses() {
    return List.of();
  }

  @Override
  public void close() {
    watches.forEach(InMemoryWatch::close);
    store.run(
        () -> {
          closed = true;
          List.copyOf(announcements).forEach(InMemoryAnnouncement::close);
          watches.clear();
          namesWatches.forEach(InMemoryNamesWatch::close);
          namesWatches.clear();
          store.remove(this);
        });
  }

  // What the store and the parts of this client tell each other, all on the scheduler.

  InMemoryStore store() {
    return store;
  }

  Scheduler scheduler() {
    return context.scheduler();
  }

  boolean isReachable() {
    return store.isUp() && !cut && !closed;
  }

  Duration latency() {
    return latency.get();
  }

  void forget(InMemoryAnnouncement announcement) {
    announcements.remove(announcement);
  }

  void linkChanged() {
    List.copyOf(watches).forEach(InMemoryWatch::linkChanged);
    List.copyOf(namesWatches).forEach(InMemoryNamesWatch::refresh);
    List.copyOf(announcements).forEach(InMemoryAnnouncement::linkChanged);
  }

  void wiped() {
    List.copyOf(watches).forEach(InMemoryWatch::changed);
    List.copyOf(namesWatches).forEach(InMemoryNamesWatch::refresh);
    List.copyOf(announcements).forEach(InMemoryAnnouncement::wiped);
  }

  void changed(String path) {
    new ArrayList<>(watches).stream().filter(w -> w.isOf(path)).forEach(InMemoryWatch::changed);
    List.copyOf(namesWatches).forEach(InMemoryNamesWatch::refresh);
    new ArrayList<>(announcements)
        .stream().filter(a -> a.isOf(path)).forEach(InMemoryAnnouncement::check);
  }

  /** One request: half the latency there, the effect, half the latency back, or a timeout. */
  <T> void request(Supplier<T> effect, CompletableFuture<T> answer) {
    Duration there = latency().dividedBy(2);
    Duration back = latency().dividedBy(2);
    if (there.plus(back).compareTo(REQUEST_TIMEOUT) >= 0 || loseRequest.getAsBoolean()) {
      scheduler().schedule(REQUEST_TIMEOUT, () -> answer.completeExceptionally(unavailable()));
      return;
    }
    scheduler()
        .schedule(
            there,
            () -> {
              if (!isReachable()) {
                scheduler().schedule(back, () -> answer.completeExceptionally(unavailable()));
                return;
              }
              T result = effect.get();
              if (loseAnswer.getAsBoolean()) {
                scheduler()
                    .schedule(
                        REQUEST_TIMEOUT.minus(there),
                        () -> answer.completeExceptionally(unavailable()));
              } else {
                scheduler().schedule(back, () -> answer.complete(result));
              }
            });
  }

  static RegistryException unavailable() {
    return new RegistryException(
        RegistryException.RegistryErrorKind.UNAVAILABLE, "the store in memory does not answer");
  }
}
