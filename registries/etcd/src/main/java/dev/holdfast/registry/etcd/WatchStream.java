package dev.holdfast.registry.etcd;

import dev.holdfast.core.Scheduler;
import dev.holdfast.core.Subscription;
import dev.holdfast.core.annotation.Limit;
import dev.holdfast.registry.etcd.EtcdTransport.WatchCall;
import dev.holdfast.registry.etcd.EtcdTransport.WatchCallListener;
import dev.holdfast.registry.etcd.proto.WatchCancelRequest;
import dev.holdfast.registry.etcd.proto.WatchCreateRequest;
import dev.holdfast.registry.etcd.proto.WatchProgressRequest;
import dev.holdfast.registry.etcd.proto.WatchRequest;
import dev.holdfast.registry.etcd.proto.WatchResponse;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The bidirectional stream that carries the watches of all ranges, from its opening to its end.
 *
 * <p>It must answer: whatever was asked (a watch, or a sign of life by a progress request) has a
 * deadline, and any message counts as the answer. The revision in a sign of life is not used:
 * before etcd 3.4.25 it is not in step with the events.
 *
 * <p>etcd 3.6 answers a progress request only when its revision has reached the start of every
 * watch of the stream and each of them is in step ({@code progressIfSync}). So a watch starts at
 * the revision of its list, not behind it, and a progress request without an answer is repeated: a
 * watch that was just created is in step some 100 ms later. On the scheduler only.
 */
final class WatchStream implements WatchCallListener {
  /** Progress requests per time to answer. */
  @Limit(
      of = "progress requests until a stream of watches counts as silent",
      then = "the stream is given up, and its ranges are listed again at another member")
  private static final int PROGRESS_REQUESTS = 4;

  /** The listener of a stream's events. */
  interface WatchStreamListener {
    /**
     * The stream has ended, and all its watches with it; no further method of the listener is
     * called.
     */
    void onBroken(WatchStream stream, EtcdException cause);

    /** A single watch was refused or ended; the stream's other watches continue. */
    void onCanceled(RangeWatch range, EtcdException cause);

    /** The server has created the watch of a range. */
    void onCreated(RangeWatch range);

    /** A message came whose header is older than what is known. */
    void onBehind();
  }

  private final EtcdStore store;
  private final Scheduler scheduler;
  private final WatchStreamListener watchStreamListener;
  private final WatchCall call;
  private final Map<Long, RangeWatch> byId = new HashMap<>();
  private final Map<RangeWatch, Long> ids = new HashMap<>();
  private final Set<Long> unanswered = new HashSet<>();
  private long nextId = 1;
  private @Nullable Subscription deadline;
  private int silentPeriods;
  private boolean probing;
  private @Nullable Runnable onSignOfLife;
  private boolean ended;

  WatchStream(EtcdStore store, Scheduler scheduler, WatchStreamListener watchStreamListener) {
    this.store = store;
    this.scheduler = scheduler;
    this.watchStreamListener = watchStreamListener;
    this.call = store.transport().openWatch(this);
  }

  /**
   * Asks for the changes of a range after its list.
   *
   * @param listRevision of the list; its own change is delivered again, and the range drops it
   */
  void create(RangeWatch range, long listRevision) {
    long id = nextId++;
    byId.put(id, range);
    ids.put(range, id);
    unanswered.add(id);
    call.send(
        WatchRequest.newBuilder()
            .setCreateRequest(
                WatchCreateRequest.newBuilder()
                    .setKey(range.range().key())
                    .setRangeEnd(range.range().end())
                    .setStartRevision(listRevision)
                    .setWatchId(id)
                    .setFragment(true))
            .build());
    expectAnswer();
  }

  /** Ends the watch of a range, if it has one here. */
  void remove(RangeWatch range) {
    Long id = ids.remove(range);
    if (id != null) {
      byId.remove(id);
      unanswered.remove(id);
      call.send(
          WatchRequest.newBuilder()
              .setCancelRequest(WatchCancelRequest.newBuilder().setWatchId(id))
              .build());
    }
  }

  boolean isEmpty() {
    return ids.isEmpty();
  }

