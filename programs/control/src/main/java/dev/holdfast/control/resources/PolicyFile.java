package dev.holdfast.control.resources;

import dev.holdfast.core.annotation.Limit;
import dev.holdfast.yaml.FileWatch;
import dev.holdfast.yaml.YamlException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFileAttributes;
import java.util.List;
import java.util.function.UnaryOperator;

/** A policy file, which is read and replaced as a whole. */
public final class PolicyFile {
  @Limit(
      of = "tries to lock a policy that others replace meanwhile",
      then = "the edit fails and the file stays as it is")
  private static final int MAX_LOCK_TRIES = 100;

  // The system's locks are between processes; a second one within a process is refused.
  private static final Object EDITING = new Object();

  private final Path path;

  /** The file at a path; a link is followed, and what it leads to is what is replaced. */
  public PolicyFile(Path path) {
    this.path = path;
  }

  /**
   * Reads and parses the policy.
   *
   * @throws IOException when the file can't be read
   * @throws PolicyException with every problem of the file's content
   */
  public Policy read() throws IOException {
    return PolicyYaml.parse(path.toString(), text());
  }

  /**
   * The text, whatever stands in it.
   *
   * @throws PolicyException when it is longer than a policy may be
   */
  String text() throws IOException {
    try {
      return FileWatch.read(path);
    } catch (YamlException e) {
      throw new PolicyException(List.of(String.valueOf(e.getMessage())));
    }
  }

  /**
   * Replaces the text atomically: readers see the old text or the new one. Edits of several threads
   * and processes are serialized. A missing file counts as empty and is created.
   *
   * @param change from the old text to the new one; an exception leaves the file unchanged
   * @throws IOException when the file can't be read or replaced
   */
  public void edit(UnaryOperator<String> change) throws IOException {
    Path file = Files.exists(path) ? path.toRealPath() : path.toAbsolutePath();
    synchronized (EDITING) {
      for (int i = 0; i < MAX_LOCK_TRIES; i++) {
        if (editLocked(file, change)) {
          return;
        }
      }
    }
    throw new IOException(file + " was replaced by others each time it was to be edited");
  }

  /** Whether it was done: the file that was locked may not be the one that stands there now. */
  private static boolean editLocked(Path file, UnaryOperator<String> change) throws IOException {
    boolean made = !Files.exists(file);
    boolean done = false;
    try (FileChannel channel =
            FileChannel.open(
                file,
                StandardOpenOption.READ,
                StandardOpenOption.WRITE,
                StandardOpenOption.CREATE);
        FileLock lock = channel.lock()) {
      ByteBuffer bytes = ByteBuffer.allocate(Math.toIntExact(channel.size()));
      while (bytes.hasRemaining() && channel.read(bytes) >= 0) {
        // Until all of it is there.
      }
      String old = new String(bytes.array(), 0, bytes.position(), StandardCharsets.UTF_8);
      // Who replaces it holds the lock of the one before: what we read is what stands there, or
      // was replaced before we had the lock.
      if (!lock.isValid() || !old.equals(Files.readString(file))) {
        return false;
      }
      replace(file, change.apply(old));
      done = true;
      return true;
    } finally {
      if (made && !done && Files.size(file) == 0) {
        Files.delete(file);
      }
    }
  }

  private static void replace(Path file, String text) throws IOException {
    Path aside = Files.createTempFile(file.getParent(), "." + file.getFileName(), ".new");
    try {
      try (FileChannel channel = FileChannel.open(aside, StandardOpenOption.WRITE)) {
        ByteBuffer bytes = ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
        while (bytes.hasRemaining()) {
          channel.write(bytes);
        }
        channel.force(true);
      }
      keepRights(file, aside);
      Files.move(aside, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } finally {
      Files.deleteIfExists(aside);
    }
  }

  private static void keepRights(Path from, Path to) throws IOException {
    PosixFileAttributeView view = Files.getFileAttributeView(to, PosixFileAttributeView.class);
    if (view != null) {
      PosixFileAttributes rights = Files.readAttributes(from, PosixFileAttributes.class);
      view.setPermissions(rights.permissions());
    }
  }
}
