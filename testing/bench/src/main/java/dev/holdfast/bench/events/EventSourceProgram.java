package dev.holdfast.bench.events;

import dev.holdfast.lab.process.ParentLine;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollIoHandler;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/** The program of {@link EventSourceClients}: {@code PORT READERS NAME INTERVAL_MILLIS}. */
final class EventSourceProgram {
  /** Asked: open all streams; answered when each has had a message. */
  static final String OPEN = "OPEN";

  /** Asked and answered: the number of readers that hear messages, and the counts of all. */
  static final String COUNT = "COUNT";

  /** The streams that Chromium and Firefox open to one origin over HTTP/2 at most. */
  private static final int STREAMS_OF_A_BROWSER = 100;

  private static final int OPENING_AT_ONCE = 500;
  private static final long PATIENCE_SECONDS = 240;

  private final EventTally eventTally = new EventTally();
  private final List<EventSourceReader> readers = new ArrayList<>();
  private final EventLoopGroup loops =
      new MultiThreadIoEventLoopGroup(1, EpollIoHandler.newFactory());

  private EventSourceProgram() {}

  /** Runs the program until its standard input ends. */
  public static void main(String[] args) throws Exception {
    EventSourceProgram program = new EventSourceProgram();
    ParentLine parent = new ParentLine();
    for (String asked = parent.next(); !asked.isEmpty(); asked = parent.next()) {
      switch (asked) {
        case OPEN -> {
          program.open(Integer.parseInt(args[0]), Integer.parseInt(args[1]), args[2], args[3]);
          parent.say(OPEN);
        }
        case COUNT -> parent.say("%s %d %s", COUNT, program.hearing(), program.eventTally.line());
        default -> throw new IllegalArgumentException(asked);
      }
    }
    System.exit(0);
  }

  private long hearing() {
    return readers.stream().filter(EventSourceReader::isHearing).count();
  }

  private void open(int port, int count, String name, String intervalMillis)
      throws InterruptedException {
    Semaphore opening = new Semaphore(OPENING_AT_ONCE);
    Browser browser = new Browser(loops.next(), port);
    for (int i = 0; i < count; i++) {
      if (i % STREAMS_OF_A_BROWSER == 0) {
        browser = new Browser(loops.next(), port);
      }
      acquire(opening, 1);
      String path = "/v1/pages/" + name + "-" + i + ":watch?intervalMillis=" + intervalMillis;
      EventSourceReader reader = new EventSourceReader(browser, path, eventTally, opening::release);
      readers.add(reader);
      EventLoop loop = browser.loop();
      loop.execute(reader::ask);
    }
    acquire(opening, OPENING_AT_ONCE);
  }

  private void acquire(Semaphore opening, int permits) throws InterruptedException {
    if (!opening.tryAcquire(permits, PATIENCE_SECONDS, TimeUnit.SECONDS)) {
      throw new IllegalStateException("streams were not answered: " + eventTally.line());
    }
  }
}
