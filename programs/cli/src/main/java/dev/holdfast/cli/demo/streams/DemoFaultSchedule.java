package dev.holdfast.cli.demo.streams;

import dev.holdfast.core.annotation.PureCore;
import dev.holdfast.lab.PathFaults;
import dev.holdfast.lab.RelayDirection;
import java.time.Duration;
import java.util.random.RandomGenerator;

/**
 * The fault schedule of the demo's network: a random sequence of faults, each at one server's
 * middlebox. All values come from one random generator, so a seed repeats the schedule. Not
 * thread-safe.
 */
@PureCore
final class DemoFaultSchedule {
  private static final int PAUSE_MILLIS = 400;
  private static final int PAUSE_JITTER_MILLIS = 800;
  private static final int CUT_WITHIN_BYTES = 3_000;

  /** The effect of a fault on the connections through a middlebox. */
  enum ScheduledFaultKind {
    /** Both sides of every connection are reset (RST). */
    RESET("resets"),
    /** The middlebox drops everything of its open connections silently; new connections pass. */
    SILENT_DROP("silent drops"),
    /** All packets of one direction are lost for a while. */
    ONE_WAY("one-way losses"),
    /** The relay forwards nothing for a while. */
    STALL("stalls"),
    /** The server's side is reset, the client is not told. */
    HALF_OPEN("half-open"),
    /** Reset in the middle of a frame. */
    CUT("cuts in a frame"),
    /** The middlebox sends GOAWAY to the client. */
    GOAWAY("GOAWAYs"),
    /** Connections that are idle for a moment are dropped silently. */
    IDLE_DROP("idle drops");

    private final String text;

    ScheduledFaultKind(String text) {
      this.text = text;
    }

    /** The name of the kind for people, in the plural. */
    String text() {
      return text;
    }
  }

  /**
   * A fault of the schedule.
   *
   * @param after the pause since the previous fault
   * @param middlebox index of the middlebox
   * @param faults the faults that apply meanwhile; unused for RESET and FORGET, which are
   *     instantaneous
   * @param length how long the fault lasts
   */
  record ScheduledFault(
      ScheduledFaultKind kind, Duration after, int middlebox, PathFaults faults, Duration length) {}

  private final RandomGenerator random;
  private final int middleboxes;

  DemoFaultSchedule(RandomGenerator random, int middleboxes) {
    this.random = random;
    this.middleboxes = middleboxes;
  }

  /** Draws the next fault of the schedule. */
  ScheduledFault next() {
    ScheduledFaultKind scheduledFaultKind =
        ScheduledFaultKind.values()[random.nextInt(ScheduledFaultKind.values().length)];
    Duration after = Duration.ofMillis(PAUSE_MILLIS + random.nextInt(PAUSE_JITTER_MILLIS));
    int middlebox = random.nextInt(middleboxes);
    RelayDirection direction =
        random.nextBoolean() ? RelayDirection.TO_SERVER : RelayDirection.TO_CLIENT;
    int bytes = 1 + random.nextInt(CUT_WITHIN_BYTES);
    Duration length = Duration.ofMillis(500 + random.nextInt(2_500));
    PathFaults.Builder faults = PathFaults.builder();
    switch (scheduledFaultKind) {
      case ONE_WAY -> faults.loss(direction, Duration.ZERO);
      case STALL -> faults.stall(Duration.ZERO, length, Duration.ZERO);
      case HALF_OPEN -> faults.halfOpenAfter(Duration.ZERO);
      case CUT -> faults.cut(direction, bytes);
      case GOAWAY -> faults.goAway(Duration.ZERO, 0, "the demo's fault schedule");
      case IDLE_DROP -> faults.idle(Duration.ofMillis(150), PathFaults.IdleAction.DROP);
      case RESET, SILENT_DROP -> {
        // a moment, no state
      }
    }
    return new ScheduledFault(scheduledFaultKind, after, middlebox, faults.build(), length);
  }
}
