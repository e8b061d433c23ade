package dev.holdfast.gateway.schema;

import dev.holdfast.core.Backoff;
import dev.holdfast.core.Endpoint;
import dev.holdfast.core.EndpointSet;
import dev.holdfast.core.HostPort;
import dev.holdfast.core.annotation.Limit;
import dev.holdfast.core.annotation.PureCore;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * The polling policy of one cluster's schema: when to ask, and which endpoint. The endpoint that
 * joined last is asked first, because a rolling update has its newest schema there. Polls happen on
 * the first list, when an endpoint joins, and every minute with jitter. After a failure the next
 * endpoint is asked, and after several the policy backs off. Without reflection the period doubles,
 * since only another process could add it. The last valid schema is kept until another one arrives.
 *
 * <p>One request at a time: each endpoint from {@link #next} must be followed by {@link #onSchema}
 * or {@link #onFailure}. Not thread-safe.
 */
@PureCore
final class SchemaPolling {
  @Limit(
      of = "time between two reads of a cluster's schema, with jitter of a tenth",
      then = "it is asked for")
  static final Duration PERIOD = Duration.ofSeconds(60);

  @Limit(
      of = "time between two such reads where there is no reflection, doubled each time",
      then = "a reflection that was added at the same address is found")
  static final Duration LONGEST_PERIOD = Duration.ofMinutes(10);

  @Limit(
      of = "endpoints that are asked for a schema in a row",
      then = "they are asked again after a pause")
  static final int MAX_ASKED = 3;

  private static final Backoff.BackoffOptions PAUSES =
      new Backoff.BackoffOptions(Duration.ofSeconds(2), PERIOD);
  private static final int JITTER_PARTS = 10;

  private final RandomGenerator random;
  private final Backoff backoff;
  private final List<Endpoint> newestFirst = new ArrayList<>();
  private final Deque<Endpoint> candidates = new ArrayDeque<>();
  private boolean asking;
  private boolean again;
  private long dueNanos;
  private Duration period = PERIOD;
  private @Nullable ServiceSchema schema;
  private @Nullable HostPort source;
  private String trouble = "";

  /**
   * The policy of a new cluster.
   *
   * @param before the schema of a previous cluster of the same name; null for none
   */
  SchemaPolling(@Nullable ServiceSchema before, RandomGenerator random) {
    this.schema = before;
    this.random = random;
    this.backoff = new Backoff(PAUSES, random);
  }

  /** The last valid schema; empty while there is none. */
  Optional<ServiceSchema> schema() {
    return Optional.ofNullable(schema);
  }

  /** The server that sent the schema; empty while the schema is from a previous cluster. */
  Optional<HostPort> source() {
    return Optional.ofNullable(source);
  }

  /** The reason why the last request failed; "" if it succeeded. */
  String trouble() {
    return trouble;
  }

  /** Handles another endpoint list. New endpoints trigger a request. */
  void onEndpoints(long nowNanos, EndpointSet endpoints) {
    List<Endpoint> present =
        endpoints.eligible().isEmpty() ? endpoints.endpoints() : endpoints.eligible();
    Set<HostPort> addresses = new HashSet<>();
    present.forEach(endpoint -> addresses.add(endpoint.address()));
    newestFirst.removeIf(known -> !addresses.contains(known.address()));
    newestFirst.forEach(known -> addresses.remove(known.address()));
    List<Endpoint> fresh =
        present.stream().filter(endpoint -> addresses.contains(endpoint.address())).toList();
    newestFirst.addAll(0, fresh);
    if (!fresh.isEmpty()) {
      period = PERIOD;
      begin(nowNanos);
    }
  }

  /** The endpoint to ask now; empty when no request is due or one is pending. */
  Optional<Endpoint> next(long nowNanos) {
    if (asking || newestFirst.isEmpty() || nowNanos - dueNanos < 0) {
      return Optional.empty();
    }
    if (candidates.isEmpty()) {
      newestFirst.stream().limit(MAX_ASKED).forEach(candidates::add);
    }
    asking = true;
    return Optional.of(candidates.remove());
  }

  /**
   * The time of the next request, in nanoseconds of the clock; empty while a request is pending or
   * there is no endpoint.
   */
  Optional<Long> deadline() {
    return asking || newestFirst.isEmpty() ? Optional.empty() : Optional.of(dueNanos);
  }

  /**
   * Handles the schema from the endpoint that {@link #next} gave.
   *
   * @return whether the schema changed
   */
  boolean onSchema(long nowNanos, HostPort from, ServiceSchema answer) {
    ServiceSchema before = schema;
    if (!answer.isWhole() && before != null && before.isWhole()) {
      fail(nowNanos, answer.trouble(), false);
      return false;
    }
    asking = false;
    trouble = answer.trouble();
    schema = answer;
    source = from;
    candidates.clear();
    backoff.reset();
    period = PERIOD;
    later(nowNanos);
    return before == null || !before.isSameAs(answer);
  }

  /** Handles the failure of the endpoint that {@link #next} gave. */
  void onFailure(long nowNanos, ReflectionException cause) {
    fail(
        nowNanos,
        String.valueOf(cause.getMessage()),
        cause.kind() == ReflectionException.ReflectionFailure.UNSUPPORTED);
  }

  private void fail(long nowNanos, String why, boolean lasting) {
    asking = false;
    trouble = why;
    if (again) {
      begin(nowNanos);
    } else if (candidates.isEmpty()) {
      if (lasting) {
        later(nowNanos);
        Duration doubled = period.multipliedBy(2);
        period = doubled.compareTo(LONGEST_PERIOD) < 0 ? doubled : LONGEST_PERIOD;
      } else {
        period = PERIOD;
        dueNanos = nowNanos + backoff.next().toNanos();
      }
    }
  }

  /** Restarts with the newest endpoint, at once or after the pending request. */
  private void begin(long nowNanos) {
    again = asking;
    candidates.clear();
    dueNanos = nowNanos;
  }

  private void later(long nowNanos) {
    if (again) {
      begin(nowNanos);
      return;
    }
    long tenth = period.toNanos() / JITTER_PARTS;
    dueNanos = nowNanos + period.toNanos() - tenth + random.nextLong(2 * tenth + 1);
  }
}
