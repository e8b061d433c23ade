package dev.holdfast.registry.file;

import dev.holdfast.core.IoErrorText;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The change listener of a path, which follows the path and not the directory.
 *
 * <p>The system's watch stays with a directory that is moved away, and does not cover the directory
 * that replaces it. While there is none, its parent is watched, so that its creation is noticed.
 * Confined to the I/O thread.
 */
final class DirectoryPathWatch {
  private static final Logger log = LoggerFactory.getLogger(DirectoryPathWatch.class);

  private final Path directory;
  private final Path parent;
  private final DirectoryEvents events;
  private final Runnable listener;
  private DirectoryEvents.@Nullable DirectoryWatch directoryWatch;
  private @Nullable Path watched;
  private @Nullable Object watchedKey;

  /**
   * The watch of the former directory, while it is not at its path. The system reports a moment
   * later whether the directory was moved away or deleted; its inode number may belong to another
   * one by then.
   */
  private DirectoryEvents.@Nullable DirectoryWatch former;

  private boolean troubleReported;

  DirectoryPathWatch(Path directory, Path parent, DirectoryEvents events, Runnable listener) {
    this.directory = directory;
    this.parent = parent;
    this.events = events;
    this.listener = listener;
  }

  /**
   * Listens to what is at the path now; to be called before the directory is read, so that no
   * change falls between.
   *
   * @return whether the directory listened to so far was deleted
   */
  boolean ensure() {
    boolean lost = attach();
    // Created after the check for it and before its parent was listened to: nobody would report it.
    if (parent.equals(watched) && Files.isDirectory(directory)) {
      lost |= attach();
    }
    return lost;
  }

  private boolean attach() {
    Path target = Files.isDirectory(directory) ? directory : parent;
    Object key = keyOf(target);
    boolean valid = directoryWatch != null && directoryWatch.isValid();
    boolean lost = former != null && !former.isValid();
    if (lost || target.equals(directory)) {
      closeFormer();
    }
    if (valid && target.equals(watched) && key != null && key.equals(watchedKey)) {
      return lost;
    }
    lost |= directoryWatch != null && !valid && directory.equals(watched);
    if (valid && directory.equals(watched) && !target.equals(directory)) {
      closeFormer();
      former = directoryWatch;
      directoryWatch = null;
    }
    closeRegistration();
    if (key != null) {
      register(target, key);
    }
    return lost;
  }

  void close() {
    closeFormer();
    closeRegistration();
  }

  private void closeFormer() {
    if (former != null) {
      former.close();
      former = null;
    }
  }

  private void closeRegistration() {
    if (directoryWatch != null) {
      directoryWatch.close();
      directoryWatch = null;
    }
    watched = null;
    watchedKey = null;
  }

  private void register(Path target, Object key) {
    try {
      directoryWatch = events.register(target, listener);
      watched = target;
      watchedKey = key;
      troubleReported = false;
    } catch (IOException e) {
      if (!troubleReported) {
        troubleReported = true;
        log.warn(
            "event=directory_watch_failed directory={} fallback=poll cause=\"{}\"",
            target,
            IoErrorText.of(e));
      }
    }
  }

  private static @Nullable Object keyOf(Path path) {
    try {
      return Files.readAttributes(path, BasicFileAttributes.class).fileKey();
    } catch (IOException e) {
      log.debug("event=directory_unreadable directory={} cause=\"{}\"", path, IoErrorText.of(e));
      return null;
    }
  }
}
