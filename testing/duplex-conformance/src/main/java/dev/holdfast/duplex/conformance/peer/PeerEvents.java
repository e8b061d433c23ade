package dev.holdfast.duplex.conformance.peer;

import dev.holdfast.core.annotation.Limit;
import dev.holdfast.duplex.conformance.wire.WireFrame;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** The events of one physical call, awaited by one thread. Thread-safe. */
public final class PeerEvents {
  /**
   * The time that any awaited event may take; 30 s unless {@code duplex.patience.ms} says
   * otherwise.
   */
  public static final Duration PATIENCE =
      Duration.ofMillis(Long.getLong("duplex.patience.ms", 30_000));

  @Limit(of = "events of a peer's call that nobody has awaited", then = "the scenario fails")
  private static final int MOST = 100_000;

  private final String name;
  private final Deque<PeerEvent> events = new ArrayDeque<>();
  private long headers;
  private long position;

  PeerEvents(String name) {
    this.name = name;
  }

  synchronized void add(PeerEvent event) {
    if (events.size() >= MOST) {
      throw new IllegalStateException(name + ": more than " + MOST + " events");
    }
    events.add(event);
    notifyAll();
  }

  /**
   * Takes the next event.
   *
   * @throws AssertionError when none comes in time
   */
  public synchronized PeerEvent next(Duration patience) throws InterruptedException {
    PeerEvent event = poll(patience);
    if (event == null) {
      throw new AssertionError(name + ": no event within " + patience.toMillis() + " ms");
    }
    return event;
  }

  /** The next event, or null when none comes in time. */
  public synchronized @Nullable PeerEvent poll(Duration patience) throws InterruptedException {
    long endNanos = System.nanoTime() + patience.toNanos();
    while (events.isEmpty()) {
      long leftMillis = Duration.ofNanos(endNanos - System.nanoTime()).toMillis();
      if (leftMillis <= 0) {
        return null;
      }
      wait(leftMillis);
    }
    return events.remove();
  }

  /**
   * Takes the next frame. Any other event fails the scenario. A message without a header has the
   * position that follows, as long as only the first one had a header.
   */
  public WireFrame frame() throws InterruptedException {
    PeerEvent event = next(PATIENCE);
    if (event instanceof PeerEvent.Message message) {
      return positioned(WireFrame.parse(message.bytes()));
    }
    throw new AssertionError(name + ": " + event + " (expected: a frame)");
  }

  private WireFrame positioned(WireFrame frame) {
    if (frame.hasHeader()) {
      headers++;
      position = frame.seq() == 0 ? position : frame.seq();
      return frame;
    }
    if (headers != 1 || position == 0) {
      throw new AssertionError(
          "%s: %s after %d headers (expected: after one)".formatted(name, frame, headers));
    }
    position++;
    return frame.withSeq(position);
  }

  /** Takes frames until one fits; those before it may say anything but an application's message. */
  public WireFrame frame(String expected, Predicate<WireFrame> fits) throws InterruptedException {
    while (true) {
      WireFrame frame = frame();
      if (fits.test(frame)) {
        return frame;
      }
      if (frame.isMessage()) {
        throw new AssertionError(name + ": " + frame + " (expected: " + expected + ")");
      }
    }
  }

  /**
   * Takes events until a frame fits or the call ends.
   *
   * @return whether a frame fits
   */
  public boolean frameBeforeEnd(Predicate<WireFrame> fits) throws InterruptedException {
    while (true) {
      PeerEvent event = next(PATIENCE);
      if (event instanceof PeerEvent.Ended) {
        return false;
      }
      if (event instanceof PeerEvent.Message message
          && fits.test(positioned(WireFrame.parse(message.bytes())))) {
        return true;
      }
    }
  }

  /** Takes frames until an application's message comes. */
  public WireFrame message() throws InterruptedException {
    return frame("a message", WireFrame::isMessage);
  }

  /** Takes events until the call ends; frames before that are dropped. */
  public PeerEvent.Ended end() throws InterruptedException {
    return end(PATIENCE);
  }

  /** As {@link #end()}, with a patience of its own. */
  public PeerEvent.Ended end(Duration patience) throws InterruptedException {
    while (true) {
      if (next(patience) instanceof PeerEvent.Ended ended) {
        return ended;
      }
    }
  }

  /** Takes events until the other side half-closes the call. */
  public void halfClose() throws InterruptedException {
    while (!(next(PATIENCE) instanceof PeerEvent.HalfClosed)) {
      // Acks may still come before it.
    }
  }

  /**
   * Watches for a while.
   *
   * @throws AssertionError when a message of an application comes, or the call ends
   */
  public void quiet(Duration time) throws InterruptedException {
    long endNanos = System.nanoTime() + time.toNanos();
    while (true) {
      PeerEvent event = poll(Duration.ofNanos(Math.max(0, endNanos - System.nanoTime())));
      if (event == null) {
        return;
      }
      boolean control =
          event instanceof PeerEvent.Message message
              && !WireFrame.parse(message.bytes()).isMessage();
      if (!control) {
        throw new AssertionError(name + ": " + describe(event) + " (expected: nothing)");
      }
    }
  }

  private static String describe(PeerEvent event) {
    return event instanceof PeerEvent.Message message
        ? WireFrame.parse(message.bytes()).toString()
        : event.toString();
  }
}
