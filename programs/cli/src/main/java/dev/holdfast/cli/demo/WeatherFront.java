package dev.holdfast.cli.demo;

import dev.holdfast.lab.Middlebox;
import dev.holdfast.lab.PathFaults;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The injector of the fault schedule: applies each fault to the middlebox of a server, until {@link
 * #calm}. Thread-safe.
 */
final class WeatherFront implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(WeatherFront.class);

  private final Weather weather;
  private final Supplier<List<Middlebox>> doors;
  private final Map<Weather.Kind, Long> gusts = new EnumMap<>(Weather.Kind.class);
  private final ScheduledExecutorService timer =
      Executors.newSingleThreadScheduledExecutor(
          task -> {
            Thread thread = new Thread(task, "demo-weather");
            thread.setDaemon(true);
            return thread;
          });
  private boolean calm = true;

  /**
   * @param doors those that stand now; one of them takes the place of a door that is gone
   */
  WeatherFront(Weather weather, Supplier<List<Middlebox>> doors) {
    this.weather = weather;
    this.doors = doors;
  }

  synchronized void begin() {
    calm = false;
    next();
  }

  /** No further gust; what is wrong is put right, what is forgotten stays so. */
  synchronized void calm() {
    calm = true;
    doors.get().forEach(door -> door.faults(PathFaults.NONE));
  }

  /** The number of injected faults by kind. */
  synchronized Map<Weather.Kind, Long> gusts() {
    return new EnumMap<>(gusts);
  }

  long count() {
    return gusts().values().stream().mapToLong(Long::longValue).sum();
  }

  @Override
  public void close() {
    timer.shutdownNow();
  }

  private void next() {
    Weather.Gust gust = weather.next();
    later(() -> blow(gust), gust.after().toMillis());
  }

  private synchronized void blow(Weather.Gust gust) {
    if (calm) {
      return;
    }
    List<Middlebox> standing = doors.get();
    if (!standing.isEmpty()) {
      Middlebox door = standing.get(gust.door() % standing.size());
      try {
        strike(door, gust);
        gusts.merge(gust.kind(), 1L, Long::sum);
      } catch (IllegalStateException e) {
        log.debug("event=door_closed_meanwhile", e);
      }
    }
    next();
  }

  private void strike(Middlebox door, Weather.Gust gust) {
    switch (gust.kind()) {
      case RESET -> door.resetFlows();
      case FORGET -> door.forgetFlows();
      default -> {
        door.faults(gust.faults());
        later(() -> clear(door), gust.length().toMillis());
      }
    }
  }

  private void clear(Middlebox door) {
    if (doors.get().contains(door)) {
      door.faults(PathFaults.NONE);
    }
  }

  private void later(Runnable task, long millis) {
    try {
      var unused = timer.schedule(task, millis, TimeUnit.MILLISECONDS);
    } catch (RejectedExecutionException e) {
      log.debug("event=weather_over", e);
    }
  }
}
