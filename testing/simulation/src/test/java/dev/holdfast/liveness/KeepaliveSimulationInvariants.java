package dev.holdfast.liveness;

import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The guarantees of the monitor, checked after each event of a simulation. */
final class KeepaliveSimulationInvariants
    implements KeepaliveSimulation.KeepaliveSimulationObserver {
  /** Rare things that the schedules must reach now and then, or they prove little. */
  enum Marker {
    FORGIVEN_LATE,
    CLOSED_DEAD,
    CLOSED_LIVING,
    CLOSED_STUCK,
    HELD_FOR_REPLACEMENT,
    REPLACEMENT_READY,
    GAP_WHILE_ASKED,
    PROBED_BY_CLIENT,
    KERNEL_SAW_FIRST
  }

  private static final long SECOND = Duration.ofSeconds(1).toNanos();

  /** A kernel is asked each 250 ms, after a watch that may have begun with an earlier write. */
  private static final long KERNEL_SLACK = Duration.ofMillis(600).toNanos();

  final Map<Marker, Integer> reached = new EnumMap<>(Marker.class);
  private final LivenessOptions options;
  private final boolean hasKernel;
  private @Nullable KeepalivePolicy connection;
  private boolean wasSuspect;
  private long suspectNanos;
  private long readBeforeNanos;
  private long pingBeforeNanos;

  KeepaliveSimulationInvariants(LivenessOptions options, boolean hasKernel) {
    this.options = options;
    this.hasKernel = hasKernel;
  }

  @Override
  public void after(KeepaliveSimulation play) {
    if (play.keepalivePolicy() != connection) {
      connection = play.keepalivePolicy();
      wasSuspect = false;
      readBeforeNanos = play.asked().readNanos();
      pingBeforeNanos = SimulatedTcpSender.NEVER;
    }
    if (play.isClosed()) {
      closing(play);
    } else {
      living(play);
    }
    if (play.isSuspect() && !wasSuspect) {
      suspecting(play);
    }
    if (wasSuspect && !play.isSuspect() && !play.isClosed()) {
      if (play.nowNanos() - suspectNanos > options.window().toNanos() / 2) {
        mark(Marker.FORGIVEN_LATE);
      }
    }
    wasSuspect = play.isSuspect();
    readBeforeNanos = play.asked().readNanos();
    pingBeforeNanos = play.asked().pingNanos();
    require(Guarantee.NO_FATAL_STRIKE, !play.isFatalStrike(), play, () -> "too_many_pings");
  }

  private void living(KeepaliveSimulation play) {
    PingRecord asked = play.asked();
    long now = play.nowNanos();
    long gaps = play.cast.gaps.within(asked.readNanos(), now);
    boolean spoke = asked.readNanos() == now && now > suspectNanos;
    require(
        Guarantee.BYTES_ARE_LIFE,
        !(spoke && play.isSuspect()),
        play,
        () -> "suspect though it spoke");
    long slack = 2 * gaps + 4 * options.spacing().toNanos();
    long questionNanos = Math.min(asked.pingNanos(), owedNanos(play));
    long fromNanos = Math.max(questionNanos, asked.readNanos() + options.idle().toNanos());
    require(
        Guarantee.DEAD_IS_CLOSED,
        now - fromNanos <= options.hardLimit().toNanos() + slack,
        play,
        () -> "asked and silent for " + Duration.ofNanos(now - questionNanos));
    if (play.keepaliveScenario.role() == ConnectionRole.SERVER) {
      require(
          Guarantee.SILENCE_IS_PROBED,
          ((HoldfastKeepalivePolicy) play.keepalivePolicy()).monitor().isAwaitingAnswer()
              || now - asked.readNanos() <= options.idle().toNanos() + SECOND + 2 * gaps,
          play,
          () -> "silent for " + Duration.ofNanos(now - asked.readNanos()) + " and not probed");
    }
    if (asked.pings() > 0) {
      long spacings = (now - asked.pingNanos()) / options.spacing().toNanos();
      require(
          Guarantee.NO_PROBE_STORM,
          asked.pings() <= 3 + spacings + IdleTimers.MAX_GAPS,
          play,
          () -> asked.pings() + " PINGs in " + Duration.ofNanos(now - asked.pingNanos()));
      if (play.keepaliveScenario.role() == ConnectionRole.CLIENT) {
        mark(Marker.PROBED_BY_CLIENT);
      }
      if (gaps > SECOND) {
        mark(Marker.GAP_WHILE_ASKED);
      }
    }
    if (hasKernel) {
      kernelIsHeard(play);
    }
    if (play.isSuspect() && play.replacement() == ReplacementState.READY) {
      mark(Marker.REPLACEMENT_READY);
    }
  }

  /** A segment that nobody acknowledges is a question too, where the kernel tells of it. */
  private long owedNanos(KeepaliveSimulation play) {
    return hasKernel ? play.kernelSide().owedSinceNanos(play.nowNanos()) : SimulatedTcpSender.NEVER;
  }

  private void kernelIsHeard(KeepaliveSimulation play) {
    long now = play.nowNanos();
    SimulatedTcpSender wire = play.kernelSide();
    long sinceNanos = Math.max(wire.owedSinceNanos(now), wire.lastAckNanos(now));
    long limitNanos =
        wire.secondRetransmitNanos()
            + 4 * play.keepaliveScenario.pathConditions().roundTrip().toNanos()
            + KERNEL_SLACK;
    boolean overdue =
        wire.owedSinceNanos(now) < SimulatedTcpSender.NEVER
            && now - wire.owedSinceNanos(now) > limitNanos
            && now - sinceNanos > limitNanos
            && play.cast.gaps.within(sinceNanos - SECOND, now) == 0;
    require(
        Guarantee.SUSPECT_WITHIN_A_SECOND,
        !overdue || play.isSuspect(),
        play,
        () -> "unacknowledged for " + Duration.ofNanos(now - sinceNanos) + " and not suspect");
  }

  private void suspecting(KeepaliveSimulation play) {
    suspectNanos = play.nowNanos();
    long now = play.nowNanos();
    boolean pingLate = now - pingBeforeNanos >= ProbeSequence.LEAST_PROOF_NANOS;
    boolean trouble = play.kernelSide().evidence(now).isUnresponsive();
    boolean unproven = now - readBeforeNanos > options.safeIdle().toNanos();
    if (trouble && !pingLate) {
      mark(Marker.KERNEL_SAW_FIRST);
    }
    require(
        Guarantee.NO_VAIN_SUSPICION,
        pingLate
            || trouble
            || now - readBeforeNanos > options.idle().toNanos()
            || (unproven && play.keepaliveScenario.role() == ConnectionRole.CLIENT),
        play,
        () -> "suspect without a miss");
  }

  private void closing(KeepaliveSimulation play) {
    PingRecord asked = play.asked();
    long now = play.nowNanos();
    long window = options.window().toNanos();
    long hard = options.hardLimit().toNanos();
    long silence = now - asked.readNanos();
    long gaps = play.cast.gaps.within(asked.readNanos(), now);
    long ackAge = now - play.kernelSide().lastAckNanos(now);
    boolean byHardLimit = silence >= options.idle().toNanos() + hard;
    require(
        Guarantee.A_MISS_IS_NO_VERDICT,
        now - suspectNanos >= window / 2,
        play,
        () -> "closed " + Duration.ofNanos(now - suspectNanos) + " after it became suspect");
    require(
        Guarantee.FORGIVES_AS_LONG_AS_STOCK,
        silence >= options.idle().toNanos() + window,
        play,
        () -> "closed after " + Duration.ofNanos(silence) + " of silence");
    require(
        Guarantee.ACKS_ARE_LIFE,
        !hasKernel || byHardLimit || ackAge >= window,
        play,
        () -> "closed " + Duration.ofNanos(ackAge) + " after an ACK");
    boolean unconnected =
        play.replacement() == ReplacementState.CONNECTING
            || play.replacement() == ReplacementState.UNREACHABLE;
    require(
        Guarantee.UNCONNECTED_REPLACEMENT_HOLDS,
        !unconnected || byHardLimit,
        play,
        () ->
            "closed after "
                + Duration.ofNanos(silence)
                + " with a replacement "
                + play.replacement());
    require(
        Guarantee.GAP_IS_NOT_SILENCE,
        silence - forgivable(play, gaps) >= options.idle().toNanos() + window,
        play,
        () ->
            "closed after "
                + Duration.ofNanos(silence)
                + ", "
                + Duration.ofNanos(gaps)
                + " not ours");
    if (unconnected) {
      mark(Marker.HELD_FOR_REPLACEMENT);
    }
    if (!play.cast.isGone(now)) {
      mark(Marker.CLOSED_LIVING);
    } else {
      mark(
          play.keepaliveScenario.fate() == KeepaliveScenario.PeerFailure.STUCK
              ? Marker.CLOSED_STUCK
              : Marker.CLOSED_DEAD);
    }
  }

  /** What of a gap a timer that was due in it can have noticed: with a kernel, all but 250 ms. */
  private long forgivable(KeepaliveSimulation play, long gapNanos) {
    if (!hasKernel || gapNanos < 3 * SECOND || gapsSince(play) > IdleTimers.MAX_GAPS) {
      return 0;
    }
    long whileSuspect = play.cast.gaps.within(suspectNanos, play.nowNanos());
    return Math.max(0, whileSuspect - 2 * SECOND);
  }

  private static int gapsSince(KeepaliveSimulation play) {
    return play.cast.gaps.countWithin(play.asked().readNanos(), play.nowNanos());
  }

  private void mark(Marker marker) {
    reached.merge(marker, 1, Integer::sum);
  }

  /** A requirement. Millions are checked, so that the text is made for one that is broken. */
  private static void require(
      Guarantee guarantee, boolean holds, KeepaliveSimulation play, Supplier<String> otherwise) {
    if (!holds) {
      throw new AssertionError(
          "guarantee "
              + guarantee
              + " broken at "
              + Duration.ofNanos(play.nowNanos())
              + " of "
              + play.keepaliveScenario
              + ": "
              + otherwise.get());
    }
  }
}
