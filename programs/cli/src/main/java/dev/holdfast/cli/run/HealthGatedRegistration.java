package dev.holdfast.cli.run;

import dev.holdfast.core.DurationText;
import dev.holdfast.core.Endpoint;
import dev.holdfast.core.RegistrationState;
import dev.holdfast.core.Registry;
import dev.holdfast.core.RegistryContext;
import dev.holdfast.core.RegistryException;
import dev.holdfast.core.ServiceTarget;
import dev.holdfast.core.registration.InstanceRegistration;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * The registration of one instance, from the first time its program is healthy until it leaves.
 *
 * <p>While the program is not healthy the record stays with {@code ready=false}: watchers can tell
 * an instance that is busy from one that is gone. Thread-safe.
 */
public final class HealthGatedRegistration {
  private final Registry registry;
  private final ServiceTarget target;
  private final Endpoint endpoint;
  private final RegistryContext context;
  private final InstanceEventLog instanceEventLog;
  private @Nullable InstanceRegistration registration;
  private boolean left;

  public HealthGatedRegistration(
      Registry registry,
      ServiceTarget target,
      Endpoint endpoint,
      RegistryContext context,
      InstanceEventLog instanceEventLog) {
    this.registry = registry;
    this.target = target;
    this.endpoint = endpoint;
    this.context = context;
    this.instanceEventLog = instanceEventLog;
  }

  /** Registers the instance when it is well for the first time; after that says how it is. */
  public synchronized void onHealth(ProgramHealth programHealth, String cause) {
    if (left) {
      return;
    }
    boolean ready = programHealth == ProgramHealth.SERVING;
    if (registration == null && !ready) {
      instanceEventLog.say("waiting", "not registered yet: " + cause);
      return;
    }
    if (registration == null) {
      instanceEventLog.say("registering", "registering " + label() + ": " + cause);
      registration = InstanceRegistration.start(registry, target.service(), endpoint, context);
      registration.onState(this::onState);
      return;
    }
    instanceEventLog.say(ready ? "ready" : "unready", (ready ? "ready: " : "not ready: ") + cause);
    registration.update(endpoint.withReady(ready));
  }

  /**
   * Marks the record as draining and deletes it. Bounded: a registry that does not answer is left
   * to let the record expire.
   *
   * @return whether the record was visible and is gone now, so that clients must be given time
   */
  public boolean leave(Duration limit) throws InterruptedException {
    InstanceRegistration leaving;
    synchronized (this) {
      left = true;
      leaving = registration;
    }
    if (leaving == null) {
      return false;
    }
    CompletableFuture<Void> gone = leaving.withdraw().toCompletableFuture();
    try {
      gone.get(limit.toMillis(), TimeUnit.MILLISECONDS);
      instanceEventLog.say("deregistered", "deregistered " + label());
    } catch (TimeoutException e) {
      leftBehind("no answer within " + DurationText.format(limit));
    } catch (ExecutionException e) {
      leftBehind(reason(e));
    }
    return true;
  }

  private void leftBehind(String cause) {
    instanceEventLog.say(
        "left_behind",
        "could not deregister "
            + label()
            + ": "
            + cause
            + "; its record expires by itself within "
            + DurationText.format(registry.recordTtl()));
  }

  private void onState(RegistrationState registrationState, @Nullable RegistryException cause) {
    switch (registrationState) {
      case VISIBLE ->
          instanceEventLog.say(
              "registered",
              "registered " + label() + " in " + registry.describe(),
              Map.of("service", target.toString(), "address", endpoint.address().toString()));
      case WAITING ->
          instanceEventLog.say(
              "not_visible", "not registered at the moment, trying again" + because(cause));
      case CONFLICT ->
          instanceEventLog.say(
              "conflict",
              "another process registered itself as "
                  + endpoint.address()
                  + "; waiting until it leaves"
                  + because(cause));
      case FAILED -> instanceEventLog.say("failed", "can't be registered" + because(cause));
      case ANNOUNCING, WITHDRAWING, ABSENT -> {
        // The caller reports it.
      }
    }
  }

  private String label() {
    return target.service().name() + " at " + endpoint.address();
  }

  private static String reason(ExecutionException e) {
    Throwable cause = e.getCause();
    return String.valueOf(cause == null ? e.getMessage() : cause.getMessage());
  }

  private static String because(@Nullable RegistryException cause) {
    return cause == null ? "" : ": " + cause.getMessage();
  }
}
