package dev.holdfast.cli.demo;

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

  private static final long END_MILLIS = 30_000;
  private static final long SERVE_MILLIS = 30_000;
  // The record of a killed process has to run out: in etcd that takes its lease.
  private static final long RECORD_MILLIS = 30_000;
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
  public void run(Scene scene, Map<String, String> measured)
      throws GoalMissedException, IOException, InterruptedException {
    InstanceProcess victim = scene.fleet().wanted().get(0);
    measured.put("instance", victim.name());
    long retriedBefore = scene.ledger().totals().retried();
    long killNanos = System.nanoTime();
    victim.kill();
    scene.await(victim.name() + " dead", END_MILLIS, () -> !victim.isAlive());
    scene.await("retries settled", RECORD_MILLIS, () -> settled(scene.ledger(), killNanos));
    scene.awaitInvisible(victim, RECORD_MILLIS);
    long goneNanos = System.nanoTime() - killNanos;
    scene.awaitServingSince(System.nanoTime(), scene.fleet().wanted(), SERVE_MILLIS);
    long retried = scene.ledger().totals().retried() - retriedBefore;
    OptionalLong lastNanos = scene.ledger().lastRetriedNanos();
    long recoveryNanos =
        retried > 0 && lastNanos.isPresent() ? Math.max(0, lastNanos.getAsLong() - killNanos) : 0;
    measured.put(MEASURE, Long.toString(TimeUnit.NANOSECONDS.toMillis(recoveryNanos)));
    measured.put("retried", Long.toString(retried));
    measured.put("record_gone_ms", Long.toString(TimeUnit.NANOSECONDS.toMillis(goneNanos)));
  }

  private static boolean settled(CallLedger ledger, long killNanos) {
    long lastNanos = Math.max(0, ledger.lastRetriedNanos().orElse(killNanos) - killNanos);
    return System.nanoTime() - killNanos - lastNanos > SETTLE_NANOS;
  }
}
