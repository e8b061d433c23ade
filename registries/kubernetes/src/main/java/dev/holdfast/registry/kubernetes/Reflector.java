package dev.holdfast.registry.kubernetes;

import dev.holdfast.core.Backoff;
import dev.holdfast.core.RegistryException;
import dev.holdfast.core.annotation.Limit;
import dev.holdfast.core.annotation.PureCore;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.List;
import java.util.OptionalLong;
import java.util.Queue;
import java.util.Set;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * The state machine that keeps the slices of a scope up to date: they are listed, then watched from
 * the list's version on, through all failures of the server.
 *
 * <p>What it guarantees:
 *
 * <ul>
 *   <li>it never asks for version "0", and never for a list older than what it has seen: a server
 *       that lags behind must not bring back what is gone (410 and restarts included);
 *   <li>a watch that says nothing for {@code silence}, or outlives the time it was asked for, is
 *       dead: it is begun again from the last version, on another connection;
 *   <li>lists and watches follow each other by a {@link Backoff}, which is reset only by a watch
 *       that was of use, and never sooner than the server asks for;
 *   <li>after a failure was reported, a whole list is published once the watch is back;
 *   <li>however long watches seem well, it is listed again every {@code relist};
 *   <li>word of an earlier request changes nothing.
 * </ul>
 *
 * <p>States and what the inputs do:
 *
 * <pre>
 *          page           list failed  open      events    ended         failed   timeout
 * LISTING  LISTING,OPENING (4) PAUSING -         -         -             -        PAUSING
 * OPENING  -              -            WATCHING  -         PAUSING       PAUSING  PAUSING
 * WATCHING -              -            -         - (1)     OPENING (2,3) PAUSING  OPENING (2)
 * PAUSING  -              -            -         -         -             -        LISTING,OPENING
 * ENDED    -              -            -         -         -             -        -
 * </pre>
 *
 * <p>(1) PAUSING when one of them is an error; (2) LISTING when a list is due, or nothing was said;
 * (3) PAUSING when the watch was short and said nothing; (4) PAUSING when it is too large.
 *
 * <p>Not thread-safe. After every input the owner polls, and asks for {@link #nextDeadlineNanos}.
 */
@PureCore
class Reflector {
  @Limit(of = "watches that fail one after the other", then = "the next attempt begins with a list")
  static final int MAX_REWATCHES = 2;

  // A shorter watch that said nothing was of no use.
  private static final Duration SHORT_WATCH = Duration.ofSeconds(1);
  // For how long a watch must have been of use for compaction to be no storm.
  private static final Duration STEADY_WATCH = Duration.ofSeconds(5);

  private final ReflectorOptions options;
  private final ReflectorBackoff reflectorBackoff;
  private final Queue<ReflectorCommand> commands = new ArrayDeque<>();

  private final SliceStore store;

  private ReflectorState state = ReflectorState.PAUSING;
  private RegistryException.@Nullable RegistryErrorKind failing;
  private boolean listConsistently = true;
  private boolean listNext = true;
  private int failedWatches;
  private long listDueNanos;

  // State of the current request.
  private long ticket;

  private @Nullable Long deadlineNanos;

  // State of the current list.
  private ListProgress list = new ListProgress();

  // State of the current watch.
  private Duration watchTimeout = Duration.ZERO;

  private long openedNanos;
  private long watchEndsNanos;
  private boolean heard;

  Reflector(ReflectorOptions options, SliceStore store, RandomGenerator random) {
    this.options = options;
    this.store = store;
    this.reflectorBackoff = new ReflectorBackoff(options.retry(), random);
  }

  /** Starts the reflector with a list. */
  void onStart(long nowNanos) {
    list(nowNanos);
  }

  /** Ends the reflector: an open request is abandoned, and later inputs are ignored. */
  void onClose() {
    if (state == ReflectorState.LISTING
        || state == ReflectorState.OPENING
        || state == ReflectorState.WATCHING) {
      commands.add(new ReflectorCommand.CancelRequest(ticket, false));
    }
    state = ReflectorState.ENDED;
    deadlineNanos = null;
  }

  /** A page of the list arrived. */
  void onPage(long nowNanos, long ofTicket, SlicePage page) {
    if (!isCurrent(ofTicket) || state != ReflectorState.LISTING) {
      return;
    }
    list.add(page);
    if (list.isTooLarge()) {
      onListFailed(nowNanos, ofTicket, ApiFailure.of(ApiError.TOO_LARGE, ListProgress.limits()));
    } else if (list.next().isEmpty()) {
      listed(nowNanos, page.version());
    } else {
      deadlineNanos = nowNanos + options.requestTimeout().toNanos();
      commands.add(new ReflectorCommand.ListPage(ticket, "", list.next()));
    }
  }

  /** Handles the failure of the current list. */
  void onListFailed(long nowNanos, long ofTicket, ApiFailure failure) {
    if (!isCurrent(ofTicket) || state != ReflectorState.LISTING) {
      return;
    }
    listNext = true;
    switch (failure.error()) {
      case GONE -> {
        // Within a list only its continuation is too old; what we have seen still counts.
        listConsistently |= list.next().isEmpty();
        pause(nowNanos, reflectorBackoff.afterGone());
      }
      case VERSION_AHEAD -> {
        listConsistently = true;
        pause(nowNanos, reflectorBackoff.next());
      }
      default -> {
        report(nowNanos, failure);
        pause(nowNanos, pauseAfter(failure));
      }
    }
  }

  /** The server accepted the watch. */
  void onWatchOpen(long nowNanos, long ofTicket) {
    if (!isCurrent(ofTicket) || state != ReflectorState.OPENING) {
      return;
    }
    state = ReflectorState.WATCHING;
    openedNanos = nowNanos;
    heard = false;
    watchEndsNanos = nowNanos + watchTimeout.plus(options.requestTimeout()).toNanos();
    hear(nowNanos);
    if (failing != null) {
      publishAll(nowNanos);
    }
  }

  /** Handles events of the current watch, in order. */
  void onEvents(long nowNanos, long ofTicket, List<SliceEvent> events) {
    if (!isCurrent(ofTicket) || state != ReflectorState.WATCHING) {
      return;
    }
    hear(nowNanos);
    boolean bookmarked = false;
    for (SliceEvent event : events) {
      if (event instanceof SliceEvent.ErrorEvent errorEvent) {
        publishSoon(nowNanos);
        commands.add(new ReflectorCommand.CancelRequest(ticket, false));
        onWatchFailed(nowNanos, ofTicket, errorEvent.failure());
        return;
      }
      heard = true;
      store.apply(event);
      bookmarked |= event instanceof SliceEvent.BookmarkEvent;
    }
    if (nowNanos - openedNanos >= STEADY_WATCH.toNanos()) {
      proveUse();
    }
    publishSoon(nowNanos);
    if (bookmarked) {
      commands.add(new ReflectorCommand.Confirm());
    }
  }

  /** The server ended the watch in good order. */
  void onWatchEnd(long nowNanos, long ofTicket) {
    if (ofTicket != ticket
        || (state != ReflectorState.WATCHING && state != ReflectorState.OPENING)) {
      return;
    }
    long livedNanos = state == ReflectorState.WATCHING ? nowNanos - openedNanos : 0;
    if (!heard && livedNanos < SHORT_WATCH.toNanos()) {
      failedWatches++;
      listNext = failedWatches > MAX_REWATCHES;
      pause(nowNanos, reflectorBackoff.next());
      return;
    }
    if (livedNanos >= STEADY_WATCH.toNanos()) {
      proveUse();
    }
    listNext = !wasOfUse();
    proceed(nowNanos);
  }

  /** The watch broke, could not be opened, or was ended with an error. */
  void onWatchFailed(long nowNanos, long ofTicket, ApiFailure failure) {
    if (ofTicket != ticket
        || (state != ReflectorState.WATCHING && state != ReflectorState.OPENING)) {
      return;
    }
    failedWatches++;
    switch (failure.error()) {
      case GONE -> {
        listNext = true;
        pause(nowNanos, reflectorBackoff.afterGone());
      }
      case VERSION_AHEAD -> {
        listNext = true;
        listConsistently = true;
        pause(nowNanos, reflectorBackoff.next());
      }
      case MALFORMED, TOO_LARGE -> {
        // The same word would come again from the same version.
        listNext = true;
        report(nowNanos, failure);
        pause(nowNanos, reflectorBackoff.next());
      }
      default -> {
        listNext = failedWatches > MAX_REWATCHES;
        report(nowNanos, failure);
        pause(nowNanos, pauseAfter(failure));
      }
    }
  }

  /** Handles the passing of time; acts on a deadline that is over. */
  void onTimeout(long nowNanos) {
    if (state == ReflectorState.ENDED) {
      return;
    }
    if (isDue(nowNanos, store.publishDueNanos())) {
      publishSoon(nowNanos);
    }
    if (!isDue(nowNanos, deadlineNanos)) {
      return;
    }
    switch (state) {
      case LISTING -> {
        commands.add(new ReflectorCommand.CancelRequest(ticket, true));
        onListFailed(nowNanos, ticket, ApiFailure.timedOut("a list"));
      }
      case OPENING -> {
        commands.add(new ReflectorCommand.CancelRequest(ticket, true));
        onWatchFailed(nowNanos, ticket, ApiFailure.timedOut("a watch"));
      }
      case WATCHING -> {
        commands.add(new ReflectorCommand.CancelRequest(ticket, true));
        failedWatches++;
        proceed(nowNanos);
      }
      case PAUSING -> proceed(nowNanos);
      case ENDED -> {}
    }
  }

  /** The next command for the owner, or null. */
  @Nullable ReflectorCommand poll() {
    return commands.poll();
  }

  /** When {@link #onTimeout} wants to be called, if at all. */
  OptionalLong nextDeadlineNanos() {
    Long deadline = deadlineNanos;
    Long due = state == ReflectorState.ENDED ? null : store.publishDueNanos();
    if (deadline == null || (due != null && due - deadline < 0)) {
      deadline = due;
    }
    return deadline == null ? OptionalLong.empty() : OptionalLong.of(deadline);
  }

  ReflectorState state() {
    return state;
  }

  /** The version that a list must not be older than; "" for the most recent of all. */
  String leastVersion() {
    return listConsistently ? "" : store.version();
  }

  /** Whether word of a request counts. */
  boolean isCurrent(long ofTicket) {
    return ofTicket == ticket;
  }

  /** How long to wait after a failure. */
  Duration pauseAfter(ApiFailure failure) {
    return failure.retryAfter().plus(reflectorBackoff.next());
  }

  private void list(long nowNanos) {
    state = ReflectorState.LISTING;
    ticket++;
    list = new ListProgress();
    deadlineNanos = nowNanos + options.requestTimeout().toNanos();
    commands.add(new ReflectorCommand.ListPage(ticket, leastVersion(), ""));
  }

  private void listed(long nowNanos, String ofVersion) {
    store.replaceAll(list.slices(), ofVersion);
    list = new ListProgress();
    listConsistently = false;
    listNext = false;
    failedWatches = 0;
    listDueNanos = nowNanos + reflectorBackoff.jittered(options.relist()).toNanos();
    publishAll(nowNanos);
    watch(nowNanos);
  }

  private void watch(long nowNanos) {
    state = ReflectorState.OPENING;
    ticket++;
    heard = false;
    watchTimeout = reflectorBackoff.jittered(options.watchTimeout());
    deadlineNanos = nowNanos + options.requestTimeout().toNanos();
    commands.add(new ReflectorCommand.StartWatch(ticket, store.version(), watchTimeout));
  }

  /**
   * Whether the watch that ended has shown that it followed anything. One from a version that the
   * server has not reached, because it was restored from a backup, is accepted and stays silent,
   * bookmarks included.
   */
  boolean wasOfUse() {
    return heard;
  }

  /** To whatever is due next. */
  private void proceed(long nowNanos) {
    if (listNext || nowNanos - listDueNanos >= 0 || failedWatches > MAX_REWATCHES) {
      list(nowNanos);
    } else {
      watch(nowNanos);
    }
  }

  private void pause(long nowNanos, Duration pause) {
    state = ReflectorState.PAUSING;
    ticket++;
    deadlineNanos = nowNanos + pause.toNanos();
  }

  /** A watch is dead when it is silent, or when it does not end as it was asked to. */
  private void hear(long nowNanos) {
    deadlineNanos = deadAtNanos(nowNanos + options.silence().toNanos(), watchEndsNanos);
  }

  /** The earlier of the two. */
  long deadAtNanos(long silentNanos, long endsNanos) {
    return silentNanos - endsNanos < 0 ? silentNanos : endsNanos;
  }

  private void proveUse() {
    reflectorBackoff.reset();
    failedWatches = 0;
  }

  /** Each kind once, as one that follows may say more; then only a whole list may be shown. */
  private void report(long nowNanos, ApiFailure failure) {
    if (failing != failure.error().kind()) {
      if (failing == null && store.hasChanges()) {
        commands.add(new ReflectorCommand.Publish(store.takeChanged(nowNanos), false));
      }
      failing = failure.error().kind();
      commands.add(new ReflectorCommand.Report(failure));
    }
  }

  private void publishSoon(long nowNanos) {
    if (store.isPublishDue(nowNanos)) {
      commands.add(new ReflectorCommand.Publish(store.takeChanged(nowNanos), false));
    }
  }

  private void publishAll(long nowNanos) {
    failing = null;
    store.takeChanged(nowNanos);
    commands.add(new ReflectorCommand.Publish(Set.of(), true));
  }

  private static boolean isDue(long nowNanos, @Nullable Long dueNanos) {
    return dueNanos != null && nowNanos - dueNanos >= 0;
  }
}
