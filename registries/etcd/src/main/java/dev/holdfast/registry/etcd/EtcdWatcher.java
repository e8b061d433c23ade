package dev.holdfast.registry.etcd;

import dev.holdfast.core.Backoff;
import dev.holdfast.core.LogEscaper;
import dev.holdfast.core.RegistryContext;
import dev.holdfast.core.RegistryException;
import dev.holdfast.core.Scheduler;
import dev.holdfast.core.Subscription;
import dev.holdfast.core.annotation.Limit;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The watcher of key ranges, which recovers from all failures of etcd.
 *
 * <p>Every range is listed and then watched from the list's revision on, all on one stream. After
 * any failure (a broken or silent stream, a compaction, a wipe, a refused token) the range is
 * listed again, so the next revision is always one that the store has returned itself. Every {@code
 * checkInterval} the store is asked for its revision and the stream for a progress notification.
 * Each range is listed again beside its watch, between half of {@code relistInterval} and all of it
 * after its last list.
 *
 * <p>Confined to the scheduler.
 */
final class EtcdWatcher {
  private static final Logger log = LoggerFactory.getLogger(EtcdWatcher.class);

  /** Reads under way at once, so that a return of the store is not met by thousands. */
  @Limit(of = "lists read at the same time", then = "further ones wait for their turn")
  static final int MAX_LISTS = 8;

  /** For how many request timeouts one list may go on, page by page. */
  @Limit(
      of = "request timeouts that one list may take, page by page",
      then = "it is given up and tried again")
  private static final int LIST_TIMEOUTS = 10;

  /** The registry can be reached again soon after it is back; one process asks once in a second. */
  static final Backoff.BackoffOptions RETRY =
      new Backoff.BackoffOptions(Duration.ofMillis(100), Duration.ofSeconds(2));

  /** Checks for due ranges per relist interval, so that none is late by more than that. */
  private static final int CHECKS_PER_RELIST = 4;

  private final EtcdStore store;
  private final RegistryContext context;
  private final Scheduler scheduler;
  private final Duration checkInterval;
  private final Duration relistInterval;

  /** The time between two checks for due ranges. */
  private final Duration checkTick;

  private final Backoff backoff;
  private final EtcdMeters meters;
  private final Set<RangeWatch> ranges = new LinkedHashSet<>();
  private final Queue<RangeWatch> waiting = new ArrayDeque<>();
  private volatile int size;
  private @Nullable WatchStream stream;
  private @Nullable Subscription pause;
  private @Nullable Subscription tick;
  private @Nullable Subscription look;
  private int listing;
  private boolean broken;
  private boolean closed;

  EtcdWatcher(
      EtcdStore store,
      RegistryContext context,
      EtcdMeters meters,
      Duration checkInterval,
      Duration relistInterval) {
    this.store = store;
    this.context = context;
    this.scheduler = context.scheduler();
    this.checkInterval = checkInterval;
    this.relistInterval = relistInterval;
    Duration quarter = relistInterval.dividedBy(CHECKS_PER_RELIST);
    this.checkTick = quarter.compareTo(checkInterval) < 0 ? quarter : checkInterval;
    this.backoff = new Backoff(RETRY, context.random());
    this.meters = meters;
    store.onWiped(this::onWiped);
  }

  /** Follows a range until it is removed. */
  RangeWatch add(
      EtcdKeys.KeyRange range, boolean keysOnly, RangeWatch.RangeListener rangeListener) {
    RangeWatch added =
        new RangeWatch(range, keysOnly, rangeListener, new Backoff(RETRY, context.random()));
    ranges.add(added);
    size = ranges.size();
    waiting.add(added);
    if (tick == null) {
      tick = scheduler.schedule(checkInterval, this::tick);
    }
    if (look == null) {
      look = scheduler.schedule(checkTick, this::look);
    }
    scheduler.execute(this::pump);
    return added;
  }

  void remove(RangeWatch range) {
    if (!ranges.remove(range)) {
      return;
    }
    size = ranges.size();
    range.close();
    waiting.remove(range);
    if (stream != null) {
      stream.remove(range);
      if (ranges.isEmpty()) {
        stream.close();
        stream = null;
      }
    }
  }

  /** How many ranges are followed. From any thread. */
  int size() {
    return size;
  }

  /** Asks the store at once whether it is still the same. */
  void checkNow() {
    // At a range that could be read, so that the answer is no question of permissions.
    ranges.stream()
        .filter(range -> range.state() == RangeWatch.RangeWatchState.WATCHING)
        .findFirst()
        .ifPresent(
            range -> store.check(range.range().key(), () -> probe(true), error -> probe(false)));
  }

  void close() {
    closed = true;
    List.copyOf(ranges).forEach(this::remove);
    closeTimer(pause);
    closeTimer(tick);
    closeTimer(look);
  }

  private void pump() {
    while (!closed && pause == null && listing < MAX_LISTS && !waiting.isEmpty()) {
      RangeWatch range = waiting.remove();
      if (range.state() == RangeWatch.RangeWatchState.WAITING) {
        range.listing();
        list(range, false);
      } else if (range.state() == RangeWatch.RangeWatchState.WATCHING) {
        list(range, true);
      }
    }
  }

  private void list(RangeWatch range, boolean beside) {
    int generation = range.generation();
    long epoch = store.epoch();
    listing++;
    new RangeReader(
            store,
            scheduler.clock(),
            range.range(),
            range.keysOnly(),
            store.requestTimeout().multipliedBy(LIST_TIMEOUTS))
        .read(
            rangeSnapshot -> {
              listing--;
              if (range.generation() == generation && epoch == store.epoch()) {
                onListed(range, rangeSnapshot, beside);
              }
              pump();
            },
            error -> {
              listing--;
              if (range.generation() == generation) {
                onListFailed(range, error, beside);
              }
              pump();
            });
  }

