package dev.holdfast.registry.etcd;

import dev.holdfast.core.Scheduler;
import dev.holdfast.core.Subscription;
import dev.holdfast.registry.etcd.EtcdTransport.WatchCall;
import dev.holdfast.registry.etcd.EtcdTransport.WatchListener;
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
 * One stream that carries the watches of all ranges, from its opening to its end.
 *
 * <p>It must answer: whatever was asked (a watch, or a sign of life by a progress request) has a
 * deadline, and any message counts as the answer. The revision in a sign of life is not used:
 * before etcd 3.4.25 it is not in step with the events. On the scheduler only.
 */
final class WatchStream implements WatchListener {

  /** Hears what happens on the stream. */
  interface Listener {
    /** The stream is over; all its watches are. The last call. */
    void onBroken(WatchStream stream, EtcdException cause);

    /** One watch was refused or ended; the others go on. */
    void onCanceled(RangeWatch range, EtcdException cause);

    /** A watch runs. */
    void onCreated(RangeWatch range);

    /** A message came whose header is older than what is known. */
    void onBehind();
  }

  private final EtcdStore store;
  private final Scheduler scheduler;
  private final Listener listener;
  private final WatchCall call;
  private final Map<Long, RangeWatch> byId = new HashMap<>();
  private final Map<RangeWatch, Long> ids = new HashMap<>();
  private final Set<Long> unanswered = new HashSet<>();
  private long nextId = 1;
  private @Nullable Subscription deadline;
  private @Nullable Runnable onSignOfLife;
  private boolean ended;

  WatchStream(EtcdStore store, Scheduler scheduler, Listener listener) {
    this.store = store;
    this.scheduler = scheduler;
    this.listener = listener;
    this.call = store.transport().openWatch(this);
  }

  /** Asks for the changes of a range after a revision. */
  void create(RangeWatch range, long afterRevision) {
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
                    .setStartRevision(afterRevision + 1)
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
    call.send(
        WatchRequest.newBuilder()
            .setProgressRequest(WatchProgressRequest.getDefaultInstance())
            .build());
    expectAnswer();
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
    Runnable waiting = onSignOfLife;
    onSignOfLife = null;
    if (store.isBehind(response.getHeader())) {
      listener.onBehind();
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
  public void onMemberDoubtful() {
    probe(null);
  }

  private void deliver(RangeWatch range, WatchResponse response) {
    if (response.getCreated()) {
      unanswered.remove(response.getWatchId());
      range.created();
      listener.onCreated(range);
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
    boolean wasList = error == EtcdError.PERMISSION_DENIED || error.isCuredByToken();
    if (range == null && !wasList) {
      // The answer to our own cancel request.
      return;
    }
    if (wasList) {
      // The range was read with the same permission a moment ago, so it is the token: etcd 3.4
      // calls
      // an unknown one "permission denied" here, and ties it to no watch.
      call.refuseToken();
      call.cancel();
      broken(cause);
      return;
    }
    if (range != null) {
      forget(range);
      listener.onCanceled(range, cause);
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
      deadline = scheduler.schedule(store.transport().attemptTimeout(), this::silent);
    }
  }

  private void disarm() {
    if (deadline != null) {
      deadline.close();
      deadline = null;
    }
  }

  private void silent() {
    deadline = null;
    if (!ended) {
      call.giveUp();
      broken(new EtcdException(EtcdError.TIMEOUT, "etcd: the watch stream does not answer"));
    }
  }

  private void broken(EtcdException cause) {
    if (end()) {
      listener.onBroken(this, cause);
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
