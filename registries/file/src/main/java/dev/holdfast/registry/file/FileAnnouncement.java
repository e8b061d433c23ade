package dev.holdfast.registry.file;

import dev.holdfast.core.Backoff;
import dev.holdfast.core.Endpoint;
import dev.holdfast.core.Registry.AnnouncementListener;
import dev.holdfast.core.RegistryException;
import dev.holdfast.core.RegistryException.RegistryErrorKind;
import dev.holdfast.core.RegistryMeter;
import dev.holdfast.core.Scheduler;
import dev.holdfast.core.Subscription;
import dev.holdfast.core.annotation.Limit;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An announced record of this process and its state machine: a file that is written, updated and
 * deleted.
 *
 * <p>States: PUBLISHING -> PUBLISHED -> (PUBLISHING with each update) -> WITHDRAWN or ENDED. A
 * first write that fails ends the announcement. A later write that fails is retried with backoff,
 * because the file still holds the previous record. All methods run on the scheduler, except those
 * whose names end in {@code OnIo}.
 *
 * <p>PUBLISHING -> PUBLISHED -> (PUBLISHING with each update) -> WITHDRAWN or ENDED. A first write
 * that fails ends it; a later one is tried again, for the record stands as it was. Everything runs
 * on the scheduler, but for the methods whose names end in {@code OnIo}.
 */
final class FileAnnouncement {
  /**
   * The time for which a record is marked as draining before its file is deleted: two polls by
   * default. A reader that misses the mark sees a record vanish, and a service that lost its only
   * record is doubted for the grace time. The time therefore has to suffice on a busy machine.
   */
  @Limit(of = "time that a record says it is draining before it is deleted", then = "it is deleted")
  static final Duration DRAIN_NOTICE = Duration.ofMillis(500);

  private static final Logger log = LoggerFactory.getLogger(FileAnnouncement.class);
  private static final int HEARTBEATS_PER_TTL = 3;

  private enum State {
    /** A write is under way. */
    PUBLISHING,
    /** The file says what was asked for, or did until an update that is still to be written. */
    PUBLISHED,
    /** The record was withdrawn by this process; the file is being deleted or is deleted. */
    WITHDRAWN,
    /** The record is lost, and the listener was notified. */
    ENDED
  }

  private final ServiceDirectory serviceDirectory;
  private final Path file;
  private final FileRegistryContext surroundings;
  private final Scheduler scheduler;
  private final AnnouncementListener listener;
  private final Backoff backoff;
  private State state = State.PUBLISHING;
  private Endpoint wanted;
  // Written on the I/O thread by the first write; null until then.
  private volatile @Nullable FileRecord written;
  // Whether a write of ours was seen to succeed.
  private boolean visible;
  private @Nullable Subscription nextTry;
  private @Nullable Subscription heartbeat;
  private boolean heartbeatFailing;
  private volatile boolean touching;
  private long awaySinceNanos;
  private boolean away;
  private long drainingSinceNanos;
  private boolean draining;

  FileAnnouncement(
      ServiceDirectory serviceDirectory,
      Endpoint endpoint,
      FileRegistryContext surroundings,
      AnnouncementListener listener) {
    this.serviceDirectory = serviceDirectory;
    this.surroundings = surroundings;
    this.listener = listener;
    file = serviceDirectory.directory().resolve(RecordFileName.of(endpoint.address()));
    scheduler = surroundings.context().scheduler();
    backoff = new Backoff(Backoff.BackoffOptions.REGISTRY, surroundings.context().random());
    wanted = endpoint;
  }

  /** Registers the announcement with its folder and starts the first write. */
  void begin() {
    serviceDirectory.add(this);
    publish();
  }

  void update(Endpoint endpoint) {
    wanted = endpoint;
    if (state == State.PUBLISHED) {
      publish();
    }
  }