  private void onListed(RangeWatch range, RangeReader.RangeSnapshot rangeSnapshot, boolean beside) {
    if (range.isContradictedBy(rangeSnapshot, store.epoch())) {
      store.declareWiped(rangeSnapshot.header());
      return;
    }
    // Due one check before the end of the interval at the latest, because a check finds it.
    long leastNanos = relistInterval.toNanos() / 2;
    long mostNanos = relistInterval.minus(checkTick).toNanos();
    range.relistAt(scheduler.clock().nanoTime() + context.random().nextLong(leastNanos, mostNanos));
    if (beside) {
      meters.listReadAgain();
      range.onRelist(rangeSnapshot, store.epoch());
      return;
    }
    range.onList(rangeSnapshot, store.epoch());
    if (range.state() == RangeWatch.RangeWatchState.CREATING) {
      if (stream == null) {
        stream = new WatchStream(store, scheduler, new StreamListener());
      }
      stream.create(range, rangeSnapshot.revision());
    }
  }

  private void onListFailed(RangeWatch range, EtcdException cause, boolean beside) {
    if (beside || closed) {
      // The watch goes on meanwhile; its own signs of life decide.
      return;
    }
    if (cause.error() == EtcdError.WIPED) {
      requeue(range);
      return;
    }
    if (concernsAll(cause)) {
      requeue(range);
      ranges.stream()
          .filter(r -> r.state() == RangeWatch.RangeWatchState.WAITING)
          .toList()
          .forEach(r -> r.fail(cause));
      pauseFor(backoff.next());
    } else {
      range.fail(cause);
      requeueLater(range);
    }
  }

  private static boolean concernsAll(EtcdException cause) {
    return cause.error().isRetriableAtOtherMember()
        || cause.error().kind() == RegistryException.RegistryErrorKind.UNAUTHENTICATED;
  }

  private void requeue(RangeWatch range) {
    range.restart();
    waiting.add(range);
  }

  private void requeueLater(RangeWatch range) {
    range.restart();
    int generation = range.generation();
    var unused =
        scheduler.schedule(
            range.backoff().next(),
            () -> {
              if (range.generation() == generation) {
                waiting.add(range);
                pump();
              }
            });
  }

  private void pauseFor(Duration delay) {
    if (pause == null && !closed) {
      pause =
          scheduler.schedule(
              delay,
              () -> {
                pause = null;
                pump();
              });
    }
  }

  private void onWiped() {
    if (stream != null) {
      stream.close();
      stream = null;
    }
    waiting.clear();
    for (RangeWatch range : ranges) {
      meters.watchRestarted();
      requeue(range);
    }
    scheduler.execute(this::pump);
  }

  private void tick() {
    tick = null;
    if (closed || ranges.isEmpty()) {
      return;
    }
    tick = scheduler.schedule(checkInterval, this::tick);
    checkNow();
  }

  private void look() {
    look = null;
    if (closed || ranges.isEmpty()) {
      return;
    }
    look = scheduler.schedule(checkTick, this::look);
    relistWhatIsDue();
  }

  private void relistWhatIsDue() {
    long now = scheduler.clock().nanoTime();
    int places = MAX_LISTS - waiting.size();
    for (RangeWatch range : ranges) {
      if (places <= 0) {
        break;
      }
      if (range.state() == RangeWatch.RangeWatchState.WATCHING
          && range.relistAtNanos() - now <= 0) {
        range.relistAt(now + relistInterval.toNanos());
        waiting.add(range);
        places--;
      }
    }
    pump();
  }

  private void probe(boolean storeAnswered) {
    if (stream != null) {
      stream.probe(storeAnswered ? this::confirmAll : null);
    }
  }

  private void confirmAll() {
    for (RangeWatch range : new ArrayList<>(ranges)) {
      if (range.state() == RangeWatch.RangeWatchState.WATCHING) {
        range.confirm();
      }
    }
  }

  private static void closeTimer(@Nullable Subscription timer) {
    if (timer != null) {
      timer.close();
    }
  }

  private final class StreamListener implements WatchStream.WatchStreamListener {

    @Override
    public void onBroken(WatchStream ended, EtcdException cause) {
      if (ended != stream || closed) {
        return;
      }
      stream = null;
      broken = true;
      log.info(
          "event=etcd_watch_broken ranges={} reason=\"{}\"",
          ranges.size(),
          LogEscaper.escape(cause.getMessage()));
      for (RangeWatch range : List.copyOf(ranges)) {
        if (range.state() == RangeWatch.RangeWatchState.WATCHING
            || range.state() == RangeWatch.RangeWatchState.CREATING) {
          meters.watchRestarted();
          requeue(range);
          range.fail(cause);
        }
      }
      pauseFor(backoff.next());
    }

    @Override
    public void onCanceled(RangeWatch range, EtcdException cause) {
      log.info(
          "event=etcd_watch_canceled range={} reason=\"{}\"",
          range.range(),
          LogEscaper.escape(cause.getMessage()));
      meters.watchRestarted();
      range.fail(cause);
      requeueLater(range);
    }

    @Override
    public void onCreated(RangeWatch range) {
      backoff.reset();
      if (broken) {
        broken = false;
        log.info("event=etcd_watch_restored ranges={}", ranges.size());
      }
    }

    @Override
    public void onBehind() {
      checkNow();
    }
  }
}
