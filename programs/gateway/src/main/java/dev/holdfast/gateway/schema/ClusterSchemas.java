package dev.holdfast.gateway.schema;

import dev.holdfast.core.Endpoint;
import dev.holdfast.core.EndpointSet;
import dev.holdfast.core.HostPort;
import dev.holdfast.core.LogEscaper;
import dev.holdfast.core.Scheduler;
import dev.holdfast.core.Subscription;
import dev.holdfast.core.annotation.Limit;
import dev.holdfast.gateway.cluster.Cluster;
import dev.holdfast.gateway.frontend.json.JsonMapping;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Metrics;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The schemas of clusters, from server reflection or descriptor sets, kept up to date. A known
 * schema is kept while servers can't be asked, and when a cluster is replaced by another of the
 * same name.
 *
 * <p>Thread-safe. Decisions run on the scheduler; methods for event loops return cached values.
 */
public final class ClusterSchemas implements AutoCloseable {
  @Limit(
      of = "servers that a gateway asks for their schemas at one time",
      then = "the next waits for an answer")
  static final int MAX_AT_ONCE = 16;

  @Limit(
      of = "time after the begin of a cluster for which its servers are awaited",
      then = "who needs its schema is told at once that it is not known, unless one is asked")
  static final Duration FIRST_TIME = Duration.ofSeconds(5);

  private static final Logger log = LoggerFactory.getLogger(ClusterSchemas.class);

  private final Scheduler scheduler;
  private final SchemaSource asker;
  private final RandomGenerator random;
  private final DescriptorSets sets;
  private final Map<Cluster, Watched> watched = new ConcurrentHashMap<>();
  private final Deque<Watched> waiting = new ArrayDeque<>();
  private volatile Runnable listener = () -> {};
  private volatile JsonMapping terms = JsonMapping.DEFAULT;
  private int underWay;

  /**
   * Schemas without any cluster yet, with meters in the global registry.
   *
   * @param random adds jitter to the polling times
   */
  public ClusterSchemas(Scheduler scheduler, SchemaSource asker, RandomGenerator random) {
    this(scheduler, asker, random, Metrics.globalRegistry);
  }

  /**
   * Schemas without any cluster yet.
   *
   * @param random adds jitter to the polling times
   * @param meters for reloads of descriptor sets
   */
  public ClusterSchemas(
      Scheduler scheduler, SchemaSource asker, RandomGenerator random, MeterRegistry meters) {
    this.sets = new DescriptorSets(meters, () -> listener.run());
    this.scheduler = scheduler;
    this.asker = asker;
    this.random = random;
  }

  /** Sets the listener of changes. The listener blocks the scheduler, so it must return quickly. */
  public void onChange(Runnable changed) {
    listener = changed;
  }

  /** The schema of a cluster; empty while it is unknown. */
  public Optional<ServiceSchema> of(Cluster cluster) {
    Optional<ServiceSchema> ofFiles = sets.of(cluster.name());
    if (ofFiles.isPresent()) {
      return ofFiles;
    }
    Watched found = watched.get(cluster);
    return found == null ? Optional.empty() : Optional.ofNullable(found.schema);
  }

  /** The reason why there is no schema, or no newer one; "" when there is no known reason. */
  public String trouble(Cluster cluster) {
    Watched found = watched.get(cluster);
    return found == null ? "" : found.trouble;
  }

  /** The parts of a cluster's schema that are not served, each with the reason. */
  public List<String> rejected(Cluster cluster) {
    return of(cluster).map(ServiceSchema::rejected).orElse(List.of());
  }

  /**
   * A stage that completes when the first schema request to a cluster has ended, as {@link
   * dev.holdfast.gateway.frontend.ClusterTranscoders#awaited}.
   */
  public @Nullable CompletionStage<?> awaited(Cluster cluster) {
    // While files say it, no server is asked and nothing is pending.
    Watched found = sets.of(cluster.name()).isPresent() ? null : watched.get(cluster);
    return found == null ? null : found.awaited();
  }