  /** Marks the record as draining, then deletes it. */
  CompletableFuture<Void> withdraw() {
    boolean wasWritten = written != null;
    boolean markedAlready = wasWritten && draining && state == State.PUBLISHED;
    leave(State.WITHDRAWN);
    CompletableFuture<Void> done = new CompletableFuture<>();
    if (markedAlready) {
      long sinceNanos = surroundings.nowNanos() - drainingSinceNanos;
      deleteAfter(DRAIN_NOTICE.minusNanos(sinceNanos), done);
      return done;
    }
    surroundings
        .io()
        .submit(
            "mark " + file + " as draining",
            this::markDrainingOnIo,
            marked -> {
              if (marked) {
                deleteAfter(DRAIN_NOTICE, done);
              } else {
                done.complete(null);
              }
            },
            failure -> {
              // A full disk takes no mark, but it lets a file be deleted.
              log.info("event=drain_mark_failed file={} cause=\"{}\"", file, failure.getMessage());
              deleteAfter(Duration.ZERO, done);
            });
    return done;
  }

  /** Deletes the record without notice, because the registry is closed. */
  void close() {
    leave(State.WITHDRAWN);
    if (surroundings.options().leased()) {
      surroundings.io().run("delete " + file, this::deleteOnIo);
    }
  }

  /**
   * Compares the record with a completed scan of the directory. Ends the announcement when the file
   * was deleted or taken over.
   */
  void onScanned(ScanResult result) {
    away = false;
    FileRecord ours = written;
    if (state != State.PUBLISHED || ours == null) {
      return;
    }
    FileRecord found = result.records().get(file.getFileName().toString());
    if (found == null) {
      end(new RegistryException(RegistryErrorKind.RECORD_DELETED, file + " was deleted"));
    } else if (!found.isSameAnnouncement(ours)) {
      if (found.generation() >= ours.generation()) {
        end(takenOver(found));
      } else {
        // A process that is on its way out wrote once more over our newer record.
        log.info("event=record_restored file={} older={}", file, found.endpoint().instance());
        publish();
      }
    }
  }

  /** The directory could not be read; a record in it is as it was, as far as we know. */
  void onRegistryFailed(RegistryException cause) {
    long nowNanos = surroundings.nowNanos();
    if (!away) {
      away = true;
      awaySinceNanos = nowNanos;
    } else if (state == State.PUBLISHED
        && nowNanos - awaySinceNanos > surroundings.options().missingDirectoryGrace().toNanos()) {
      end(cause);
    }
  }

  private void publish() {
    cancelNextTry();
    state = State.PUBLISHING;
    Endpoint endpoint = wanted;
    surroundings
        .io()
        .submit(
            "write " + file, () -> publishOnIo(endpoint), this::onWritten, this::onPublishFailed);
  }

  private void onWritten(FileRecord record) {
    if (state != State.PUBLISHING) {
      return;
    }
    state = State.PUBLISHED;
    visible = true;
    backoff.reset();
    if (heartbeat == null && record.owner() != null) {
      scheduleHeartbeat();
    }
    boolean nowDraining = record.endpoint().draining();
    if (nowDraining && !draining) {
      drainingSinceNanos = surroundings.nowNanos();
    }
    draining = nowDraining;
    if (!record.endpoint().equals(wanted)) {
      publish();
      return;
    }
    listener.onPublished();
  }

  private void onPublishFailed(RegistryException cause) {
    if (state != State.PUBLISHING) {
      return;
    }
    RegistryMeter.REQUESTS_FAILED
        .counter(surroundings.context().meters(), FileRegistryProvider.SCHEME, cause.kind().name())
        .increment();
    if (visible
        && cause.kind() != RegistryErrorKind.TAKEN_OVER
        && cause.kind() != RegistryErrorKind.CLOSED) {
      // The file is replaced whole or not at all, so our record is still there as it was: only the
      // change is missing, and deleting it would take a live instance out of the list.
      if (backoff.attempts() == 0) {
        log.warn("event=update_failed file={} cause=\"{}\"", file, cause.getMessage());
      }
      state = State.PUBLISHED;
      nextTry = scheduler.schedule(backoff.next(), this::publishAgain);
      return;
    }
    if (cause.kind() == RegistryErrorKind.UNAVAILABLE) {
      // It may have been written all the same, or be written late; nobody would keep it.
      surroundings.io().run("delete " + file, this::deleteOnIo);
    }
    end(cause);
  }

  private void publishAgain() {
    if (state == State.PUBLISHED) {
      publish();
    }
  }

