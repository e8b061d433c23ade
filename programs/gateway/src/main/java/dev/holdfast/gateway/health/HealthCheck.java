package dev.holdfast.gateway.health;

import dev.holdfast.core.annotation.Limit;
import dev.holdfast.core.annotation.PureCore;
import dev.holdfast.gateway.cluster.EndpointHealthStatus;
import dev.holdfast.gateway.cluster.HealthCheckResult;
import dev.holdfast.transcoding.status.GrpcStatusCode;
import java.time.Duration;
import java.util.random.RandomGenerator;

/**
 * The state machine of one endpoint's health check: when it is called, and the health that follows
 * from its answers (gRFC A17).
 *
 * <pre>
 * RESTING --its time is over--> ASKING --first word of a Watch--> WATCHING
 * ASKING --answer of a Check, no answer in time, an end--> RESTING
 * ASKING --Watch is UNIMPLEMENTED--> ASKING, by Check
 * WATCHING --the stream ends, or brings too much--> RESTING
 * </pre>
 *
 * <p>At most one call is open: from {@link HealthCheckStep#WATCH} or {@link HealthCheckStep#CHECK}
 * until {@link #onEnd}, the answer of a Check, or {@link HealthCheckStep#CANCEL}. Not thread-safe.
 */
@PureCore
class HealthCheck {
  @Limit(
      of = "words on its health that a server pushes within one interval",
      then = "it is given up as a failure, and asked again after the interval")
  static final int MOST_WORDS = 20;

  @Limit(
      of = "time until a server without a health service is asked again",
      then = "it is asked, and regarded as healthy meanwhile")
  static final Duration UNSUPPORTED_PAUSE = Duration.ofMinutes(5);

  @Limit(
      of = "pause after a Watch that had brought a word and ended",
      then = "it is begun again; sooner where the interval is shorter")
  static final Duration RESUME_PAUSE = Duration.ofSeconds(1);

  /** The effect that a transition asks for. */
  enum HealthCheckStep {
    /** Wait for the next deadline. */
    NONE,
    /** Begin a call of Watch. */
    WATCH,
    /** Begin a call of Check. */
    CHECK,
    /** Cancel the call that is open. */
    CANCEL
  }

  /** The state of the check. */
  enum HealthCheckState {
    /** No call is open until the deadline. */
    RESTING,
    /** A call is open and has brought no answer; it fails at the deadline. */
    ASKING,
    /** A Watch has answered and stays open. */
    WATCHING
  }

  private static final int JITTER_PARTS = 10;

  private final HealthCheckOptions options;
  private final RandomGenerator random;
  private HealthCheckState state = HealthCheckState.RESTING;
  private HealthMethod method;
  private long deadlineNanos;
  private boolean timed = true;
  private int failures;
  private int successes;
  private ServingStatus last = ServingStatus.UNKNOWN;
  private int words;
  private long wordsSinceNanos;
  private EndpointHealthStatus endpointHealthStatus;
  private String why;

  /**
   * Creates a check that is due at once.
   *
   * @param before the health of the endpoint that an earlier check found
   */
  HealthCheck(
      HealthCheckOptions options, HealthCheckResult before, long nowNanos, RandomGenerator random) {
    this.options = options;
    this.random = random;
    this.method = options.method();
    this.endpointHealthStatus =
        before.health() == EndpointHealthStatus.UNCHECKED
            ? EndpointHealthStatus.PENDING
            : before.health();
    this.why = before.why();
    this.deadlineNanos = nowNanos;
  }

  HealthCheckState state() {
    return state;
  }

  /** The health that the answers so far amount to. */
  EndpointHealthStatus endpointHealthStatus() {
    return endpointHealthStatus;
  }

  /** The reason of the health; "" for none. */
  String why() {
    return why;
  }

  /** Whether {@link #onTimeout} would begin a call now. */
  boolean isDue(long nowNanos) {
    return state == HealthCheckState.RESTING && nowNanos - deadlineNanos >= 0;
  }

  /**
   * The time until {@link #onTimeout} must be called, in nanoseconds; {@link Long#MAX_VALUE} for
   * never.
   */
  long nanosToDeadline(long nowNanos) {
    return timed ? Math.max(0, deadlineNanos - nowNanos) : Long.MAX_VALUE;
  }

  /**
   * Begins or cancels a call if the deadline has passed. In a Watch, repeats the last answer, so
   * that a quiet interval counts like another one.
   */
  HealthCheckStep onTimeout(long nowNanos) {
    if (!timed || nowNanos - deadlineNanos < 0) {
      return HealthCheckStep.NONE;
    }
    return switch (state) {
      case RESTING -> ask(nowNanos);
      case ASKING -> {
        fail("no answer within " + options.timeout().toMillis() + "ms", nowNanos);
        yield HealthCheckStep.CANCEL;
      }
      case WATCHING -> {
        // Nothing else was said for an interval: as good as one more answer.
        take(last, nowNanos);
        yield HealthCheckStep.NONE;
      }
    };
  }

