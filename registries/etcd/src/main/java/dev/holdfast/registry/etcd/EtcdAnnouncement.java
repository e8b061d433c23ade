package dev.holdfast.registry.etcd;

import com.google.protobuf.ByteString;
import dev.holdfast.core.Backoff;
import dev.holdfast.core.Endpoint;
import dev.holdfast.core.HostPort;
import dev.holdfast.core.LogEscaper;
import dev.holdfast.core.Registry;
import dev.holdfast.core.RegistryException;
import dev.holdfast.core.RegistryException.RegistryErrorKind;
import dev.holdfast.registry.etcd.proto.Event;
import dev.holdfast.registry.etcd.proto.KeyValue;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An announced record of this process and its state machine.
 *
 * <pre>
 * LEASING -> WRITING -> PUBLISHED &lt;-> WRITING (an update)
 * any -> WITHDRAWING -> GONE      withdrawn, or failed and tried again until the lease is lost
 * any -> GONE                     refused, lost, deleted, taken over, wiped
 * </pre>
 *
 * <p>The first write replaces any record under the key: the process that could bind the port last
 * owns the address now. Every later write, and the deletion, is a transaction on the revision that
 * this announcement wrote last, so no foreign record is modified. Public methods may be called from
 * any thread; the others are confined to the scheduler.
 */
final class EtcdAnnouncement implements Registry.Announcement, RangeWatch.RangeListener {
  private static final Logger log = LoggerFactory.getLogger(EtcdAnnouncement.class);

  enum AnnouncementState {
    /** The announcement waits for the lease to be granted. */
    LEASING,
    /** A write is under way. */
    WRITING,
    /** Visible, as far as we know. */
    PUBLISHED,
    /** The record is being withdrawn; the listener is not called any more. */
    WITHDRAWING,
    /** The announcement has ended; the state is final. */
    GONE
  }

  private final EtcdAnnouncements owner;
  private final ByteString key;
  private final Registry.AnnouncementListener listener;
  private final Backoff backoff;
  private final List<CompletableFuture<Void>> withdrawals = new ArrayList<>();
  private final HostPort address;
  private Endpoint wanted;
  private AnnouncementState announcementState = AnnouncementState.LEASING;
  private @Nullable RecordWriter writer;
  private @Nullable RangeWatch ownKey;
  private boolean writing;
  private boolean updatePending;

  EtcdAnnouncement(
      EtcdAnnouncements owner,
      ByteString key,
      Endpoint endpoint,
      Registry.AnnouncementListener listener) {
    this.owner = owner;
    this.key = key;
    this.address = endpoint.address();
    this.wanted = endpoint;
    this.listener = listener;
    this.backoff = owner.newBackoff();
  }

  ByteString key() {
    return key;
  }

  void start() {
    owner
        .lease()
        .acquire(
            lease -> {
              if (announcementState == AnnouncementState.LEASING) {
                writer = new RecordWriter(owner.store(), key, lease);
                write();
              }
            },
            error -> end(error.toRegistryException()));
  }

  @Override
  public void update(Endpoint endpoint) {
    if (!endpoint.address().equals(address)) {
      throw new IllegalArgumentException(
          "endpoint: " + endpoint.address() + " (expected: the announced " + address + ")");
    }
    owner
        .scheduler()
        .execute(
            () -> {
              wanted = endpoint;
              updatePending = true;
              if (announcementState == AnnouncementState.PUBLISHED) {
                write();
              }
            });
  }

  @Override
  public CompletionStage<Void> withdraw() {
    CompletableFuture<Void> done = new CompletableFuture<>();
    owner.scheduler().execute(() -> doWithdraw(done));
    return done.minimalCompletionStage();
  }

  private void write() {
    RecordWriter to = writer;
    if (to == null) {
      return;
    }
    announcementState = AnnouncementState.WRITING;
    writing = true;
    updatePending = false;
    to.write(wanted, txnOutcome -> onWritten(to, txnOutcome), this::onWriteFailed);
  }

