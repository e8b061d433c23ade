package dev.holdfast.core;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/**
 * Keeps one instance visible in a registry for as long as it is wanted.
 *
 * <p>The shell around {@link Registration}: it runs the machine on the {@link Scheduler} of its
 * context and carries out what it decides. Thread-safe; listeners run on the scheduler.
 */
public final class InstanceRegistration implements AutoCloseable {

  /** Hears of changes of state. */
  public interface Listener {
    /**
     * The present state, on subscribing, or a change of it.
     *
     * @param state what holds from now on
     * @param cause why, when a failure led here
     */
    void onState(Registration.State state, @Nullable RegistryException cause);
  }

  private final Registry registry;
  private final ServiceName service;
  private final RegistryContext context;
  private final List<Listener> listeners = new CopyOnWriteArrayList<>();
  private final CompletableFuture<Void> published = new CompletableFuture<>();
  private final CompletableFuture<Void> withdrawn = new CompletableFuture<>();
  private volatile Registration.State state = Registration.State.ANNOUNCING;
  private Registry.@Nullable Announcement announcement;
  private Endpoint endpoint;

  private InstanceRegistration(
      Registry registry, ServiceName service, Endpoint endpoint, RegistryContext context) {
    this.registry = registry;
    this.service = service;
    this.endpoint = endpoint;
    this.context = context;
  }

  /**
   * Announces an instance and keeps it announced until {@link #withdraw()} or {@link #close()}.
   *
   * @param endpoint what to say; without an instance id it is given a random one
   */
  public static InstanceRegistration start(
      Registry registry, ServiceName service, Endpoint endpoint, RegistryContext context) {
    InstanceRegistration started = new InstanceRegistration(registry, service, endpoint, context);
    context.scheduler().execute(started::announce);
    return started;
  }

  /** Changes what the record says. The address must stay the same. */
  public void update(Endpoint value) {
    context
        .scheduler()
        .execute(
            () -> {
              endpoint = value;
              if (announcement != null) {
                announcement.update(value);
              }
            });
  }

  /** Completes when the record is visible for the first time; fails when it never can be. */
  public CompletionStage<Void> published() {
    return published.minimalCompletionStage();
  }

  /**
   * Deletes the record: marks it as draining, then removes it, in bounded time even when the
   * registry is away. Calling it again returns the same.
   *
   * @return completes when the record is gone, fails when it must be left to expire
   */
  public CompletionStage<Void> withdraw() {
    context.scheduler().execute(this::doWithdraw);
    return withdrawn.minimalCompletionStage();
  }

  public Registration.State state() {
    return state;
  }

  /** Hears the present state at once (on the scheduler) and every change after it. */
  public Subscription onState(Listener listener) {
    context
        .scheduler()
        .execute(
            () -> {
              listeners.add(listener);
              listener.onState(state, null);
            });
    return () -> listeners.remove(listener);
  }

  /** As {@link #withdraw()}, without waiting for the end. */
  @Override
  public void close() {
    var unused = withdraw();
  }

  private void announce() {
    if (state == Registration.State.ABSENT || state == Registration.State.WITHDRAWING) {
      return;
    }
    move(Registration.State.ANNOUNCING, null);
    announcement =
        registry.announce(
            service,
            endpoint,
            new Registry.AnnouncementListener() {
              @Override
              public void onPublished() {
                move(Registration.State.VISIBLE, null);
                published.complete(null);
              }

              @Override
              public void onEnded(RegistryException cause) {
                announcement = null;
                move(Registration.State.WAITING, cause);
                var unused =
                    context
                        .scheduler()
                        .schedule(Duration.ofSeconds(1), InstanceRegistration.this::announce);
              }
            });
  }

  private void doWithdraw() {
    if (state == Registration.State.ABSENT || state == Registration.State.WITHDRAWING) {
      return;
    }
    if (announcement == null) {
      move(Registration.State.ABSENT, null);
      withdrawn.complete(null);
      return;
    }
    move(Registration.State.WITHDRAWING, null);
    announcement
        .withdraw()
        .whenComplete(
            (ok, failure) -> {
              move(Registration.State.ABSENT, null);
              if (failure == null) {
                withdrawn.complete(null);
              } else {
                withdrawn.completeExceptionally(failure);
              }
            });
  }

  private void move(Registration.State next, @Nullable RegistryException cause) {
    state = next;
    listeners.forEach(l -> l.onState(next, cause));
  }
}
