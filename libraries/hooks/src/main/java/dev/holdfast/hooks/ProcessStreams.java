package dev.holdfast.hooks;

import dev.holdfast.core.Subscription;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.WeakHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * The resumable streams of this process, for its admin service.
 *
 * <p>Sources are held weakly: the owner of the streams keeps its source. The end of a stream costs
 * one read while nobody follows. Thread-safe.
 */
public final class ProcessStreams {
  private static final Set<StreamSource> SOURCES =
      Collections.newSetFromMap(new WeakHashMap<>()); // guarded by itself
  private static final List<Consumer<EndedStreamStatus>> FOLLOWERS = new CopyOnWriteArrayList<>();

  private ProcessStreams() {}

  /** Shows the streams of this source until the subscription is closed or the source is gone. */
  public static Subscription add(StreamSource source) {
    synchronized (SOURCES) {
      SOURCES.add(source);
    }
    return () -> {
      synchronized (SOURCES) {
        SOURCES.remove(source);
      }
    };
  }

  /** The streams of every source. */
  public static StreamSource all() {
    return new StreamSource() {
      @Override
      public int openCount() {
        return sources().stream().mapToInt(StreamSource::openCount).sum();
      }

      @Override
      public Stream<StreamStatus> open() {
        return sources().stream().map(StreamSource::open).reduce(Stream.empty(), Stream::concat);
      }
    };
  }

  private static List<StreamSource> sources() {
    synchronized (SOURCES) {
      return List.copyOf(SOURCES);
    }
  }

  /** Tells the followers that a stream has ended; asks for its state when there is a follower. */
  public static void ended(Supplier<EndedStreamStatus> stream) {
    if (!FOLLOWERS.isEmpty()) {
      EndedStreamStatus last = stream.get();
      FOLLOWERS.forEach(follower -> follower.accept(last));
    }
  }

  /** Follows the ends of streams; called on the thread of the end, so it must not block. */
  public static Subscription onEnded(Consumer<EndedStreamStatus> follower) {
    FOLLOWERS.add(follower);
    return () -> FOLLOWERS.remove(follower);
  }
}
