package dev.holdfast.cli.demo.calls;

import dev.holdfast.cli.demo.load.CallStats;
import dev.holdfast.cli.demo.process.InstanceProcess;
import dev.holdfast.cli.demo.report.GoalMissedException;
import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;

/**
 * Step 3: SIGKILL for one instance, without a deregistration. Its calls are retried elsewhere,
 * which is allowed because their method is declared idempotent.
 *
 * <p>The measured time runs from the signal to the end of the last call that needed a retry; 0 when
 * none did.
 */
final class KillStep implements DemoStep {
  /** The name of what it measures. */
  static final String MEASURE = "kill_recovery_ms";

  private static final long END_MILLIS = 180_000;
  private static final long SERVE_MILLIS = 180_000;
  // The record of a killed process has to run out: in etcd that takes its lease.
  private static final long RECORD_MILLIS = 180_000;
  // Retries come at once: without one for so long, none is to come.
  private static final long SETTLE_NANOS = TimeUnit.SECONDS.toNanos(1);

  @Override
  public String title() {
    return "kill -9 one instance";
  }

  @Override
  public Duration usualTime() {
    return Duration.ofSeconds(2);
  }

  @Override
  public void run(StepContext stepContext, Map<String, String> measured)
      throws GoalMissedException, IOException, InterruptedException {
    InstanceProcess victim = stepContext.fleet().active().get(0);
    measured.put("instance", victim.name());
    long retriedBefore = stepContext.stats().clientCallTotals().retried();
    long killNanos = System.nanoTime();
    victim.kill();
    stepContext.await(victim.name() + " dead", END_MILLIS, () -> !victim.isAlive());
    stepContext.await(
        "retries settled", RECORD_MILLIS, () -> settled(stepContext.stats(), killNanos));
    stepContext.awaitInvisible(victim, RECORD_MILLIS);
    long goneNanos = System.nanoTime() - killNanos;
    stepContext.awaitServingSince(System.nanoTime(), stepContext.fleet().active(), SERVE_MILLIS);
    long retried = stepContext.stats().clientCallTotals().retried() - retriedBefore;
    OptionalLong lastNanos = stepContext.stats().lastRetriedNanos();
    long recoveryNanos =
        retried > 0 && lastNanos.isPresent() ? Math.max(0, lastNanos.getAsLong() - killNanos) : 0;
    measured.put(MEASURE, Long.toString(TimeUnit.NANOSECONDS.toMillis(recoveryNanos)));
    measured.put("retried", Long.toString(retried));
    measured.put("record_gone_ms", Long.toString(TimeUnit.NANOSECONDS.toMillis(goneNanos)));
  }

  private static boolean settled(CallStats ledger, long killNanos) {
    long lastNanos = Math.max(0, ledger.lastRetriedNanos().orElse(killNanos) - killNanos);
    return System.nanoTime() - killNanos - lastNanos > SETTLE_NANOS;
  }
}
