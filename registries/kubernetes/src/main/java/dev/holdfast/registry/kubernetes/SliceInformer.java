package dev.holdfast.registry.kubernetes;

import dev.holdfast.core.LogEscaper;
import dev.holdfast.core.RegistryException;
import dev.holdfast.core.Scheduler;
import dev.holdfast.core.Subscription;
import dev.holdfast.core.annotation.Limit;
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
final class SliceInformer {
  private static final Logger log = LoggerFactory.getLogger(SliceInformer.class);

  @Limit(of = "slices that are asked for in one page of a list", then = "the list has more pages")
  static final int PAGE_SLICES = 200;

  /** The listener for the slices of a scope. */
  interface SliceListener {
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
  record InformerContext(
      ApiTransport api,
      Scheduler scheduler,
      RandomGenerator random,
      KubernetesMeters meters,
      ReflectorOptions options) {}

  /** The state machine and its store; tests pass deliberately broken ones. */
  record ReflectorWithStore(SliceStore store, Reflector reflector) {}

  private final SliceScope sliceScope;
  private final InformerContext around;
  private final SliceListener sliceListener;
  private final SliceStore store;
  private final Reflector reflector;
  private @Nullable Subscription request;
  private @Nullable Subscription timer;
  private @Nullable Subscription gauge;
  private volatile int stateCode = ReflectorState.PAUSING.code();
  private boolean running;
  private boolean failing;

  SliceInformer(
      SliceScope sliceScope,
      InformerContext around,
      SliceListener sliceListener,
      ReflectorWithStore reflectorWithStore) {
    this.sliceScope = sliceScope;
    this.around = around;
    this.sliceListener = sliceListener;
    this.store = reflectorWithStore.store();
    this.reflector = reflectorWithStore.reflector();
  }

  static SliceInformer of(
      SliceScope sliceScope, InformerContext around, SliceListener sliceListener) {
    SliceStore store = new SliceStore();
    Reflector reflector = new Reflector(around.options(), store, around.random());
    return new SliceInformer(
        sliceScope, around, sliceListener, new ReflectorWithStore(store, reflector));
  }

  void start() {
    gauge = around.meters().showState(sliceScope, () -> stateCode);
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

  SliceScope sliceScope() {
    return sliceScope;
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
    if (command instanceof ReflectorCommand.ListPage listPage) {
      list(listPage);
    } else if (command instanceof ReflectorCommand.StartWatch startWatch) {
      watch(startWatch);
    } else if (command instanceof ReflectorCommand.CancelRequest cancelRequest) {
      abandon(cancelRequest.unresponsive());
    } else if (reflector.state() == ReflectorState.ENDED) {
      // Closed by a listener: what was decided before is not said any more.
      log.debug("event=kubernetes_command_dropped scope={} command={}", sliceScope, command);
    } else if (command instanceof ReflectorCommand.Publish publish) {
      publish(publish);
    } else if (command instanceof ReflectorCommand.Confirm) {
      sliceListener.onConfirmed();
    } else if (command instanceof ReflectorCommand.Report report) {
      report(report.failure());
    }
  }

  private void list(ReflectorCommand.ListPage command) {
    if (command.next().isEmpty()) {
      around.meters().listBegun();
    }
    request =
        around
            .api()
            .list(
                new ApiTransport.ApiListRequest(
                    sliceScope, command.version(), command.next(), PAGE_SLICES),
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

  private void watch(ReflectorCommand.StartWatch command) {
    around.meters().watchBegun();
    request =
        around
            .api()
            .watch(
                new ApiTransport.ApiWatchRequest(sliceScope, command.version(), command.timeout()),
                new Receiver(command.ticket()));
  }

  private void abandon(boolean doubted) {
    if (request != null) {
      request.close();
    }
    if (doubted) {
      around.meters().requestTimedOut();
      around.api().discardConnection();
      log.info("event=kubernetes_request_timed_out scope={}", sliceScope);
    }
  }

  private void publish(ReflectorCommand.Publish command) {
    if (failing) {
      failing = false;
      around.meters().watchRestarted();
      log.info("event=kubernetes_watch_restored scope={} slices={}", sliceScope, store.size());
    }
    if (command.all()) {
      sliceListener.onAll(store.byService());
    } else {
      sliceListener.onChanged(slicesOf(command.services()));
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
        sliceScope,
        failure.error(),
        LogEscaper.escape(failure.message()));
    sliceListener.onFailure(failure.toRegistryException());
  }

  private void note(String verb, ApiFailure failure) {
    around.meters().requestFailed(failure.error().kind());
    log.debug(
        "event=kubernetes_request_failed verb={} scope={} error={}",
        verb,
        sliceScope,
        failure.error());
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
        if (event instanceof SliceEvent.PutEvent putEvent) {
          countMalformed(putEvent.malformed());
        } else if (event instanceof SliceEvent.ErrorEvent errorEvent) {
          note("watch", errorEvent.failure());
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
