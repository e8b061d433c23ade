package dev.holdfast.core.registration;

import dev.holdfast.core.Backoff;
import dev.holdfast.core.Endpoint;
import dev.holdfast.core.RegistrationState;
import dev.holdfast.core.Registry;
import dev.holdfast.core.RegistryContext;
import dev.holdfast.core.RegistryException;
import dev.holdfast.core.RegistryException.RegistryErrorKind;
import dev.holdfast.core.RegistrySnapshot;
import dev.holdfast.core.Scheduler;
import dev.holdfast.core.ServiceName;
import dev.holdfast.core.Subscription;
import dev.holdfast.core.internal.DeadlineTimer;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The registration of one instance, which keeps it visible in a registry for as long as it is
 * wanted.
 *
 * <p>The shell around {@link RegistrationStateMachine}: it runs the machine on the {@link
 * Scheduler} of its context and carries out what it decides. Thread-safe; listeners run on the
 * scheduler.
 */
public final class InstanceRegistration implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(InstanceRegistration.class);

  /** A listener for changes of the state. */
  public interface RegistrationListener {
    /**
     * The present state, on subscribing, or a change of it.
     *
     * @param registrationState what holds from now on
     * @param cause why, when a failure led here
     */
    void onState(RegistrationState registrationState, @Nullable RegistryException cause);
  }

  private final Registry registry;
  private final ServiceName service;
  private final Scheduler scheduler;
  private final RegistrationStateMachine machine;
  private final RegistrationMeters meters;
  private final RegistrationLog journal;
  private final String address;
  private final String instance;
  private final List<RegistrationListener> registrationListeners = new CopyOnWriteArrayList<>();
  private final CompletableFuture<Void> published = new CompletableFuture<>();
  private final CompletableFuture<Void> withdrawn = new CompletableFuture<>();
  private volatile RegistrationState state = RegistrationState.ANNOUNCING;
  private @Nullable RegistryException cause;
  private boolean everVisible;

  /** The announcement of the latest attempt; dies with it. */
  private Registry.@Nullable Announcement announcement;

  private final DeadlineTimer timer;

  InstanceRegistration(
      Registry registry,
      ServiceName service,
      Endpoint endpoint,
      RegistryContext context,
      RegistrationStateMachine machine) {
    this.registry = registry;
    this.service = service;
    this.scheduler = context.scheduler();
    this.machine = machine;
    this.timer = new DeadlineTimer(scheduler, () -> feed(() -> machine.onTimeout(nowNanos())));
    this.address = endpoint.address().toString();
    this.instance = endpoint.instance();
    this.meters = new RegistrationMeters(context.meters(), registry, service, address);
    this.journal = new RegistrationLog(registry, service, address);
  }

  /**
   * Announces an instance and keeps it announced until {@link #withdraw()} or {@link #close()}.
   *
   * @param endpoint what to say; without an instance id it is given a random one
   */
  public static InstanceRegistration start(
      Registry registry, ServiceName service, Endpoint endpoint, RegistryContext context) {
    RegistrationStateMachine.RegistrationOptions registrationOptions =
        RegistrationStateMachine.RegistrationOptions.forTimes(
            registry.recordTtl(), registry.requestTimeout());
    Backoff backoff = new Backoff(registrationOptions.retry(), context.random());
    return start(
        registry,
        service,
        endpoint,
        context,
        new RegistrationStateMachine(registrationOptions, backoff));
  }

  /** Starts a registration with a given state machine; tests pass broken ones. */
  public static InstanceRegistration start(
      Registry registry,
      ServiceName service,
      Endpoint endpoint,
      RegistryContext context,
      RegistrationStateMachine machine) {
    Endpoint named =
        endpoint.instance().isEmpty()
            ? endpoint.withInstance(UUID.randomUUID().toString())
            : endpoint;
    InstanceRegistration started =
        new InstanceRegistration(registry, service, named, context, machine);
    started.meters.open(started);
    started.onLoop(() -> started.feed(() -> machine.onStart(started.nowNanos(), named)));
    return started;
  }

  /**
   * Changes what the record says.
   *
   * @param value with the address that was started; without an instance id it keeps the one it has
   * @throws IllegalArgumentException when the address is another one
   */
  public void update(Endpoint value) {
    if (!value.address().toString().equals(address)) {
      throw new IllegalArgumentException(
          "address: " + value.address() + " (expected: " + address + ", as it was started)");
    }
    Endpoint named = value.instance().isEmpty() ? value.withInstance(instance) : value;
    onLoop(() -> feed(() -> machine.onUpdate(nowNanos(), named)));
  }

  /** Completes when the record is visible for the first time; fails when it never can be. */
  public CompletionStage<Void> published() {
    return published.minimalCompletionStage();
  }

  /**
   * Deletes the record: marks it as draining, then removes it, in bounded time even when the
   * registry is away. Calling it again returns the same.
   *
   * @return completes when the record is gone, fails with a {@link RegistryException} when it must
   *     be left to expire
   */
  public CompletionStage<Void> withdraw() {
    onLoop(() -> feed(() -> machine.onWithdraw(nowNanos())));
    return withdrawn.minimalCompletionStage();
  }

  /** The state of the record. Thread-safe. */
  public RegistrationState state() {
    return state;
  }

  /**
   * Subscribes to the state: the listener gets the current state at once (on the scheduler) and
   * every change after it.
   */
  public Subscription onState(RegistrationListener registrationListener) {
    onLoop(
        () -> {
          registrationListeners.add(registrationListener);
          tell(registrationListener);
        });
    return () -> registrationListeners.remove(registrationListener);
  }

  /** Starts the withdrawal, as {@link #withdraw()} does, without waiting for its end. */
  @Override
  public void close() {
    var unused = withdraw();
  }

  /** Gives the machine an input and carries out what it decides. */
  private void feed(Runnable input) {
    try {
      input.run();
      for (Optional<RegistrationStateMachine.RegistrationCommand> next = machine.poll();
          next.isPresent();
          next = machine.poll()) {
        carryOut(next.get());
      }
    } finally {
      // Whatever went wrong, without its timer the machine would stand still for ever.
      timer.arm(machine.nextDeadlineNanos());
      settle();
    }
  }

  private void carryOut(RegistrationStateMachine.RegistrationCommand registrationCommand) {
    if (registrationCommand
        instanceof RegistrationStateMachine.RegistrationCommand.Announce announce) {
      announce(announce);
    } else if (registrationCommand
        instanceof RegistrationStateMachine.RegistrationCommand.Update update) {
      passOn(update.endpoint());
    } else if (registrationCommand
        instanceof RegistrationStateMachine.RegistrationCommand.Withdraw withdraw) {
      withdraw(withdraw.attempt());
    } else if (registrationCommand
        instanceof RegistrationStateMachine.RegistrationCommand.CheckConflict checkConflict) {
      look(checkConflict.id());
    }
  }

  private void announce(RegistrationStateMachine.RegistrationCommand.Announce command) {
    long attempt = command.attempt();
    meters.attempted();
    try {
      announcement =
          registry.announce(
              service,
              command.endpoint(),
              new Registry.AnnouncementListener() {
                @Override
                public void onPublished() {
                  later(() -> machine.onPublished(nowNanos(), attempt));
                }

                @Override
                public void onEnded(RegistryException why) {
                  later(() -> ended(attempt, why));
                }
              });
    } catch (RegistryException e) {
      later(() -> ended(attempt, e));
    } catch (IllegalArgumentException e) {
      // The registry can't say this of an endpoint, today or tomorrow.
      String said = String.valueOf(e.getMessage());
      later(() -> ended(attempt, new RegistryException(RegistryErrorKind.UNSUPPORTED, said, e)));
    } catch (RuntimeException e) {
      RegistryException why = unexpected("announce", e);
      later(() -> ended(attempt, why));
    }
  }

  private void passOn(Endpoint value) {
    Registry.Announcement current = announcement;
    if (current == null) {
      return;
    }
    try {
      current.update(value);
    } catch (RuntimeException e) {
      // The machine says it again until it is confirmed.
      var unused = unexpected("update", e);
    }
  }

  private void ended(long attempt, RegistryException why) {
    meters.ended(why);
    machine.onEnded(nowNanos(), attempt, why);
  }

  private void withdraw(long attempt) {
    Registry.Announcement withdrawing = announcement;
    if (withdrawing == null) {
      later(() -> machine.onWithdrawn(attempt));
      return;
    }
    CompletionStage<Void> end;
    try {
      end = withdrawing.withdraw();
    } catch (RuntimeException e) {
      end = CompletableFuture.failedStage(unexpected("withdraw", e));
    }
    var unused =
        end.whenComplete(
            (done, failure) -> {
              if (failure == null) {
                later(() -> machine.onWithdrawn(attempt));
              } else {
                RegistryException why = asRegistryException(failure);
                later(() -> machine.onWithdrawFailed(nowNanos(), attempt, why));
              }
            });
  }

  private void look(long id) {
    CompletionStage<RegistrySnapshot> answer;
    try {
      answer = registry.read(service);
    } catch (RuntimeException e) {
      answer = CompletableFuture.failedStage(unexpected("read", e));
    }
    var unused =
        answer.whenComplete(
            (found, failure) -> {
              if (failure == null && found != null) {
                later(() -> machine.onConflictChecked(nowNanos(), id, found.endpoints()));
              } else {
                RegistryException why = asRegistryException(failure);
                later(() -> machine.onConflictCheckFailed(id, why));
              }
            });
  }

  /** A registry that throws what it never says it throws is as good as one that is away. */
  private RegistryException unexpected(String operation, RuntimeException thrown) {
    if (thrown instanceof RegistryException known) {
      return known;
    }
    log.warn(
        "event=registration_{}_failed registry={} service={} address={}",
        operation,
        registry.describe(),
        service,
        address,
        thrown);
    return new RegistryException(RegistryErrorKind.UNAVAILABLE, operation + ": " + thrown, thrown);
  }

  /** Tells the world what has become of the state. */
  private void settle() {
    RegistrationState before = state;
    state = machine.state();
    cause = machine.cause();
    if (state == before) {
      return;
    }
    journal.changed(before, state, cause);
    switch (state) {
      case VISIBLE -> {
        meters.visible(everVisible);
        everVisible = true;
        published.complete(null);
      }
      case FAILED -> published.completeExceptionally(orClosed(cause));
      case ABSENT -> {
        meters.close();
        published.completeExceptionally(orClosed(null));
        RegistryException left = machine.leftBehind();
        if (left == null) {
          withdrawn.complete(null);
        } else {
          withdrawn.completeExceptionally(left);
        }
      }
      case ANNOUNCING, WAITING, CONFLICT, WITHDRAWING -> {}
    }
    registrationListeners.forEach(this::tell);
  }

  private void tell(RegistrationListener registrationListener) {
    try {
      registrationListener.onState(state, cause);
    } catch (RuntimeException e) {
      // The registration goes on whatever a listener does.
      log.error("event=registration_listener_failed", e);
    }
  }

  /** Word from a registry may come within a call to it, so it is never handled right there. */
  private void later(Runnable input) {
    scheduler.execute(() -> feed(input));
  }

  private void onLoop(Runnable task) {
    if (scheduler.isCurrent()) {
      task.run();
    } else {
      scheduler.execute(task);
    }
  }

  private long nowNanos() {
    return scheduler.clock().nanoTime();
  }

  private static RegistryException asRegistryException(@Nullable Throwable failure) {
    // A stage that was derived from another one wraps what the first one failed with.
    Throwable cause = failure instanceof CompletionException ? failure.getCause() : failure;
    return cause instanceof RegistryException known
        ? known
        : new RegistryException(RegistryErrorKind.UNAVAILABLE, String.valueOf(cause), cause);
  }

  private static RegistryException orClosed(@Nullable RegistryException cause) {
    return cause != null
        ? cause
        : new RegistryException(RegistryErrorKind.CLOSED, "withdrawn before it was visible");
  }
}
