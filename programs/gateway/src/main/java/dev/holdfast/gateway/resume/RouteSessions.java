package dev.holdfast.gateway.resume;

import dev.holdfast.gateway.route.ResumePolicy;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The resumable streams of one route: their number and bytes, and those without a reader in the
 * order in which they may be evicted. Thread-safe; the streams are on different event loops.
 *
 * <p>At a limit, the stream whose end was delivered the longest ago goes first, then the one that
 * has been without a reader the longest. Its event loop ends it a moment later; until then it
 * counts as gone.
 */
final class RouteSessions {
  private final Set<ResumeSession> delivered = new LinkedHashSet<>();
  private final Set<ResumeSession> away = new LinkedHashSet<>();
  private final Set<ResumeSession> leaving = new LinkedHashSet<>();
  private int count;
  private long bytes;

  /**
   * Counts a new stream.
   *
   * @return false when the route has as many as it may, and all have readers
   */
  boolean admit(ResumePolicy policy) {
    ResumeSession evicted = null;
    synchronized (this) {
      if (count - leaving.size() >= policy.sessions()) {
        evicted = takeOldest();
        if (evicted == null) {
          return false;
        }
      }
      count++;
    }
    if (evicted != null) {
      evicted.evict();
    }
    return true;
  }

  /** Notes the new state of a stream. */
  void onState(ResumeSession session, ResumeState state) {
    synchronized (this) {
      delivered.remove(session);
      away.remove(session);
      switch (state) {
        case READING -> leaving.remove(session);
        case AWAY -> away.add(session);
        case DELIVERED -> delivered.add(session);
        case CLOSED -> {
          leaving.remove(session);
          count--;
        }
      }
    }
  }

  /** Counts bytes that a stream keeps from now on, or fewer; may evict other streams. */
  void addBytes(long more, ResumePolicy policy) {
    ResumeSession evicted = null;
    synchronized (this) {
      bytes += more;
      if (more > 0 && isFull(policy)) {
        evicted = takeOldest();
      }
    }
    if (evicted != null) {
      evicted.evict();
    }
  }

  /** Whether the streams keep as many bytes as they may. */
  synchronized boolean isFull(ResumePolicy policy) {
    long going = 0;
    for (ResumeSession each : leaving) {
      going += each.countedBytes();
    }
    return bytes - going >= policy.totalBytes();
  }

  synchronized int count() {
    return count;
  }

  synchronized long bytes() {
    return bytes;
  }

  private @Nullable ResumeSession takeOldest() {
    Set<ResumeSession> from = delivered.isEmpty() ? away : delivered;
    Iterator<ResumeSession> oldest = from.iterator();
    if (!oldest.hasNext()) {
      return null;
    }
    ResumeSession taken = oldest.next();
    oldest.remove();
    leaving.add(taken);
    return taken;
  }
}
