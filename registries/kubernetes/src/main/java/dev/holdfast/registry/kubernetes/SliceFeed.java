package dev.holdfast.registry.kubernetes;

import dev.holdfast.core.Limit;
import dev.holdfast.core.LogText;
import dev.holdfast.core.RegistryException;
import dev.holdfast.core.Scheduler;
import dev.holdfast.core.Subscription;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The list and watch of one scope's slices: the shell that executes the commands of a {@link
 * Reflector}. Confined to the scheduler.
 */
final class SliceFeed {
  private static final Logger log = LoggerFactory.getLogger(SliceFeed.class);

  @Limit(of = "slices that are asked for in one page of a list", then = "the list has more pages")
  static final int PAGE_SLICES = 200;

  /** The listener for the slices of a scope. */
  interface Listener {
    /** All slices of the scope, by service; after the first list and whenever one was read. */
    void onAll(Map<String, List<Slice>> slices);

    /** The slices of services that have changed; none when a service has no slice any more. */
    void onChanged(Map<String, List<Slice>> slices);

    /** The slices reported last are confirmed as still current. */
    void onConfirmed();

    /** The slices can't be followed now; {@link #onAll} will follow. */
    void onFailure(RegistryException cause);
  }

  /** The collaborators that all feeds of a registry share. */
  record Surroundings(
      ApiTransport api,
      Scheduler scheduler,
      RandomGenerator random,
      KubernetesMeters meters,
      ReflectorOptions options) {}

  /** The state machine and its store; tests pass deliberately broken ones. */
  record Machine(SliceStore store, Reflector reflector) {}

  private final Scope scope;
  private final Surroundings around;
  private final Listener listener;
  private final SliceStore store;
  private final Reflector reflector;
  private @Nullable Subscription request;
  private @Nullable Subscription timer;
  private @Nullable Subscription gauge;
  private volatile int stateCode = ReflectorState.PAUSING.code();
  private boolean running;
  private boolean failing;

  SliceFeed(Scope scope, Surroundings around, Listener listener, Machine machine) {
    this.scope = scope;
    this.around = around;
    this.listener = listener;
    this.store = machine.store();
    this.reflector = machine.reflector();
  }

  static SliceFeed of(Scope scope, Surroundings around, Listener listener) {
    SliceStore store = new SliceStore();
    Reflector reflector = new Reflector(around.options(), store, around.random());
    return new SliceFeed(scope, around, listener, new Machine(store, reflector));
  }

  void start() {
    gauge = around.meters().showState(scope, () -> stateCode);
    reflector.onStart(now());
    settle();
  }

  void close() {
    reflector.onClose();
    settle();
    if (gauge != null) {
      gauge.close();
    }
  }

  Scope scope() {
    return scope;
  }

  private long now() {
    return around.scheduler().clock().nanoTime();
  }

  /** Does what was decided, then waits for the next deadline. Listeners may close this feed. */
  private void settle() {
    if (running) {
      return;
    }
    running = true;
    try {
      ReflectorCommand command = reflector.poll();
      while (command != null) {
        obey(command);
        command = reflector.poll();
      }
    } finally {
      running = false;
    }
    stateCode = reflector.state().code();
    if (timer != null) {
      timer.close();
    }
    OptionalLong deadline = reflector.nextDeadlineNanos();
    timer =
        deadline.isEmpty()
            ? null
            : around
                .scheduler()
                .schedule(
                    Duration.ofNanos(deadline.getAsLong() - now()),
                    () -> {
                      reflector.onTimeout(now());
                      settle();
                    });
  }

  private void obey(ReflectorCommand command) {
    if (command instanceof ReflectorCommand.List list) {
      list(list);
    } else if (command instanceof ReflectorCommand.Watch watch) {
      watch(watch);
    } else if (command instanceof ReflectorCommand.Abandon abandon) {
      abandon(abandon.doubted());
    } else if (reflector.state() == ReflectorState.ENDED) {
      // Closed by a listener: what was decided before is not said any more.
      log.debug("event=kubernetes_word_dropped scope={} command={}", scope, command);
    } else if (command instanceof ReflectorCommand.Publish publish) {
      publish(publish);
    } else if (command instanceof ReflectorCommand.Confirm) {
      listener.onConfirmed();
    } else if (command instanceof ReflectorCommand.Report report) {
      report(report.failure());
    }
  }

  private void list(ReflectorCommand.List command) {
    if (command.next().isEmpty()) {
      around.meters().listBegun();
    }
    request =
        around
            .api()
            .list(
                new ApiTransport.ListQuery(scope, command.version(), command.next(), PAGE_SLICES),
                page -> {
                  countMalformed(page.malformed());
                  reflector.onPage(now(), command.ticket(), page);
                  settle();
                },
                failure -> {
                  note("list", failure);
                  reflector.onListFailed(now(), command.ticket(), failure);
                  settle();
                });
  }

  private void watch(ReflectorCommand.Watch command) {
    around.meters().watchBegun();
    request =
        around
            .api()
            .watch(
                new ApiTransport.WatchQuery(scope, command.version(), command.timeout()),
                new Receiver(command.ticket()));
  }

  private void abandon(boolean doubted) {
    if (request != null) {
      request.close();
    }
    if (doubted) {
      around.meters().gaveUp();
      around.api().doubtConnection();
      log.info("event=kubernetes_request_silent scope={}", scope);
    }
  }

  private void publish(ReflectorCommand.Publish command) {
    if (failing) {
      failing = false;
      around.meters().watchRestarted();
      log.info("event=kubernetes_watch_restored scope={} slices={}", scope, store.size());
    }
    if (command.all()) {
      listener.onAll(store.byService());
    } else {
      listener.onChanged(slicesOf(command.services()));
    }
  }

  private Map<String, List<Slice>> slicesOf(Set<String> services) {
    Map<String, List<Slice>> found = new TreeMap<>();
    services.forEach(service -> found.put(service, store.of(service)));
    return found;
  }

  private void report(ApiFailure failure) {
    failing = true;
    log.warn(
        "event=kubernetes_watch_failed scope={} error={} reason=\"{}\"",
        scope,
        failure.error(),
        LogText.of(failure.message()));
    listener.onFailure(failure.toRegistryException());
  }

  private void note(String verb, ApiFailure failure) {
    around.meters().requestFailed(failure.error().kind());
    log.debug(
        "event=kubernetes_request_failed verb={} scope={} error={}", verb, scope, failure.error());
  }

  private void countMalformed(int count) {
    around.meters().recordsMalformed(count);
  }

  /** The receiver of the watch with one ticket. */
  private final class Receiver implements ApiTransport.WatchReceiver {
    private final long ticket;

    Receiver(long ticket) {
      this.ticket = ticket;
    }

    @Override
    public void onOpen() {
      reflector.onWatchOpen(now(), ticket);
      settle();
    }

    @Override
    public void onEvents(List<SliceEvent> events) {
      for (SliceEvent event : events) {
        if (event instanceof SliceEvent.Put put) {
          countMalformed(put.malformed());
        } else if (event instanceof SliceEvent.Failed failed) {
          note("watch", failed.failure());
        }
      }
      reflector.onEvents(now(), ticket, events);
      settle();
    }

    @Override
    public void onEnd() {
      reflector.onWatchEnd(now(), ticket);
      settle();
    }

    @Override
    public void onFailure(ApiFailure failure) {
      note("watch", failure);
      reflector.onWatchFailed(now(), ticket, failure);
      settle();
    }
  }
}
