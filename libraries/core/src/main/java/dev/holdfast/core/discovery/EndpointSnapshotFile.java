package dev.holdfast.core.discovery;

import dev.holdfast.core.EndpointSet;
import dev.holdfast.core.IoErrorText;
import dev.holdfast.core.RegistryContext;
import dev.holdfast.core.RegistryMeter;
import dev.holdfast.core.ServiceName;
import dev.holdfast.core.annotation.Limit;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.time.Instant;
import java.util.HexFormat;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The last good endpoint list of one service on disk, with which a process can start while its
 * registry is down.
 *
 * <p>The file is replaced atomically (written aside, synced, renamed), at most once per {@link
 * #WRITE_INTERVAL}, on a separate thread. A checksum reveals a truncated file. A disk failure never
 * changes a list in memory; it raises a counter and is logged once until it is over. An empty list
 * deletes the file. Thread-safe.
 */
class EndpointSnapshotFile {
  private static final Logger log = LoggerFactory.getLogger(EndpointSnapshotFile.class);

  /** Changes within this time are written together. */
  @Limit(
      of = "time between two writes of a list to disk, at least",
      then = "changes are written together")
  static final Duration WRITE_INTERVAL = Duration.ofSeconds(1);

  /** Larger files are neither written nor read: about 20,000 endpoints. */
  @Limit(
      of = "a list on disk, about 20,000 endpoints",
      then = "a larger one is neither written nor read, counted and logged")
  static final int MAX_BYTES = 4 << 20;

  /** The longest pause before a write that failed is tried again. */
  @Limit(of = "time between two tries to write a list, at most", then = "it goes on being tried")
  static final Duration MAX_RETRY_DELAY = Duration.ofMinutes(1);

  /** The age at which an unfinished file of a dead process is removed. */
  @Limit(of = "life of an unfinished file that a killed process left", then = "it is removed")
  static final Duration LEFTOVER_AGE = Duration.ofHours(1);

  @Limit(
      of = "readable characters in the name of a list on disk",
      then = "the rest of a long name is in its digest only")
  private static final int MAX_READABLE_NAME = 100;

  private static final String ASIDE_SUFFIX = ".new";

  /**
   * A random name of this process, because processes in containers that share a directory may have
   * the same pid.
   */
  private static final String PROCESS =
      ProcessHandle.current().pid() + "-" + UUID.randomUUID().toString().substring(0, 8);

  private static final AtomicLong SEQUENCE = new AtomicLong();

  /**
   * The writer thread of all snapshot files. A single thread suffices: at most one write per
   * service waits.
   */
  public static final class SnapshotWriterThread {
    public static final Executor THREAD =
        Executors.newSingleThreadExecutor(
            task -> {
              Thread thread = new Thread(task, "holdfast-snapshots");
              thread.setDaemon(true);
              return thread;
            });
  }

  /**
   * A list that was read.
   *
   * @param age time since it was written, zero when the wall clock says otherwise
   */
  record StoredEndpoints(EndpointSet endpoints, Duration age) {}

  private static final Optional<EndpointSet> NOTHING = Optional.empty();

  private final Path file;
  private final RegistryContext context;
  private final Executor disk;
  private final AtomicReference<Optional<EndpointSet>> pending = new AtomicReference<>(NOTHING);
  private volatile boolean failing;
  private volatile boolean retrying = true;

  // Touched on the disk's thread only.
  private Duration retryDelay = WRITE_INTERVAL;
  private boolean leftoversRemoved;

  EndpointSnapshotFile(Path file, RegistryContext context, Executor disk) {
    this.file = file;
    this.context = context;
    this.disk = disk;
  }

  /** The file of a service of a registry, in a directory that is made when needed. */
  static EndpointSnapshotFile of(
      Path directory, String registry, ServiceName service, RegistryContext context) {
    return new EndpointSnapshotFile(
        directory.resolve(fileName(registry, service)), context, SnapshotWriterThread.THREAD);
  }

  /** A name that people recognise and that no two services share. */
  static String fileName(String registry, ServiceName service) {
    String readable = service.toString().replace('/', '~').replace(':', '~');
    String shown = readable.substring(0, Math.min(readable.length(), MAX_READABLE_NAME));
    try {
      byte[] hash =
          MessageDigest.getInstance("SHA-256")
              .digest((registry + "\n" + service).getBytes(StandardCharsets.UTF_8));
      return shown + "-" + HexFormat.of().formatHex(hash, 0, 8) + ".endpoints";
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }

  /** Reads the list; empty when there is none, or none that can be used. Never fails. */
  CompletionStage<Optional<StoredEndpoints>> read() {
    return CompletableFuture.supplyAsync(this::readNow, disk);
  }

  /** Writes the list soon; of several in a row the last one counts. */
  void write(EndpointSet list) {
    if (pending.getAndSet(Optional.of(list)).isEmpty()) {
      writeAfter(WRITE_INTERVAL);
    }
  }

  /** A list that could not be written stays unwritten: another owner of the file may have newer. */
  void stopRetrying() {
    retrying = false;
  }

  private void writeAfter(Duration delay) {
    var unused = context.scheduler().schedule(delay, () -> disk.execute(this::writePending));
  }

  private Optional<StoredEndpoints> readNow() {
    try {
      if (Files.size(file) > MAX_BYTES) {
        failed("read", "larger than " + MAX_BYTES + " bytes");
        return Optional.empty();
      }
      EndpointListCodec.Parsed parsed = EndpointListCodec.parse(Files.readAllBytes(file));
      Duration age = Duration.between(parsed.writtenAt(), context.scheduler().clock().wallTime());
      return Optional.of(
          new StoredEndpoints(parsed.endpoints(), age.isNegative() ? Duration.ZERO : age));
    } catch (NoSuchFileException e) {
      return Optional.empty();
    } catch (IOException | IllegalArgumentException e) {
      failed("read", IoErrorText.of(e));
      return Optional.empty();
    }
  }

  private void writePending() {
    Optional<EndpointSet> list = pending.getAndSet(NOTHING);
    if (list.isEmpty()) {
      return;
    }
    try {
      if (list.get().isEmpty()) {
        Files.deleteIfExists(file);
      } else {
        replace(list.get());
      }
      retryDelay = WRITE_INTERVAL;
      if (failing) {
        failing = false;
        log.info("event=snapshot_file_recovered file={}", file);
      }
    } catch (IOException | RuntimeException e) {
      failed("write", e instanceof IOException ? IoErrorText.of(e) : e.toString());
      // A newer list that came meanwhile has its own turn.
      if (retrying && pending.compareAndSet(NOTHING, list)) {
        writeAfter(retryDelay);
        Duration doubled = retryDelay.multipliedBy(2);
        retryDelay = doubled.compareTo(MAX_RETRY_DELAY) < 0 ? doubled : MAX_RETRY_DELAY;
      }
    }
  }

  private void replace(EndpointSet list) throws IOException {
    Instant now = context.scheduler().clock().wallTime();
    byte[] bytes = EndpointListCodec.format(list, now);
    if (bytes.length > MAX_BYTES) {
      // It will be too large the next time as well.
      failed("write", bytes.length + " bytes (expected: <= " + MAX_BYTES + ")");
      return;
    }
    Path directory = file.toAbsolutePath().getParent();
    removeLeftovers(Files.createDirectories(directory), now);
    Path aside = aside();
    try (FileChannel channel =
        FileChannel.open(
            aside,
            StandardOpenOption.CREATE,
            StandardOpenOption.TRUNCATE_EXISTING,
            StandardOpenOption.WRITE)) {
      ByteBuffer buffer = ByteBuffer.wrap(bytes);
      while (buffer.hasRemaining()) {
        channel.write(buffer);
      }
      channel.force(true);
    } catch (IOException e) {
      // Half a file beside the good one is of no use to anyone.
      Files.deleteIfExists(aside);
      throw e;
    }
    Files.move(aside, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    // The rename itself is durable only when the directory is.
    try (FileChannel entries = FileChannel.open(directory, StandardOpenOption.READ)) {
      entries.force(true);
    }
  }

  /** The path to which the next list is written first; unique to this process and this write. */
  Path aside() {
    return file.resolveSibling(
        file.getFileName() + "." + PROCESS + "-" + SEQUENCE.incrementAndGet() + ASIDE_SUFFIX);
  }

  private void removeLeftovers(Path directory, Instant now) throws IOException {
    if (leftoversRemoved) {
      return;
    }
    leftoversRemoved = true;
    Instant limit = now.minus(LEFTOVER_AGE);
    DirectoryStream.Filter<Path> ours =
        path -> {
          String name = String.valueOf(path.getFileName());
          return name.startsWith(file.getFileName() + ".") && name.endsWith(ASIDE_SUFFIX);
        };
    try (DirectoryStream<Path> leftovers = Files.newDirectoryStream(directory, ours)) {
      for (Path leftover : leftovers) {
        if (Files.getLastModifiedTime(leftover, LinkOption.NOFOLLOW_LINKS)
            .toInstant()
            .isBefore(limit)) {
          Files.deleteIfExists(leftover);
        }
      }
    } catch (NoSuchFileException e) {
      log.debug("event=snapshot_leftover_gone file={}", e.getFile());
    }
  }

  private void failed(String operation, String why) {
    RegistryMeter.SNAPSHOT_FILE_FAILURES.counter(context.meters(), operation).increment();
    if (!failing) {
      failing = true;
      log.warn(
          "event=snapshot_file_failed operation={} file={} cause=\"{}\"", operation, file, why);
    }
  }
}
