package dev.holdfast.cli.console;

import dev.holdfast.cli.UserError;
import dev.holdfast.cli.fleet.EndpointExplanation;
import dev.holdfast.cli.fleet.FleetCursor;
import dev.holdfast.cli.fleet.FleetReader;
import dev.holdfast.cli.fleet.FleetSnapshot;
import dev.holdfast.core.Clock;
import dev.holdfast.core.annotation.Limit;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The only reader of the fleet: on a thread of its own it asks each question once a second for all
 * who follow it, more seldom where there are many rows, and records the timeline, twice a second
 * for those who follow it and more seldom while nobody does. Thread-safe.
 */
final class ConsoleFeed implements AutoCloseable {
  static final Duration INTERVAL = Duration.ofSeconds(1);

  /**
   * The interval at which the timeline is recorded and shown to those who follow it: what happened
   * is to be seen within a second, reading and showing included.
   */
  static final Duration TIMELINE_INTERVAL = Duration.ofMillis(500);

  /** Half a turn: what is due is not later than the turn that is nearest to it. */
  private static final Duration SLACK = TIMELINE_INTERVAL.dividedBy(2);

  /** The interval at which the timeline is recorded while nobody looks at it. */
  static final Duration QUIET_INTERVAL = Duration.ofSeconds(5);

  @Limit(of = "pages of the console that can be turned back to", then = "the oldest is forgotten")
  static final int MAX_PAGES = 1_000;

  @Limit(of = "changes in the timeline that the console shows", then = "older ones are not shown")
  static final int SHOWN_EVENTS = 500;

  /**
   * Each row that is sorted costs a process two microseconds of CPU; so an open page takes less
   * than a hundredth of its time.
   */
  private static final long ROWS_PER_MILLI = 3;

  private static final Logger log = LoggerFactory.getLogger(ConsoleFeed.class);

  private final ScheduledExecutorService thread =
      Executors.newSingleThreadScheduledExecutor(
          task -> {
            Thread made = new Thread(task, "holdfast-console-feed");
            made.setDaemon(true);
            return made;
          });
  private final FleetReader reader;
  private final ForeignStates foreign;
  private final Timeline timeline;
  private final TimelineRecorder recorder;
  private final Clock clock;
  // Confined to the thread.
  private final Map<ConsoleQuery, Following> followed = new LinkedHashMap<>();
  private long recordedNanos;

  // Guarded by itself.
  private final Map<String, FleetCursor> pages =
      new LinkedHashMap<>() {
        @Override
        protected boolean removeEldestEntry(Map.Entry<String, FleetCursor> eldest) {
          return size() > MAX_PAGES;
        }
      };

  /** The followers of one question. Confined to the thread. */
  private static final class Following {
    private final List<Subscriber> subscribers = new ArrayList<>();
    private long dueNanos;
    private long sentNanos;
    private long shownEvents;

    /** Whether somebody still follows. */
    boolean isWanted() {
      subscribers.removeIf(subscriber -> !subscriber.isOpen());
      return !subscribers.isEmpty();
    }
  }

  /** A follower of one question. Thread-safe. */
  interface Subscriber {
    /** Whether it still follows. */
    boolean isOpen();

    /** Takes what replaces everything it was given before. Returns at once. */
    void offer(String event, String json);

    /**
     * Shows, where there is no event, that the console is there: a network that forgot the
     * connection tells nobody. Returns at once.
     */
    void heartbeat();
  }

  ConsoleFeed(
      FleetReader reader,
      ForeignStates foreign,
      Timeline timeline,
      TimelineRecorder recorder,
      Clock clock) {
    this.reader = reader;
    this.foreign = foreign;
    this.timeline = timeline;
    this.recorder = recorder;
    this.clock = clock;
    this.recordedNanos = clock.nanoTime() - QUIET_INTERVAL.toNanos();
  }

  void start() {
    var unused =
        thread.scheduleWithFixedDelay(
            this::turn, 0, TIMELINE_INTERVAL.toMillis(), TimeUnit.MILLISECONDS);
  }

  /** The place of a page that {@link #next} has named; empty when it is forgotten. */
  Optional<FleetCursor> page(String name) {
    synchronized (pages) {
      return Optional.ofNullable(pages.get(name));
    }
  }

  /** Answers the question once. */
  CompletableFuture<String> ask(ConsoleQuery query) {
    return onThread(() -> json(query));
  }

  /** Answers the question now and at each interval. */
  void follow(ConsoleQuery query, Subscriber subscriber) {
    thread.execute(
        () -> {
          Following following = followed.computeIfAbsent(query, asked -> new Following());
          following.subscribers.add(subscriber);
          publish(query, following);
        });
  }

