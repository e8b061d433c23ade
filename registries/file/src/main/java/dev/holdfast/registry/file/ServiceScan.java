package dev.holdfast.registry.file;

import dev.holdfast.core.Endpoint;
import dev.holdfast.core.EndpointSet;
import dev.holdfast.core.FileStamp;
import dev.holdfast.core.IoErrorText;
import dev.holdfast.core.LogEscaper;
import dev.holdfast.core.RegistryException;
import dev.holdfast.core.RegistryException.RegistryErrorKind;
import dev.holdfast.core.RegistryMeter;
import dev.holdfast.core.RegistrySnapshot;
import dev.holdfast.core.annotation.Limit;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The scanner of one service's directory. A scan reads the files that changed, ignores foreign
 * files, and removes the records of owners that are gone.
 *
 * <p>Confined to the I/O thread. State kept between two scans is limited to the files that the last
 * scan saw.
 */
final class ServiceScan {
  /** More files than this are not looked at. */
  @Limit(of = "files in a service's directory", then = "further ones are not looked at, and logged")
  static final int MAX_FILES = 100_000;

  /** A longer list is not read. */
  @Limit(of = "a static list", then = "a longer one is malformed")
  static final int MAX_LIST_BYTES = 16 * 1024 * 1024;

  /** An unfinished file that nobody touches for this long was left behind by a killed process. */
  @Limit(of = "life of an unfinished file that a killed process left", then = "it is removed")
  static final Duration LEFTOVER_AFTER = Duration.ofSeconds(60);

  private static final Logger log = LoggerFactory.getLogger(ServiceScan.class);
  private static final int STEPS_PER_TTL = 4;
  // Coarser than the time stamps of any file system in use: a file changed twice within this may
  // look the same, so it is read again once it is older.
  private static final long SETTLED_AFTER_NANOS = Duration.ofMillis(50).toNanos();

  /** The cached content of a file, as of the last read. */
  private record Page(
      FileStamp stamp,
      long firstSeenNanos,
      boolean settled,
      @Nullable FileRecord record,
      List<Endpoint> endpoints,
      @Nullable String problem) {}

  private final Path directory;
  private final RegistryDirectory registry;
  private final FileRegistryContext surroundings;
  private final Map<RecordOwner, LocalProcesses.ProcessState> processStates = new HashMap<>();
  private final HeartbeatMonitor ledger = new HeartbeatMonitor();
  private final Set<String> undeletable = new HashSet<>();
  private Map<String, Page> pages = new HashMap<>();
  private @Nullable Object directoryKey;
  private boolean tooManyReported;
  private long epoch;

  ServiceScan(Path directory, RegistryDirectory registry, FileRegistryContext surroundings) {
    this.directory = directory;
    this.registry = registry;
    this.surroundings = surroundings;
  }

  /** The directory was deleted since the last scan, even if there is one again. */
  void onDirectoryLost() {
    if (directoryKey != null) {
      directoryKey = null;
      epoch++;
    }
  }

  /**
   * Scans all files of the directory.
   *
   * @param fresh whether files are read even if their stamps are unchanged
   * @throws dev.holdfast.core.RegistryException when the registry directory is missing or
   *     unreadable
   */
  ScanResult scan(long nowNanos, boolean fresh) {
    registry.require(nowNanos);
    processStates.clear();
    Map<String, Page> seen = new HashMap<>();
    Map<String, FileRecord> living = new HashMap<>();
    List<Endpoint> endpoints = new ArrayList<>();
    try {
      Object key = noteDirectory();
      for (Path file : list()) {
        String name = file.getFileName().toString();
        FileStamp stamp = stamp(file);
        if (stamp == null) {
          continue;
        }
        if (RecordFileName.isUnfinished(name)) {
          removeLeftover(file, name, stamp, nowNanos);
          continue;
        }
        Page page = page(file, name, stamp, nowNanos, fresh);
        if (page == null) {
          continue;
        }
        seen.put(name, page);
        FileRecord record = page.record;
        if (record == null) {
          endpoints.addAll(page.endpoints);
        } else if (isLiving(file, name, stamp, record, nowNanos)) {
          living.put(name, record);
          endpoints.add(record.endpoint());
        }
      }
      requireSameDirectory(key);
    } catch (NoSuchFileException e) {
      registry.require(nowNanos);
      onDirectoryLost();
    } catch (IOException e) {
      throw FileFailure.of("read", directory, e);
    }
    pages = seen;
    undeletable.retainAll(seen.keySet());
    return new ScanResult(
        new RegistrySnapshot(EndpointSet.of(endpoints), epoch), Map.copyOf(living));
  }

  private @Nullable Object noteDirectory() throws IOException {
    Object key = Files.readAttributes(directory, BasicFileAttributes.class).fileKey();
    if (directoryKey != null && !directoryKey.equals(key)) {
      epoch++;
    }
    directoryKey = key;
    return key;
  }

  // When it was moved away in the middle, the files that could not be read then are not gone.
  private void requireSameDirectory(@Nullable Object key) throws IOException {
    Object now = Files.readAttributes(directory, BasicFileAttributes.class).fileKey();
    if (!Objects.equals(now, key)) {
      throw new RegistryException(
          RegistryErrorKind.UNAVAILABLE, directory + " was replaced while it was being read");
    }
  }