  /**
   * Asks for a sign of life; the stream is broken when none comes in time.
   *
   * @param onAnswer is run when it comes; replaces one that still waits
   */
  void probe(@Nullable Runnable onAnswer) {
    if (ended) {
      return;
    }
    onSignOfLife = onAnswer;
    probing = true;
    requestProgress();
    expectAnswer();
  }

  private void requestProgress() {
    call.send(
        WatchRequest.newBuilder()
            .setProgressRequest(WatchProgressRequest.getDefaultInstance())
            .build());
  }

  /** Ends the stream without a word. */
  void close() {
    if (end()) {
      call.cancel();
    }
  }

  @Override
  public void onResponse(WatchResponse response) {
    if (ended) {
      return;
    }
    disarm();
    probing = false;
    Runnable waiting = onSignOfLife;
    onSignOfLife = null;
    if (store.isBehind(response.getHeader())) {
      watchStreamListener.onBehind();
    }
    RangeWatch range = byId.get(response.getWatchId());
    if (response.getCanceled()) {
      canceled(range, response);
    } else if (range != null) {
      deliver(range, response);
    }
    if (!ended && !unanswered.isEmpty()) {
      expectAnswer();
    }
    if (!ended && waiting != null) {
      waiting.run();
    }
  }

  @Override
  public void onClosed(EtcdException cause) {
    broken(cause);
  }

  @Override
  public void onMemberSwitched() {
    probe(null);
  }

  private void deliver(RangeWatch range, WatchResponse response) {
    if (response.getCreated()) {
      unanswered.remove(response.getWatchId());
      range.created();
      watchStreamListener.onCreated(range);
    }
    if (response.getEventsCount() > 0 || !response.getFragment()) {
      range.onEvents(response.getEventsList(), response.getFragment());
    }
  }

  private void canceled(@Nullable RangeWatch range, WatchResponse response) {
    EtcdError error =
        response.getCompactRevision() > 0
            ? EtcdError.COMPACTED
            : EtcdError.ofReason(response.getCancelReason());
    EtcdException cause =
        new EtcdException(error, "etcd: the watch was canceled: " + reason(response));
    boolean wasList = error == EtcdError.PERMISSION_DENIED || error.isRetriableWithNewToken();
    if (range == null && !wasList) {
      // The answer to our own cancel request.
      return;
    }
    if (wasList) {
      // The range was read with the same permission a moment ago, so it is the token: etcd 3.4
      // calls
      // an unknown one "permission denied" here, and ties it to no watch.
      call.invalidateToken();
      call.cancel();
      broken(cause);
      return;
    }
    if (range != null) {
      forget(range);
      watchStreamListener.onCanceled(range, cause);
    }
  }

  private static String reason(WatchResponse response) {
    return response.getCompactRevision() > 0
        ? "compacted up to revision " + response.getCompactRevision()
        : response.getCancelReason();
  }

  private void forget(RangeWatch range) {
    Long id = ids.remove(range);
    if (id != null) {
      byId.remove(id);
      unanswered.remove(id);
    }
  }

  private void expectAnswer() {
    if (deadline == null) {
      silentPeriods = 0;
      arm();
    }
  }

  private void arm() {
    deadline =
        scheduler.schedule(
            store.transport().attemptTimeout().dividedBy(PROGRESS_REQUESTS), this::silent);
  }

  private void disarm() {
    if (deadline != null) {
      deadline.close();
      deadline = null;
    }
  }

  private void silent() {
    deadline = null;
    silentPeriods++;
    if (ended) {
      return;
    }
    if (silentPeriods < PROGRESS_REQUESTS) {
      if (probing) {
        requestProgress();
      }
      arm();
    } else {
      call.cancelUnresponsive();
      broken(new EtcdException(EtcdError.TIMEOUT, "etcd: the watch stream does not answer"));
    }
  }

  private void broken(EtcdException cause) {
    if (end()) {
      watchStreamListener.onBroken(this, cause);
    }
  }

  private boolean end() {
    if (ended) {
      return false;
    }
    ended = true;
    disarm();
    return true;
  }
}