  /** Whether no server of a cluster has answered yet, not even with a refusal. */
  public boolean isUnanswered(Cluster cluster) {
    Watched found = watched.get(cluster);
    return found != null && !found.heard && of(cluster).isEmpty();
  }

  /** A prepared change of descriptor sets and mapping, which takes effect by {@code use}. */
  public record SchemaChange(Runnable use, Runnable undo) {
    /** A change that has no effect. */
    public static final SchemaChange NONE = new SchemaChange(() -> {}, () -> {});
  }

  /**
   * Reads new descriptor sets. They and the mapping take effect by {@link SchemaChange#use}.
   *
   * @param files by cluster name; the servers of these clusters are not asked
   * @throws IllegalArgumentException when files make no valid schema
   */
  public SchemaChange prepared(Map<String, List<Path>> files, JsonMapping next) {
    Map<String, WatchedDescriptorSet> before = sets.current();
    JsonMapping termsBefore = terms;
    Map<String, WatchedDescriptorSet> prepared = sets.prepared(files, next);
    return new SchemaChange(() -> use(prepared, next), () -> use(before, termsBefore));
  }

  private void use(Map<String, WatchedDescriptorSet> prepared, JsonMapping next) {
    boolean other = !next.equals(terms);
    terms = next;
    sets.use(prepared, next);
    for (Watched each : watched.values()) {
      if (other) {
        each.renew();
      }
      scheduler.execute(each::proceed);
    }
  }

  /** Sets the clusters whose schemas are followed. */
  public synchronized void retain(Collection<Cluster> wanted) {
    Map<String, ServiceSchema> known = new HashMap<>();
    watched.forEach(
        (cluster, each) -> each.known().ifPresent(schema -> known.put(cluster.name(), schema)));
    for (Cluster cluster : wanted) {
      if (!watched.containsKey(cluster)) {
        Watched fresh = new Watched(cluster, known.get(cluster.name()));
        watched.put(cluster, fresh);
        fresh.list = cluster.listen(fresh::onEndpoints);
      }
    }
    for (Cluster cluster : List.copyOf(watched.keySet())) {
      Watched gone = wanted.contains(cluster) ? null : watched.remove(cluster);
      if (gone != null) {
        gone.close();
      }
    }
  }

  /** Stops all schema requests and the watch of descriptor sets. */
  @Override
  public void close() {
    retain(List.of());
    sets.close();
  }

  /** The schema state of one cluster. Confined to the scheduler, except for volatile fields. */
  private final class Watched {
    private final Cluster of;
    private final String cluster;
    private final SchemaPolling polling;

    /** Written on the scheduler and by {@link #renew}, both under this object's lock. */
    private volatile @Nullable ServiceSchema schema;

    private volatile String trouble = "";

    /** Whether a server has answered, be it with a refusal. */
    private volatile boolean heard;

    /** Completes when the first schema request has ended, in whatever way. */
    private final CompletableFuture<Void> first = new CompletableFuture<>();

    private final long sinceNanos = System.nanoTime();
    private volatile boolean isAsking;
    private volatile boolean closed;
    private volatile Subscription list = () -> {};
    private Subscription timer = () -> {};
    private boolean troubled;

    Watched(Cluster of, @Nullable ServiceSchema before) {
      this.of = of;
      this.cluster = of.name();
      this.polling = new SchemaPolling(before, random);
      this.schema = before == null ? null : before.with(terms);
    }

    /**
     * The stage of the first schema request, while it or the first endpoint list is pending; null
     * otherwise.
     */
    @Nullable CompletionStage<?> awaited() {
      boolean soon = !first.isDone() && schema == null && (isAsking || isYoung());
      return soon ? first : null;
    }

    private boolean isYoung() {
      return System.nanoTime() - sinceNanos < FIRST_TIME.toNanos();
    }

    synchronized void renew() {
      ServiceSchema old = schema;
      schema = old == null ? null : old.with(terms);
    }

    private synchronized void take(ServiceSchema answer) {
      schema = answer.with(terms);
    }

    Optional<ServiceSchema> known() {
      return Optional.ofNullable(schema);
    }