  private List<Path> list() throws IOException {
    List<Path> files = new ArrayList<>();
    Set<String> names = new HashSet<>();
    try (DirectoryStream<Path> stream = Files.newDirectoryStream(directory)) {
      for (Path file : stream) {
        String name = file.getFileName().toString();
        if (!RecordFileName.isRecord(name)
            && !RecordFileName.isList(name)
            && !RecordFileName.isUnfinished(name)) {
          continue;
        }
        if (files.size() == MAX_FILES) {
          reportTooMany();
          break;
        }
        files.add(file);
        names.add(name);
      }
    } catch (DirectoryIteratorException e) {
      throw e.getCause();
    }
    // A listing may miss a file that is replaced meanwhile (tmpfs gives it a new place), so those
    // known so far are asked for by name.
    for (String name : pages.keySet()) {
      if (files.size() < MAX_FILES && names.add(name)) {
        files.add(directory.resolve(name));
      }
    }
    ledger.retain(names);
    return files;
  }

  // Only regular files (or links to them): to open a pipe would wait for its writer for ever.
  private static @Nullable FileStamp stamp(Path file) throws IOException {
    try {
      BasicFileAttributes attributes = Files.readAttributes(file, BasicFileAttributes.class);
      return attributes.isRegularFile() ? FileStamp.of(attributes) : null;
    } catch (NoSuchFileException e) {
      return null;
    }
  }

  private @Nullable Page page(Path file, String name, FileStamp stamp, long nowNanos, boolean fresh)
      throws IOException {
    Page last = pages.get(name);
    boolean same = last != null && last.stamp.equals(stamp);
    if (last != null && same && last.settled && !fresh) {
      return last;
    }
    long firstSeenNanos = last != null && same ? last.firstSeenNanos : nowNanos;
    boolean settled = nowNanos - firstSeenNanos > SETTLED_AFTER_NANOS;
    Page read;
    try {
      read =
          RecordFileName.isList(name)
              ? listPage(file, stamp, firstSeenNanos, settled)
              : recordPage(file, stamp, firstSeenNanos, settled);
    } catch (NoSuchFileException e) {
      return null;
    }
    String problem = read.problem;
    if (problem != null && (last == null || !Objects.equals(last.problem, problem))) {
      log.warn(
          "event=file_malformed file=\"{}\" problem=\"{}\"",
          LogEscaper.escape(file.toString()),
          LogEscaper.escape(problem));
      RegistryMeter.RECORDS_MALFORMED
          .counter(surroundings.context().meters(), FileRegistryProvider.SCHEME)
          .increment();
    }
    return read;
  }

  private Page recordPage(Path file, FileStamp stamp, long firstSeenNanos, boolean settled)
      throws IOException {
    try {
      byte[] bytes = RecordStore.bytes(file, RecordStore.MAX_RECORD_BYTES);
      FileRecord record = RecordJson.read(bytes);
      return new Page(stamp, firstSeenNanos, settled, record, List.of(), null);
    } catch (MalformedFileException e) {
      return new Page(stamp, firstSeenNanos, settled, null, List.of(), e.getMessage());
    }
  }

  private Page listPage(Path file, FileStamp stamp, long firstSeenNanos, boolean settled)
      throws IOException {
    try {
      byte[] bytes = RecordStore.bytes(file, MAX_LIST_BYTES);
      StaticList list = StaticList.parse(new String(bytes, StandardCharsets.UTF_8));
      String problem =
          list.problems().isEmpty()
              ? null
              : list.problems().get(0)
                  + (list.problems().size() > 1
                      ? ", and " + (list.problems().size() - 1) + " more lines"
                      : "");
      return new Page(stamp, firstSeenNanos, settled, null, list.endpoints(), problem);
    } catch (MalformedFileException e) {
      return new Page(stamp, firstSeenNanos, settled, null, List.of(), e.getMessage());
    }
  }

  private boolean isLiving(
      Path file, String name, FileStamp stamp, FileRecord record, long nowNanos) {
    RecordOwner recordOwner = record.owner();
    if (recordOwner == null) {
      return true;
    }
    String evidence;
    switch (processStates.computeIfAbsent(recordOwner, surroundings.processes()::stateOf)) {
      case ALIVE -> {
        return true;
      }
      case DEAD -> evidence = "process_ended";
      default -> {
        long ttlNanos = Duration.ofMillis(recordOwner.ttlMillis()).toNanos();
        if (ledger.observe(name, stamp, nowNanos, ttlNanos / STEPS_PER_TTL) < ttlNanos) {
          return true;
        }
        evidence = "no_heartbeat";
      }
    }
    return !removeOrphan(file, name, record, evidence);
  }

  // False when the file turned out to be another's by now; the next scan will tell.
  private boolean removeOrphan(Path file, String name, FileRecord record, String evidence) {
    if (undeletable.contains(name)) {
      return true;
    }
    try {
      boolean removed = surroundings.store().remove(file, record::isSameAnnouncement);
      if (removed) {
        log.info(
            "event=orphan_removed file={} pid={} evidence={}",
            file,
            Objects.requireNonNull(record.owner()).pid(),
            evidence);
      }
      return removed;
    } catch (IOException e) {
      // It is left out of the list all the same; without the right to delete that is all we can do.
      undeletable.add(name);
      log.warn("event=orphan_not_removed file={} cause=\"{}\"", file, IoErrorText.of(e));
      return true;
    }
  }

  private void removeLeftover(Path file, String name, FileStamp stamp, long nowNanos) {
    long patienceNanos = LEFTOVER_AFTER.toNanos();
    if (ledger.observe(name, stamp, nowNanos, patienceNanos / STEPS_PER_TTL) < patienceNanos) {
      return;
    }
    try {
      Files.deleteIfExists(file);
      log.info("event=temporary_file_removed file={}", file);
    } catch (IOException e) {
      log.debug("event=temporary_file_not_removed file={} cause=\"{}\"", file, IoErrorText.of(e));
    }
  }

  private void reportTooMany() {
    if (!tooManyReported) {
      tooManyReported = true;
      log.warn("event=too_many_files directory={} limit={}", directory, MAX_FILES);
    }
  }
}