  private FileRecord publishOnIo(Endpoint endpoint) {
    serviceDirectory.registry().prepare(serviceDirectory.directory(), surroundings.nowNanos());
    FileRecord present = readOnIo().orElse(null);
    FileRecord ours = written;
    FileRecord next;
    if (ours == null) {
      FileOptions options = surroundings.options();
      long generation = present == null ? 1 : present.generation() + 1;
      RecordOwner recordOwner =
          options.leased() ? surroundings.processes().self(options.ttl()) : null;
      next = new FileRecord(endpoint, generation, recordOwner);
    } else {
      if (present != null
          && !present.isSameAnnouncement(ours)
          && present.generation() >= ours.generation()) {
        throw takenOver(present);
      }
      next = ours.withEndpoint(endpoint);
    }
    try {
      surroundings.store().write(file, next);
    } catch (IOException e) {
      throw FileFailure.of("write", file, e);
    }
    written = next;
    return next;
  }

  private boolean markDrainingOnIo() {
    FileRecord ours = written;
    if (ours == null) {
      return false;
    }
    serviceDirectory.registry().require(surroundings.nowNanos());
    Optional<FileRecord> present = readOnIo().filter(ours::isSameAnnouncement);
    if (present.isEmpty()) {
      return false;
    }
    try {
      surroundings
          .store()
          .write(file, ours.withEndpoint(present.get().endpoint().withDraining(true)));
      return true;
    } catch (IOException e) {
      throw FileFailure.of("write", file, e);
    }
  }

  private void deleteAfter(Duration notice, CompletableFuture<Void> done) {
    var unused =
        scheduler.schedule(
            notice,
            () ->
                surroundings
                    .io()
                    .submit(
                        "delete " + file,
                        this::deleteOnIo,
                        deleted -> done.complete(null),
                        done::completeExceptionally));
  }

  // Whether or not there was something to delete: what counts is that our record is gone.
  private boolean deleteOnIo() {
    FileRecord ours = written;
    if (ours == null) {
      return false;
    }
    serviceDirectory.registry().require(surroundings.nowNanos());
    if (readOnIo().filter(ours::isSameAnnouncement).isEmpty()) {
      return false;
    }
    try {
      return surroundings.store().remove(file, ours::isSameAnnouncement);
    } catch (IOException e) {
      throw FileFailure.of("delete", file, e);
    }
  }

  private Optional<FileRecord> readOnIo() {
    try {
      return surroundings.store().read(file);
    } catch (MalformedFileException e) {
      return Optional.empty();
    } catch (IOException e) {
      throw FileFailure.of("read", file, e);
    }
  }

  private void scheduleHeartbeat() {
    heartbeat =
        scheduler.schedule(surroundings.options().ttl().dividedBy(HEARTBEATS_PER_TTL), this::beat);
  }

  private void beat() {
    scheduleHeartbeat();
    if (touching) {
      // The last one still hangs: don't queue more of them behind it.
      return;
    }
    touching = true;
    boolean taken =
        surroundings
            .io()
            .submit(
                "touch " + file,
                this::touchOnIo,
                touched -> heartbeatFailing = false,
                this::onTouchFailed);
    if (!taken) {
      touching = false;
    }
  }

  private void onTouchFailed(RegistryException failure) {
    // A missing file is not our business here: the next check ends the announcement.
    if (!heartbeatFailing) {
      log.warn("event=heartbeat_failed file={} cause=\"{}\"", file, failure.getMessage());
    }
    heartbeatFailing = true;
  }

  private boolean touchOnIo() {
    try {
      surroundings.store().touch(file);
      return true;
    } catch (IOException e) {
      throw FileFailure.of("touch", file, e);
    } finally {
      touching = false;
    }
  }

  private void end(RegistryException cause) {
    leave(State.ENDED);
    listener.onEnded(cause);
  }

  private void leave(State last) {
    state = last;
    if (heartbeat != null) {
      heartbeat.close();
      heartbeat = null;
    }
    cancelNextTry();
    serviceDirectory.remove(this);
  }

  private void cancelNextTry() {
    if (nextTry != null) {
      nextTry.close();
      nextTry = null;
    }
  }

  private RegistryException takenOver(FileRecord by) {
    RecordOwner recordOwner = by.owner();
    return new RegistryException(
        RegistryErrorKind.TAKEN_OVER,
        file
            + " was taken over by instance \""
            + by.endpoint().instance()
            + "\""
            + (recordOwner == null ? "" : " of process " + recordOwner.pid()));
  }
}