    void close() {
      closed = true;
      first.complete(null);
      list.close();
      scheduler.execute(() -> timer.close());
    }

    void onEndpoints(EndpointSet endpoints) {
      scheduler.execute(
          () -> {
            polling.onEndpoints(scheduler.clock().nanoTime(), endpoints);
            proceed();
          });
    }

    private void proceed() {
      timer.close();
      polling.deadline().ifPresent(this::arm);
    }

    private void arm(long deadlineNanos) {
      long delayNanos = deadlineNanos - scheduler.clock().nanoTime();
      if (sets.of(cluster).isPresent()) {
        // Nobody is asked; should the files go, this goes on at once.
        return;
      }
      if (delayNanos > 0) {
        timer = scheduler.schedule(Duration.ofNanos(delayNanos), this::proceed);
      } else if (underWay >= MAX_AT_ONCE) {
        if (!waiting.contains(this)) {
          waiting.add(this);
        }
      } else {
        ask();
      }
    }

    private void ask() {
      Optional<Endpoint> next =
          closed ? Optional.empty() : polling.next(scheduler.clock().nanoTime());
      if (next.isEmpty()) {
        return;
      }
      Endpoint endpoint = next.get();
      underWay++;
      isAsking = true;
      var unused =
          asker
              .ask(of, endpoint)
              .thenApply(answer -> answer.with(terms))
              .whenComplete(
                  (answer, failure) ->
                      scheduler.execute(() -> onAnswer(endpoint.address(), answer, failure)));
    }

    private void onAnswer(
        HostPort from, @Nullable ServiceSchema answer, @Nullable Throwable failure) {
      underWay--;
      if (answer != null) {
        heard = true;
        onSchema(from, answer);
      } else {
        onFailure(reason(failure));
      }
      tellTrouble(from);
      isAsking = false;
      first.complete(null);
      proceed();
      while (underWay < MAX_AT_ONCE && !waiting.isEmpty()) {
        waiting.remove().proceed();
      }
    }

    private void onFailure(ReflectionException cause) {
      polling.onFailure(scheduler.clock().nanoTime(), cause);
      if (!heard && cause.kind() != ReflectionException.ReflectionFailure.UNAVAILABLE && !closed) {
        heard = true;
        listener.run();
      }
    }

    private void onSchema(HostPort from, ServiceSchema answer) {
      Optional<HostPort> before = polling.source();
      ServiceSchema old = schema;
      if (!polling.onSchema(scheduler.clock().nanoTime(), from, answer) || closed) {
        return;
      }
      take(answer);
      if (old == null) {
        log.info(
            "event=schema_known cluster={} endpoint={} services={} hash={}",
            cluster,
            from,
            answer.services().size(),
            answer.shortHash());
      } else {
        log.info(
            "event=schema_changed cluster={} from_endpoint={} from_hash={} to_endpoint={}"
                + " to_hash={} services={}",
            cluster,
            before.map(HostPort::toString).orElse("none"),
            old.shortHash(),
            from,
            answer.shortHash(),
            answer.services().size());
      }
      SchemaRejectionLog.warn(cluster, answer);
      listener.run();
    }

    /** Logs once per transition from healthy to failing. */
    private void tellTrouble(HostPort from) {
      trouble = polling.trouble();
      if (!trouble.isEmpty() && !troubled) {
        log.warn(
            "event=schema_failed cluster={} endpoint={} kept={} cause=\"{}\"",
            cluster,
            from,
            schema == null ? "nothing" : "last_good",
            LogEscaper.escape(trouble));
      }
      troubled = !trouble.isEmpty();
    }
  }

  private static ReflectionException reason(@Nullable Throwable failure) {
    Throwable cause =
        failure instanceof CompletionException && failure.getCause() != null
            ? failure.getCause()
            : failure;
    if (cause instanceof ReflectionException known) {
      return known;
    }
    return new ReflectionException(
        ReflectionException.ReflectionFailure.UNAVAILABLE, "reflection: " + cause, cause);
  }
}
