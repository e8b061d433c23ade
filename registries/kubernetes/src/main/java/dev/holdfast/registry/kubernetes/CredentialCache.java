package dev.holdfast.registry.kubernetes;

import dev.holdfast.core.LogEscaper;
import dev.holdfast.core.Scheduler;
import dev.holdfast.core.Subscription;
import dev.holdfast.core.annotation.Limit;
import dev.holdfast.registry.kubernetes.internal.credentials.ApiCredentials;
import dev.holdfast.registry.kubernetes.internal.credentials.BlockingReadExecutor;
import dev.holdfast.registry.kubernetes.internal.credentials.CredentialSource;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The cache of the credentials in use, which are read again before they expire: tokens and
 * certificates rotate.
 *
 * <p>Credentials are refreshed when a request is sent, at most every {@link #CHECK_INTERVAL}.
 * Requests go on with the current credentials meanwhile, and after a failed refresh. Only when the
 * credentials have expired or were refused do requests wait for the next refresh. Confined to the
 * scheduler.
 */
final class CredentialCache {
  private static final Logger log = LoggerFactory.getLogger(CredentialCache.class);

  @Limit(
      of = "least time between two checks of tokens and certificates",
      then = "what was read before stays in use, unless it is refused")
  static final Duration CHECK_INTERVAL = Duration.ofSeconds(10);

  private record Waiter(Consumer<ApiCredentials> onAccess, Consumer<ApiFailure> onFailure) {}

  private final CredentialSource source;
  private final Scheduler scheduler;
  private final KubernetesMeters meters;
  private final List<Waiter> waiters = new ArrayList<>();
  private @Nullable ApiCredentials current;
  private @Nullable Long lookedAtNanos;
  private @Nullable String reported;
  private boolean refused;
  private long look;
  private boolean looking;

  CredentialCache(CredentialSource source, Scheduler scheduler, KubernetesMeters meters) {
    this.source = source;
    this.scheduler = scheduler;
    this.meters = meters;
  }

  /** Calls exactly one of the two consumers, at once or after a refresh. */
  void get(Consumer<ApiCredentials> onAccess, Consumer<ApiFailure> onFailure) {
    ApiCredentials known = current;
    if (known != null && isUsable(known)) {
      if (!looking && isCheckDue()) {
        look(false);
      }
      onAccess.accept(known);
      return;
    }
    waiters.add(new Waiter(onAccess, onFailure));
    if (!looking) {
      look(refused);
    }
  }

  /**
   * Marks credentials as refused by the server; the next request waits for a refresh. No effect if
   * they were replaced already.
   */
  void invalidate(ApiCredentials used) {
    if (used.equals(current)) {
      refused = true;
    }
  }

  private boolean isUsable(ApiCredentials apiCredentials) {
    return !refused && !apiCredentials.isExpired(scheduler.clock().wallTime());
  }

  private boolean isCheckDue() {
    Long last = lookedAtNanos;
    return last == null || scheduler.clock().nanoTime() - last >= CHECK_INTERVAL.toNanos();
  }

  private void look(boolean forced) {
    looking = true;
    lookedAtNanos = scheduler.clock().nanoTime();
    long number = ++look;
    Subscription timer =
        scheduler.schedule(
            source.readTimeout(),
            () -> failed(number, forced, "no answer in time (expected: a mount that answers)"));
    var unused =
        BlockingReadExecutor.read(() -> source.read(scheduler.clock().wallTime(), forced))
            .whenComplete(
                (apiCredentials, failure) ->
                    hop(
                        () -> {
                          timer.close();
                          if (failure == null) {
                            looked(number, forced, apiCredentials);
                          } else {
                            failed(number, forced, String.valueOf(failure.getMessage()));
                          }
                        }));
  }

  private void looked(long number, boolean forced, ApiCredentials apiCredentials) {
    if (number != look || !looking) {
      return;
    }
    looking = false;
    reported = null;
    meters.credentialsRead(apiCredentials.equals(current) ? "same" : "renewed");
    if (refused && !forced) {
      // It was refused during this check, which may have seen it before it was renewed.
      current = apiCredentials;
      look(true);
      return;
    }
    if (current != null && !apiCredentials.equals(current)) {
      log.info("event=kubernetes_credentials_renewed server={}", apiCredentials.server());
    }
    current = apiCredentials;
    refused = false;
    List<Waiter> heard = takeWaiters();
    heard.forEach(waiter -> waiter.onAccess().accept(apiCredentials));
  }

  private void failed(long number, boolean forced, String reason) {
    if (number != look || !looking) {
      return;
    }
    looking = false;
    meters.credentialsRead("failed");
    if (!Objects.equals(reason, reported)) {
      reported = reason;
      log.warn("event=kubernetes_credentials_failed reason=\"{}\"", LogEscaper.escape(reason));
    }
    ApiCredentials known = current;
    // What was refused is asked for once more when a check fails: the server may have been wrong.
    refused = refused && !forced;
    List<Waiter> heard = takeWaiters();
    if (known != null && isUsable(known) && !forced) {
      heard.forEach(waiter -> waiter.onAccess().accept(known));
    } else {
      ApiFailure failure = ApiFailure.of(ApiError.NO_CREDENTIALS, reason);
      heard.forEach(waiter -> waiter.onFailure().accept(failure));
    }
  }

  private List<Waiter> takeWaiters() {
    List<Waiter> taken = List.copyOf(waiters);
    waiters.clear();
    return taken;
  }

  private void hop(Runnable task) {
    try {
      scheduler.execute(task);
    } catch (RejectedExecutionException e) {
      log.debug("event=kubernetes_credentials_dropped reason=scheduler_closed", e);
    }
  }
}