  private void onWritten(RecordWriter to, RecordWriter.TxnOutcome txnOutcome) {
    writing = false;
    if (announcementState == AnnouncementState.WITHDRAWING) {
      leave();
      return;
    }
    if (announcementState != AnnouncementState.WRITING) {
      return;
    }
    if (txnOutcome != RecordWriter.TxnOutcome.DONE) {
      announcementState = AnnouncementState.PUBLISHED;
      lost(to, txnOutcome);
      return;
    }
    announcementState = AnnouncementState.PUBLISHED;
    backoff.reset();
    if (ownKey == null) {
      ownKey = owner.watcher().add(EtcdKeys.KeyRange.single(key), false, this);
    }
    if (updatePending) {
      write();
    } else {
      listener.onPublished();
    }
  }

  private void onWriteFailed(EtcdException cause) {
    writing = false;
    if (cause.error() == EtcdError.LEASE_NOT_FOUND && writer != null) {
      // Ends this announcement too, and with the others.
      owner.lease().notFound(writer.lease());
    }
    if (announcementState == AnnouncementState.WITHDRAWING) {
      leave();
    } else if (announcementState == AnnouncementState.WRITING && ownKey == null) {
      if (cause.error().isRetriableAtOtherMember()) {
        owner.abandonLater(this);
      }
      end(cause.toRegistryException());
    } else if (announcementState == AnnouncementState.WRITING) {
      // The record is still there as it was, under a lease that is kept: only the change is
      // missing.
      announcementState = AnnouncementState.PUBLISHED;
      updatePending = true;
      owner.later(backoff.next(), this::writePending);
    }
  }

  private void writePending() {
    if (announcementState == AnnouncementState.PUBLISHED && updatePending) {
      write();
    }
  }

  /** The record is not what we wrote: finds out which way it was lost, then ends. */
  private void lost(RecordWriter to, RecordWriter.TxnOutcome txnOutcome) {
    if (txnOutcome == RecordWriter.TxnOutcome.FOREIGN) {
      end(RegistryErrorKind.TAKEN_OVER, "was announced by another process");
      return;
    }
    // A lease that ends deletes its keys too; then all records have lost it, for that reason.
    owner.lease().verify(to.lease(), () -> end(RegistryErrorKind.RECORD_DELETED, "was deleted"));
  }

  /** A withdrawal still finds the record, which else would stay until that lease has run out. */
  private void endUnderOlderLease() {
    if (announcementState == AnnouncementState.PUBLISHED
        || announcementState == AnnouncementState.WRITING) {
      owner.abandonLater(this);
      end(RegistryErrorKind.RECORD_DELETED, "was replaced by an older one");
    }
  }

  private void end(RegistryErrorKind registryErrorKind, String what) {
    end(
        new RegistryException(
            registryErrorKind, "etcd: the record " + key.toStringUtf8() + " " + what));
  }

  /** The announcement is over for a reason that is not ours. */
  void end(RegistryException cause) {
    if (announcementState == AnnouncementState.WITHDRAWING) {
      if (cause.kind() == RegistryErrorKind.LEASE_LOST || cause.kind() == RegistryErrorKind.WIPED) {
        gone(null);
      }
      return;
    }
    if (announcementState == AnnouncementState.GONE) {
      return;
    }
    gone(null);
    log.info(
        "event=etcd_record_lost key={} kind={} reason=\"{}\"",
        key.toStringUtf8(),
        cause.kind(),
        LogEscaper.escape(cause.getMessage()));
    listener.onEnded(cause);
  }

  /** A newer announcement of this process has the same key. */
  void supersede() {
    if (writer != null) {
      writer.supersede();
    }
    if (announcementState == AnnouncementState.WITHDRAWING) {
      gone(null);
    } else {
      end(RegistryErrorKind.TAKEN_OVER, "was announced again by this process");
    }
  }

  /** Ends the announcement without notice, because the registry is closed. */
  void close() {
    stopWatching();
    gone(new RegistryException(RegistryErrorKind.CLOSED, "etcd: the registry was closed"));
  }

