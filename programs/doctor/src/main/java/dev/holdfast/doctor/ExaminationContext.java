package dev.holdfast.doctor;

import dev.holdfast.core.DurationText;
import dev.holdfast.core.annotation.Limit;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** The state that the steps of one examination share. Confined to the event loop. */
final class ExaminationContext {
  /**
   * The method of the probe call. The call changes nothing, and every server answers: at worst with
   * UNIMPLEMENTED.
   */
  static final String PROBE_METHOD = "grpc.health.v1.Health/Check";

  private static final Duration MIN_RESPONSE_TIMEOUT = Duration.ofSeconds(1);

  @Limit(of = "time that an answer may take on a slow path", then = "the connection counts as dead")
  private static final Duration MAX_RESPONSE_TIMEOUT = Duration.ofSeconds(15);

  private static final int ROUND_TRIPS = 6;

  final ProbeConnections connections;
  final DoctorOptions options;
  final DoctorProgress progress;
  final List<ConnectionEvidence> evidence = new ArrayList<>();
  private final long startedNanos = System.nanoTime();

  ExaminationContext(
      ProbeConnections probeConnections, DoctorOptions options, DoctorProgress progress) {
    this.connections = probeConnections;
    this.options = options;
    this.progress = progress;
  }

  Duration elapsed() {
    return Duration.ofNanos(System.nanoTime() - startedNanos);
  }

  /** Runs a task later; what it throws fails the check that runs then. */
  void after(Duration delay, Runnable task) {
    var unused =
        connections
            .loop()
            .schedule(
                () -> {
                  try {
                    task.run();
                  } catch (RuntimeException e) {
                    connections.crashed(e);
                  }
                },
                Math.max(0, delay.toNanos()),
                TimeUnit.NANOSECONDS);
  }

  void report(String line) {
    progress.onStep(line);
  }

  /** How long an answer may take on a path with this round trip. */
  static Duration responseTimeout(Duration roundTrip) {
    Duration some = roundTrip.multipliedBy(ROUND_TRIPS);
    if (some.compareTo(MIN_RESPONSE_TIMEOUT) < 0) {
      return MIN_RESPONSE_TIMEOUT;
    }
    return some.compareTo(MAX_RESPONSE_TIMEOUT) > 0 ? MAX_RESPONSE_TIMEOUT : some;
  }

  /** A time as people say it: 350 ms, 4.6 s, 350 s, 20 m. */
  static String time(Duration time) {
    if (time.toMillis() < 1_000) {
      return time.toMillis() + "ms";
    }
    if (time.toSeconds() < 20 && time.toMillis() % 1_000 >= 100) {
      return String.format(java.util.Locale.ROOT, "%.1fs", time.toMillis() / 1_000.0);
    }
    return DurationText.format(Duration.ofSeconds(time.toSeconds()));
  }
}
