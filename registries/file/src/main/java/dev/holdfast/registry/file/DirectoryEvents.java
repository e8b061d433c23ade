package dev.holdfast.registry.file;

import dev.holdfast.core.IoErrorText;
import java.io.IOException;
import java.nio.file.ClosedWatchServiceException;
import java.nio.file.FileSystems;
import java.nio.file.Path;
import java.nio.file.StandardWatchEventKinds;
import java.nio.file.WatchEvent;
import java.nio.file.WatchKey;
import java.nio.file.WatchService;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArraySet;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The change notifications of directories, as the operating system reports them. A notification is
 * a hint to scan at once, never more.
 *
 * <p>Notifications may be missing (overlay and network file systems, an exhausted limit of
 * watches), so listeners have to poll too. Listeners are called on a thread of this object and must
 * not block. Thread-safe.
 */
final class DirectoryEvents implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(DirectoryEvents.class);

  private final @Nullable WatchService service;
  private final Map<WatchKey, Set<Runnable>> listeners = new HashMap<>();

  DirectoryEvents() {
    service = open();
    if (service != null) {
      Thread thread = new Thread(() -> deliver(service), "holdfast-file-watch");
      thread.setDaemon(true);
      thread.start();
    }
  }

  /** A directory that is listened to. */
  interface DirectoryWatch extends AutoCloseable {
    /** False when the directory was deleted, or reports are not to be had. */
    boolean isValid();

    @Override
    void close();
  }

  /**
   * Listens to a directory: what is created, deleted or changed directly in it.
   *
   * @throws IOException when it does not exist, or the system has no watch left
   */
  DirectoryWatch register(Path directory, Runnable listener) throws IOException {
    WatchService watches = service;
    if (watches == null) {
      throw new IOException("the system offers no directory watch");
    }
    synchronized (listeners) {
      WatchKey key =
          directory.register(
              watches,
              StandardWatchEventKinds.ENTRY_CREATE,
              StandardWatchEventKinds.ENTRY_DELETE,
              StandardWatchEventKinds.ENTRY_MODIFY);
      listeners.computeIfAbsent(key, k -> new CopyOnWriteArraySet<>()).add(listener);
      return new DirectoryWatch() {
        @Override
        public boolean isValid() {
          return key.isValid();
        }

        @Override
        public void close() {
          release(key, listener);
        }
      };
    }
  }

  @Override
  public void close() {
    if (service != null) {
      try {
        service.close();
      } catch (IOException e) {
        log.warn("event=watch_close_failed cause=\"{}\"", IoErrorText.of(e));
      }
    }
  }

  private void release(WatchKey key, Runnable listener) {
    synchronized (listeners) {
      Set<Runnable> left = listeners.get(key);
      if (left != null && left.remove(listener) && left.isEmpty()) {
        listeners.remove(key);
        key.cancel();
      }
    }
  }

  private void deliver(WatchService watches) {
    try {
      while (true) {
        WatchKey key = watches.take();
        boolean concernsRecords = key.pollEvents().stream().anyMatch(DirectoryEvents::concerns);
        boolean gone = !key.reset();
        if (concernsRecords || gone) {
          Set<Runnable> told;
          synchronized (listeners) {
            told = listeners.getOrDefault(key, Set.of());
          }
          told.forEach(Runnable::run);
        }
      }
    } catch (ClosedWatchServiceException e) {
      log.debug("event=watch_closed");
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  // Unfinished files come and go around every change and mean nothing by themselves.
  private static boolean concerns(WatchEvent<?> event) {
    return !(event.context() instanceof Path name) || !name.toString().startsWith(".");
  }

  private static @Nullable WatchService open() {
    try {
      return FileSystems.getDefault().newWatchService();
    } catch (IOException | UnsupportedOperationException e) {
      // Linux allows 128 of these per user unless fs.inotify.max_user_instances says more.
      log.warn(
          "event=watch_unavailable fallback=poll hint=\"{}\" cause=\"{}\"",
          "raise fs.inotify.max_user_instances",
          IoErrorText.of(e));
      return null;
    }
  }

  /** For tests: how many directories are listened to. */
  int watchedCount() {
    synchronized (listeners) {
      return List.copyOf(listeners.keySet()).size();
    }
  }
}