  private void doWithdraw(CompletableFuture<Void> done) {
    if (announcementState == AnnouncementState.GONE && !owner.isAbandoned(this)) {
      done.complete(null);
      return;
    }
    withdrawals.add(done);
    withdrawNow();
  }

  /** Takes the record out, again and again if need be. */
  void withdrawNow() {
    stopWatching();
    announcementState = AnnouncementState.WITHDRAWING;
    if (writer == null) {
      gone(null);
    } else if (!writing) {
      leave();
    }
  }

  private void stopWatching() {
    if (ownKey != null) {
      owner.watcher().remove(ownKey);
      ownKey = null;
    }
  }

  private void leave() {
    RecordWriter to = writer;
    if (to == null) {
      gone(null);
      return;
    }
    writing = true;
    to.markDraining(
        wanted.withDraining(true),
        drained ->
            to.delete(
                deleted -> {
                  writing = false;
                  gone(null);
                },
                this::onLeaveFailed),
        this::onLeaveFailed);
  }

  private void onLeaveFailed(EtcdException cause) {
    writing = false;
    if (announcementState != AnnouncementState.WITHDRAWING) {
      return;
    }
    List<CompletableFuture<Void>> waiting = List.copyOf(withdrawals);
    withdrawals.clear();
    waiting.forEach(w -> w.completeExceptionally(cause.toRegistryException()));
    // The lease is shared, so it keeps this record alive as well: it must be deleted all the same.
    owner.later(
        backoff.next(),
        () -> {
          if (announcementState == AnnouncementState.WITHDRAWING && !writing) {
            leave();
          }
        });
  }

  private void gone(@Nullable RegistryException failure) {
    announcementState = AnnouncementState.GONE;
    stopWatching();
    owner.remove(this);
    List<CompletableFuture<Void>> waiting = List.copyOf(withdrawals);
    withdrawals.clear();
    for (CompletableFuture<Void> withdrawal : waiting) {
      if (failure == null) {
        withdrawal.complete(null);
      } else {
        withdrawal.completeExceptionally(failure);
      }
    }
  }

  @Override
  public void onList(RangeReader.RangeSnapshot list, long epoch) {
    RecordWriter to = writer;
    if (to == null
        || announcementState != AnnouncementState.PUBLISHED
        || list.revision() < to.revision()) {
      return;
    }
    if (list.records().isEmpty()) {
      lost(to, RecordWriter.TxnOutcome.ABSENT);
    } else {
      inspect(to, list.records().get(0));
    }
  }

  @Override
  public void onEvents(List<Event> events) {
    RecordWriter to = writer;
    // While an update is under way its transaction notices by itself what happened to the record.
    if (to == null || announcementState != AnnouncementState.PUBLISHED) {
      return;
    }
    KeyValue last = events.get(events.size() - 1).getKv();
    boolean deleted = events.get(events.size() - 1).getType() == Event.EventType.DELETE;
    if (last.getModRevision() <= to.revision()) {
      return;
    }
    if (deleted) {
      lost(to, RecordWriter.TxnOutcome.ABSENT);
    } else {
      inspect(to, last);
    }
  }

  private void inspect(RecordWriter to, KeyValue found) {
    if (!to.isOurs(found)) {
      lost(to, RecordWriter.TxnOutcome.FOREIGN);
    } else if (!to.isUnderOurLease(found)) {
      // Announcing it again replaces it, with the pauses that two who fought for it would need.
      owner.lease().verify(to.lease(), this::endUnderOlderLease);
    } else if (found.getModRevision() > to.revision() && !to.isAsWritten(found)) {
      // A write that was given up, at a member that was paused, may be carried out much later.
      write();
    }
  }

  @Override
  public void onConfirmed() {}

  @Override
  public void onFailure(EtcdException cause) {
    // The lease decides whether the record is lost; the list that follows decides whether it is
    // ours.
  }
}
