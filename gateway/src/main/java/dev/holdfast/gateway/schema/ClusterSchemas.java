package dev.holdfast.gateway.schema;

import dev.holdfast.core.Endpoint;
import dev.holdfast.core.EndpointSet;
import dev.holdfast.core.HostPort;
import dev.holdfast.core.Limit;
import dev.holdfast.core.LogText;
import dev.holdfast.core.Scheduler;
import dev.holdfast.core.Subscription;
import dev.holdfast.gateway.cluster.Cluster;
import dev.holdfast.gateway.json.JsonTerms;
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
 * The schemas of clusters, learned from their servers and kept up to date. What is known stays when
 * a server can't be asked, and when a cluster is made anew under its name.
 *
 * <p>Thread-safe. Decides on its scheduler; what is asked for on event loops stands ready.
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
  private final SchemaAsker asker;
  private final RandomGenerator random;
  private final DescriptorSets sets;
  private final Map<Cluster, Watched> watched = new ConcurrentHashMap<>();
  private final Deque<Watched> waiting = new ArrayDeque<>();
  private volatile Runnable listener = () -> {};
  private volatile JsonTerms terms = JsonTerms.DEFAULT;
  private int underWay;

  /**
   * Schemas of no cluster yet.
   *
   * @param random spreads the questions
   */
  public ClusterSchemas(Scheduler scheduler, SchemaAsker asker, RandomGenerator random) {
    this(scheduler, asker, random, Metrics.globalRegistry);
  }

  /**
   * As above.
   *
   * @param meters of changes of descriptor sets
   */
  public ClusterSchemas(
      Scheduler scheduler, SchemaAsker asker, RandomGenerator random, MeterRegistry meters) {
    this.sets = new DescriptorSets(meters, () -> listener.run());
    this.scheduler = scheduler;
    this.asker = asker;
    this.random = random;
  }

  /** Runs after each change of what is known, on a thread that others wait for. */
  public void onChange(Runnable changed) {
    listener = changed;
  }

  /** What is known of a cluster's services; empty while nothing is. */
  public Optional<ServiceSchema> of(Cluster cluster) {
    Optional<ServiceSchema> ofFiles = sets.of(cluster.name());
    if (ofFiles.isPresent()) {
      return ofFiles;
    }
    Watched found = watched.get(cluster);
    return found == null ? Optional.empty() : Optional.ofNullable(found.schema);
  }

  /** Why nothing, or nothing newer, is known of a cluster; "" when that is not known either. */
  public String trouble(Cluster cluster) {
    Watched found = watched.get(cluster);
    return found == null ? "" : found.trouble;
  }

  /** What a cluster's schema has and is not served, each with the reason. */
  public List<String> rejected(Cluster cluster) {
    return of(cluster).map(ServiceSchema::rejected).orElse(List.of());
  }

  /**
   * Completes when the first question to a cluster's servers has ended, as {@link
   * dev.holdfast.gateway.json.Schemas#awaited}.
   */
  public @Nullable CompletionStage<?> awaited(Cluster cluster) {
    Watched found = watched.get(cluster);
    return found == null ? null : found.awaited();
  }

  /** Whether none of its servers has said yet what it offers, or that it won't say. */
  public boolean isUnheard(Cluster cluster) {
    Watched found = watched.get(cluster);
    return found != null && !found.heard && of(cluster).isEmpty();
  }

  /** Other files and terms, which were read and don't count yet. */
  public record Change(Runnable use, Runnable undo) {
    /** Nothing changes. */
    public static final Change NONE = new Change(() -> {}, () -> {});
  }

  /**
   * Reads descriptor sets that are new. What they say, and what JSON looks like, counts from {@link
   * Change#use} on.
   *
   * @param files by the name of the cluster whose servers are not asked then
   * @throws IllegalArgumentException when files make no schema
   */
  public Change prepared(Map<String, List<Path>> files, JsonTerms next) {
    Map<String, FollowedSet> before = sets.current();
    JsonTerms termsBefore = terms;
    Map<String, FollowedSet> prepared = sets.prepared(files, next);
    return new Change(() -> use(prepared, next), () -> use(before, termsBefore));
  }

  private void use(Map<String, FollowedSet> prepared, JsonTerms next) {
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

  /** The clusters whose schemas are wanted from now on, and no others. */
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

  /** Asks nobody any more. */
  @Override
  public void close() {
    retain(List.of());
    sets.close();
  }

  /** One cluster; all but its volatile fields is touched on the scheduler only. */
  private final class Watched {
    private final Cluster of;
    private final String cluster;
    private final SchemaPolling polling;

    /** Written on the scheduler, and by {@link #renew}, under the lock of this. */
    private volatile @Nullable ServiceSchema schema;

    private volatile String trouble = "";

    /** Whether a server gave any answer. */
    private volatile boolean heard;

    /** Completed when the first question has ended, in whatever way. */
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

    /** While a server is asked, or the list of servers has just been asked for. */
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
      if (!heard && cause.kind() != ReflectionException.Kind.UNAVAILABLE && !closed) {
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
      RejectedParts.warn(cluster, answer);
      listener.run();
    }

    /** Once per change from well to troubled. */
    private void tellTrouble(HostPort from) {
      trouble = polling.trouble();
      if (!trouble.isEmpty() && !troubled) {
        log.warn(
            "event=schema_failed cluster={} endpoint={} kept={} cause=\"{}\"",
            cluster,
            from,
            schema == null ? "nothing" : "last_good",
            LogText.of(trouble));
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
        ReflectionException.Kind.UNAVAILABLE, "reflection: " + cause, cause);
  }
}