  /** Names the page behind that of the question. */
  CompletableFuture<String> next(ConsoleQuery query) {
    return onThread(
        () -> {
          FleetCursor behind =
              reader.behind(
                  reader.read(
                      query
                          .fleet()
                          .orElseThrow(
                              () ->
                                  new IllegalArgumentException(
                                      "view: " + query.view().label() + " has one page"))));
          String name = ConsoleAccess.randomToken();
          synchronized (pages) {
            pages.put(name, behind);
          }
          return name;
        });
  }

  /** Marks an endpoint as draining, or takes the mark back. */
  CompletableFuture<List<String>> setDraining(String process, String endpoint, boolean draining) {
    CompletableFuture<List<String>> done = new CompletableFuture<>();
    thread.execute(
        () -> {
          try {
            var unused =
                reader
                    .setDraining(process, endpoint, draining)
                    .whenComplete(
                        (endpoints, failure) -> {
                          if (failure == null) {
                            done.complete(endpoints);
                          } else {
                            done.completeExceptionally(failure);
                          }
                        });
          } catch (IllegalArgumentException e) {
            done.completeExceptionally(e);
          }
        });
    return done;
  }

  /** Says why an endpoint gets calls or none. */
  CompletableFuture<List<String>> explain(String endpoint) {
    return onThread(() -> EndpointExplanation.of(reader, endpoint));
  }

  private <T> CompletableFuture<T> onThread(Callable<T> work) {
    CompletableFuture<T> done = new CompletableFuture<>();
    thread.execute(
        () -> {
          try {
            done.complete(work.call());
          } catch (Exception e) {
            done.completeExceptionally(e);
          }
        });
    return done;
  }

  private void turn() {
    try {
      followed.values().removeIf(following -> !following.isWanted());
      long nowNanos = clock.nanoTime();
      if (isTimelineFollowed() || nowNanos - recordedNanos >= QUIET_INTERVAL.toNanos()) {
        recordedNanos = nowNanos;
        recorder.look(reader);
      }
      followed.forEach(
          (query, following) -> {
            long now = clock.nanoTime();
            long overdueNanos = now - following.dueNanos;
            if (overdueNanos >= 0 && (hasNews(query, following) || isOld(overdueNanos))) {
              publish(query, following);
            } else if (now - following.sentNanos >= INTERVAL.minus(SLACK).toNanos()) {
              following.sentNanos = now;
              following.subscribers.forEach(Subscriber::heartbeat);
            }
          });
    } catch (InterruptedException e) {
      // The console ends.
      Thread.currentThread().interrupt();
    } catch (RuntimeException e) {
      log.error("event=console_turn_failed", e);
    }
  }

  private boolean isTimelineFollowed() {
    return followed.keySet().stream().anyMatch(query -> query.view() == ConsoleView.TIMELINE);
  }

  private boolean hasNews(ConsoleQuery query, Following following) {
    return query.view() != ConsoleView.TIMELINE || timeline.added() != following.shownEvents;
  }

  /** The ages of what is shown grow, also without news. */
  private static boolean isOld(long overdueNanos) {
    return overdueNanos >= QUIET_INTERVAL.toNanos();
  }

  private void publish(ConsoleQuery query, Following following) {
    following.shownEvents = timeline.added();
    Answer answer;
    try {
      answer = answer(query);
    } catch (UserError e) {
      String refusal = ConsoleJson.message("refused", String.valueOf(e.getMessage()));
      following.subscribers.forEach(subscriber -> subscriber.offer("refused", refusal));
      return;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return;
    }
    following.subscribers.forEach(subscriber -> subscriber.offer("rows", answer.json()));
    Duration interval = query.view() == ConsoleView.TIMELINE ? TIMELINE_INTERVAL : INTERVAL;
    long millis = Math.max(interval.toMillis(), answer.sorted() / ROWS_PER_MILLI);
    following.sentNanos = clock.nanoTime();
    following.dueNanos =
        following.sentNanos + TimeUnit.MILLISECONDS.toNanos(millis) - SLACK.toNanos();
  }

  private String json(ConsoleQuery query) throws InterruptedException {
    return answer(query).json();
  }

  /**
   * An answer, with what it cost.
   *
   * @param sorted the rows that processes had to look at
   */
  private record Answer(String json, long sorted) {
    static Answer of(FleetSnapshot snapshot) {
      return new Answer(ConsoleJson.rows(snapshot), snapshot.total());
    }
  }

  private Answer answer(ConsoleQuery query) throws InterruptedException {
    long nowMillis = clock.wallTime().toEpochMilli();
    return switch (query.view()) {
      case GATEWAYS ->
          new Answer(ConsoleJson.foreign(query.view(), foreign.gatewaysJson(), nowMillis), 0);
      case XDS ->
          new Answer(ConsoleJson.foreign(query.view(), foreign.controlsJson(), nowMillis), 0);
      case TIMELINE ->
          new Answer(ConsoleJson.timeline(timeline.newest(SHOWN_EVENTS), nowMillis), 0);
      default -> Answer.of(reader.read(query.fleet().orElseThrow()));
    };
  }

  @Override
  public void close() {
    thread.shutdownNow();
  }
}