  /** Handles an answer of the server. */
  HealthCheckStep onStatus(ServingStatus said, long nowNanos) {
    if (state == HealthCheckState.RESTING) {
      return HealthCheckStep.NONE;
    }
    if (state == HealthCheckState.WATCHING && isTooMuch(nowNanos)) {
      fail("more than " + MOST_WORDS + " answers within " + options.interval(), nowNanos);
      return HealthCheckStep.CANCEL;
    }
    if (method == HealthMethod.CHECK) {
      rest(jittered(options.interval()), nowNanos);
    } else if (state == HealthCheckState.ASKING) {
      state = HealthCheckState.WATCHING;
      words = 1;
      wordsSinceNanos = nowNanos;
    }
    take(said, nowNanos);
    return HealthCheckStep.NONE;
  }

  /** Handles the end of the call; ignored after the answer of a Check. */
  HealthCheckStep onEnd(GrpcStatusCode status, String message, long nowNanos) {
    if (state == HealthCheckState.WATCHING) {
      Duration pause =
          options.interval().compareTo(RESUME_PAUSE) < 0 ? options.interval() : RESUME_PAUSE;
      method = options.method();
      rest(jittered(pause), nowNanos);
    } else if (state == HealthCheckState.ASKING) {
      return onNoWord(status, message, nowNanos);
    }
    return HealthCheckStep.NONE;
  }

  /** Handles an answer that cannot be decoded: a failure. */
  HealthCheckStep onMalformedResponse(String what, long nowNanos) {
    if (state == HealthCheckState.RESTING) {
      return HealthCheckStep.NONE;
    }
    fail(what, nowNanos);
    return HealthCheckStep.CANCEL;
  }

  private HealthCheckStep onNoWord(GrpcStatusCode status, String message, long nowNanos) {
    if (status == GrpcStatusCode.UNIMPLEMENTED) {
      if (method == HealthMethod.WATCH) {
        method = HealthMethod.CHECK;
        return ask(nowNanos);
      }
      method = options.method();
      failures = 0;
      become(EndpointHealthStatus.SERVING, "no health service");
      rest(jittered(UNSUPPORTED_PAUSE), nowNanos);
    } else if (status == GrpcStatusCode.NOT_FOUND) {
      rest(jittered(options.interval()), nowNanos);
      take(ServingStatus.SERVICE_UNKNOWN, nowNanos);
    } else {
      fail(status == GrpcStatusCode.OK ? "no answer" : status + ": " + message, nowNanos);
    }
    return HealthCheckStep.NONE;
  }

  private HealthCheckStep ask(long nowNanos) {
    state = HealthCheckState.ASKING;
    until(options.timeout().toNanos(), nowNanos);
    return method == HealthMethod.WATCH ? HealthCheckStep.WATCH : HealthCheckStep.CHECK;
  }

  private void rest(long nanos, long nowNanos) {
    state = HealthCheckState.RESTING;
    until(nanos, nowNanos);
  }

  private void until(long nanos, long nowNanos) {
    timed = true;
    deadlineNanos = nowNanos + nanos;
  }

  private boolean isTooMuch(long nowNanos) {
    if (nowNanos - wordsSinceNanos >= options.interval().toNanos()) {
      words = 0;
      wordsSinceNanos = nowNanos;
    }
    words++;
    return words > MOST_WORDS;
  }

  private void fail(String how, long nowNanos) {
    failures++;
    successes = 0;
    method = options.method();
    rest(jittered(options.interval()), nowNanos);
    if (failures >= options.thresholds().unhealthy()) {
      become(EndpointHealthStatus.FAILING, how);
    }
  }

  private void take(ServingStatus said, long nowNanos) {
    failures = 0;
    last = said;
    boolean wait = false;
    if (said != ServingStatus.SERVING) {
      successes = 0;
      become(EndpointHealthStatus.NOT_SERVING, said.name());
    } else if (endpointHealthStatus == EndpointHealthStatus.SERVING
        || endpointHealthStatus == EndpointHealthStatus.PENDING) {
      become(EndpointHealthStatus.SERVING, "");
    } else {
      successes++;
      wait = successes < options.thresholds().healthy();
      if (!wait) {
        successes = 0;
        become(EndpointHealthStatus.SERVING, "");
      }
    }
    if (state == HealthCheckState.WATCHING) {
      timed = wait;
      deadlineNanos = nowNanos + options.interval().toNanos();
    }
  }

  private void become(EndpointHealthStatus found, String reason) {
    endpointHealthStatus = found;
    why = reason;
  }

  private long jittered(Duration pause) {
    long tenth = pause.toNanos() / JITTER_PARTS;
    return pause.toNanos() - tenth + random.nextLong(2 * tenth + 1);
  }
}
