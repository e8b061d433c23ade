package dev.holdfast.registry.file;

import dev.holdfast.core.IoErrorText;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The process table of this machine, as far as Linux shows it under {@code /proc}.
 *
 * <p>A verdict is given only where it is certain. Processes of other machines, boots or containers,
 * other systems than Linux, and a {@code /proc} that hides the processes of other users ({@code
 * hidepid}) all give {@link ProcessState#UNKNOWN}; heartbeats decide then. Blocks on the file
 * system.
 */
final class LocalProcesses {
  private static final Logger log = LoggerFactory.getLogger(LocalProcesses.class);
  private static final int STATE_FIELD = 0;
  private static final int STARTED_FIELD = 19;

  /** The state of the process that owns a record. */
  enum ProcessState {
    /** The process that wrote the record is running. */
    ALIVE,
    /** The process has ended: its process id is free or belongs to another process. */
    DEAD,
    /** The state is unknown: the owner's process table is not this machine's, or is unreadable. */
    UNKNOWN
  }

  private final Path proc;
  private final RecordOwner self;
  private final boolean showsAll;

  LocalProcesses(Path proc) {
    this.proc = proc;
    self = readSelf();
    showsAll = !self.bootId().isEmpty() && !hidesProcesses();
  }

  /** The process table of this machine. */
  static LocalProcesses system() {
    return new LocalProcesses(Path.of("/proc"));
  }

  /** This process as the owner of a record. */
  RecordOwner self(Duration ttl) {
    return new RecordOwner(
        self.pid(), self.started(), self.bootId(), self.namespaceIds(), ttl.toMillis());
  }

  ProcessState stateOf(RecordOwner recordOwner) {
    if (!recordOwner.sharesProcessTableWith(self)) {
      return ProcessState.UNKNOWN;
    }
    if (recordOwner.pid() == self.pid() && recordOwner.started() == self.started()) {
      return ProcessState.ALIVE;
    }
    if (!showsAll) {
      return ProcessState.UNKNOWN;
    }
    try {
      String[] fields = statFields(proc.resolve(Long.toString(recordOwner.pid())));
      if (Long.parseLong(fields[STARTED_FIELD]) != recordOwner.started()) {
        return ProcessState.DEAD;
      }
      return hasEnded(recordOwner.pid(), fields[STATE_FIELD])
          ? ProcessState.DEAD
          : ProcessState.ALIVE;
    } catch (NoSuchFileException e) {
      return ProcessState.DEAD;
    } catch (IOException | NumberFormatException | ArrayIndexOutOfBoundsException e) {
      // A process that ends while it is read gives ESRCH; the next check gives a clear result.
      log.debug("event=process_unreadable pid={} cause=\"{}\"", recordOwner.pid(), e.toString());
      return ProcessState.UNKNOWN;
    }
  }

  // A killed process stays as a zombie until its parent asks for it. A zombie with other threads
  // has
  // only lost its first one.
  private boolean hasEnded(long pid, String state) throws IOException {
    if (!state.equals("Z") && !state.equals("X")) {
      return false;
    }
    Path tasks = proc.resolve(Long.toString(pid)).resolve("task");
    try (DirectoryStream<Path> threads = Files.newDirectoryStream(tasks)) {
      int count = 0;
      for (Path ignored : threads) {
        count++;
      }
      return count <= 1;
    }
  }

  private RecordOwner readSelf() {
    long pid = ProcessHandle.current().pid();
    try {
      long started = Long.parseLong(statFields(proc.resolve("self"))[STARTED_FIELD]);
      String boot = Files.readString(proc.resolve("sys/kernel/random/boot_id")).strip();
      Path namespaces = proc.resolve("self/ns");
      String space = Files.readSymbolicLink(namespaces.resolve("pid")).toString();
      Path time = namespaces.resolve("time");
      if (Files.exists(time)) {
        space += " " + Files.readSymbolicLink(time);
      }
      return new RecordOwner(pid, started, boot, space, 1);
    } catch (IOException | NumberFormatException | ArrayIndexOutOfBoundsException e) {
      log.info(
          "event=process_table_unreadable fallback=heartbeats cause=\"{}\"", IoErrorText.of(e));
      return new RecordOwner(pid, 0, "", "", 1);
    }
  }

  private boolean hidesProcesses() {
    try {
      return Files.readString(proc.resolve("self/mounts"))
          .lines()
          .filter(line -> line.startsWith("proc /proc "))
          .anyMatch(line -> line.contains("hidepid=") && !line.matches(".*hidepid=(0|off)\\b.*"));
    } catch (IOException e) {
      log.info("event=mounts_unreadable fallback=heartbeats cause=\"{}\"", IoErrorText.of(e));
      return true;
    }
  }

  // The fields after the command, which stands in parentheses and may contain blanks and
  // parentheses itself.
  private static String[] statFields(Path process) throws IOException {
    String stat = new String(Files.readAllBytes(process.resolve("stat")), StandardCharsets.UTF_8);
    return stat.substring(stat.lastIndexOf(')') + 1).strip().split(" ");
  }
}
