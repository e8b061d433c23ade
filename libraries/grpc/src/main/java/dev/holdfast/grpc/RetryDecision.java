package dev.holdfast.grpc;

import dev.holdfast.core.Backoff;
import io.grpc.CallOptions;
import io.grpc.Context;
import io.grpc.Deadline;
import io.grpc.Metadata;
import io.grpc.Status;
import java.nio.channels.ClosedChannelException;
import java.time.Duration;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The decision, for one call, whether an attempt whose connection died is retried.
 *
 * <p>Asked between two attempts, by one thread at a time.
 */
final class RetryDecision {
  static final Metadata.Key<String> PUSHBACK_MILLIS =
      Metadata.Key.of("grpc-retry-pushback-ms", Metadata.ASCII_STRING_MARSHALLER);

  // Thread-safe, unlike the generators that RandomGenerator offers.
  private static final Random JITTER = new Random();
  private static final Duration FORBIDDEN = Duration.ofMillis(-1);

  private final IdempotentRetry.RetryContext retryContext;
  private final CallOptions callOptions;
  private final Context context;
  private @Nullable Backoff backoff;

  RetryDecision(
      IdempotentRetry.RetryContext retryContext, CallOptions callOptions, Context context) {
    this.retryContext = retryContext;
    this.callOptions = callOptions;
    this.context = context;
  }

  /**
   * Whether this is how grpc-java says that a connection died: UNAVAILABLE, or UNKNOWN where a call
   * met a socket that Netty had closed before grpc-java was told why. A status that came over the
   * wire has no cause.
   */
  static boolean isConnectionFailure(Status status) {
    return status.getCode() == Status.Code.UNAVAILABLE
        || (status.getCode() == Status.Code.UNKNOWN
            && status.getCause() instanceof ClosedChannelException);
  }

  /**
   * The delay before the next attempt, or null when there must be none. Counts refused attempts,
   * and takes granted ones from the budget.
   *
   * @param trailers the trailers of the attempt
   * @param serverSpoke whether they came from a server
   * @param attempt the number of the attempt, from 1
   * @param hadConnection whether the attempt had been sent over a connection
   */
  @Nullable Duration delayOrNull(
      Metadata trailers, boolean serverSpoke, int attempt, boolean hadConnection) {
    String pushback = trailers.get(PUSHBACK_MILLIS);
    if (pushback == null && (serverSpoke || !trailers.keys().isEmpty())) {
      // It has seen the call and answered it (or a proxy did, whose headers these are).
      return null;
    }
    Duration delay = delay(pushback, attempt, hadConnection);
    String refusal = refusal(delay, attempt);
    if (!refusal.isEmpty()) {
      retryContext.countRefused(refusal);
      return null;
    }
    return delay;
  }

  private String refusal(Duration delay, int attempt) {
    if (delay.isNegative()) {
      return "pushback";
    }
    if (attempt >= retryContext.options().maxAttempts()) {
      return "attempts";
    }
    if (!isLater(callOptions.getDeadline(), delay) || !isLater(context.getDeadline(), delay)) {
      return "deadline";
    }
    return retryContext.budget().tryRetry() ? "" : "budget";
  }

  /** Zero for the first retry after a connection died: another one is there already. */
  private Duration delay(@Nullable String pushback, int attempt, boolean hadConnection) {
    if (pushback != null) {
      return pushback.matches("\\d{1,9}") ? Duration.ofMillis(Long.parseLong(pushback)) : FORBIDDEN;
    }
    if (attempt == 1 && hadConnection) {
      return Duration.ZERO;
    }
    if (backoff == null) {
      backoff = new Backoff(retryContext.options().backoff(), JITTER);
    }
    return backoff.next();
  }

  private static boolean isLater(@Nullable Deadline deadline, Duration delay) {
    return deadline == null || deadline.timeRemaining(TimeUnit.NANOSECONDS) > delay.toNanos();
  }
}
