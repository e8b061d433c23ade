package dev.holdfast.liveness;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A monitor and the time it is told, driven by hand. */
final class LivenessMonitorHarness {
  static final TcpInfo ACKED = kernel(0, 0, Duration.ZERO);
  static final TcpInfo TROUBLE = kernel(3, 2, Duration.ofMillis(600));

  /** Near the overflow, where comparing by {@code <} goes wrong. */
  long nowNanos = Long.MAX_VALUE - Duration.ofSeconds(31).toNanos();

  final LivenessOptions options;
  final LivenessMonitor monitor;
  final List<LivenessOutput> outputs = new ArrayList<>();

  /** What the kernel says when it is asked; null: the test answers by hand. */
  @Nullable TcpInfo kernel;

  /** When the machine last woke. */
  long wokeNanos = nowNanos;

  long readNanos = nowNanos;
  long sentNanos = nowNanos;
  long frameNanos = nowNanos;
  int calls;

  LivenessMonitorHarness(
      LivenessOptions options, ConnectionRole connectionRole, boolean hasKernel) {
    this.options = options;
    this.monitor = new LivenessMonitor(nowNanos, options, connectionRole, hasKernel);
  }

  static LivenessMonitorHarness live(
      LivenessOptions options, ConnectionRole connectionRole, boolean hasKernel) {
    LivenessMonitorHarness bench = new LivenessMonitorHarness(options, connectionRole, hasKernel);
    bench.monitor.onSettings(bench.nowNanos);
    bench.take();
    bench.outputs.clear();
    return bench;
  }

  /** What the kernel says on a path of 10 ms there and back. */
  static TcpInfo kernel(long unacked, int retransmits, Duration ackAge) {
    return new TcpInfo(unacked, retransmits, 0, ackAge.toNanos(), Duration.ofMillis(10).toNanos());
  }

  /** Time passes; every timer that becomes due in between fires, at its time. */
  LivenessMonitorHarness pass(Duration by) {
    long untilNanos = nowNanos + by.toNanos();
    int steps = 0;
    while (monitor.state() != LivenessState.CLOSED
        && monitor.nextDeadlineNanos() - untilNanos <= 0) {
      if (++steps > 100_000) {
        throw new AssertionError("the monitor's deadline does not move on");
      }
      nowNanos = Math.max(monitor.nextDeadlineNanos() - nowNanos, 0) + nowNanos;
      traffic();
      monitor.onTimeout(nowNanos);
      take();
    }
    nowNanos = untilNanos;
    return this;
  }

  /** Time passes in which no timer fires: then the one that was due does. */
  LivenessMonitorHarness sleep(Duration by) {
    nowNanos += by.toNanos();
    traffic();
    monitor.onTimeout(nowNanos);
    take();
    return this;
  }

  LivenessMonitorHarness bytes() {
    readNanos = nowNanos;
    traffic();
    take();
    return this;
  }

  LivenessMonitorHarness callFrame() {
    frameNanos = nowNanos;
    return bytes();
  }

  LivenessMonitorHarness write() {
    sentNanos = nowNanos;
    monitor.onWritten(nowNanos);
    take();
    return this;
  }

  LivenessMonitorHarness prove() {
    traffic();
    monitor.onLivenessCheck(nowNanos, wokeNanos);
    take();
    return this;
  }

  /** The machine slept until now. */
  LivenessMonitorHarness woke() {
    wokeNanos = nowNanos;
    traffic();
    monitor.onWoke(nowNanos, wokeNanos);
    take();
    return this;
  }

  LivenessMonitorHarness answer(Duration roundTrip) {
    bytes();
    monitor.onAnswered(nowNanos, roundTrip.toNanos());
    take();
    return this;
  }

  LivenessMonitorHarness replacement(ReplacementState fate) {
    monitor.onReplacement(nowNanos, fate);
    take();
    return this;
  }

  LivenessMonitorHarness tell(TcpInfo evidence) {
    traffic();
    monitor.onTcpInfo(nowNanos, evidence);
    take();
    return this;
  }

  LivenessState state() {
    return monitor.state();
  }

  int count(LivenessOutput output) {
    return (int) outputs.stream().filter(o -> o == output).count();
  }

  private void traffic() {
    monitor.onTraffic(nowNanos, readNanos, sentNanos, frameNanos, calls);
  }

  private void take() {
    for (LivenessOutput next = monitor.poll(); next != null; next = monitor.poll()) {
      outputs.add(next);
      if (next == LivenessOutput.READ_TCP_INFO && kernel != null) {
        monitor.onTcpInfo(nowNanos, kernel);
      }
    }
  }
}
