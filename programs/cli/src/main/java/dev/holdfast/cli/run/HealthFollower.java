package dev.holdfast.cli.run;

import dev.holdfast.cli.run.GrpcHealthClient.GrpcHealthResult;
import dev.holdfast.core.DurationText;
import dev.holdfast.core.annotation.Limit;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The health follower of one program, from the moment its port opens.
 *
 * <p>A program that serves grpc.health.v1 is watched through its Watch stream, so a change is known
 * at once. When no message arrives for the probe interval, the program is checked; two checks
 * without an answer count as NOT_SERVING. For every other program the follower only tries the port.
 * A broken connection becomes NOT_SERVING only when the port does not open again within {@link
 * #GRACE}. When the follower itself fails, it reports NOT_SERVING too, and starts again.
 *
 * <p>The follower runs on a thread of its own, which also calls the listener.
 */
public final class HealthFollower implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(HealthFollower.class);
  private static final Duration PORT_POLL = Duration.ofMillis(50);
  private static final Duration RETRY = Duration.ofMillis(250);

  @Limit(of = "time that a health check may take", then = "it counts as failed")
  private static final Duration ANSWER_LIMIT = Duration.ofSeconds(2);

  private static final Duration GRACE = Duration.ofSeconds(1);

  @Limit(
      of = "health checks that must fail in a row",
      then = "the instance says that it is not ready")
  private static final int FAILED_CHECKS = 2;

  private static final int CHECKS_OF_SILENT = 10;

  // From a quarter of a second to eight seconds.
  @Limit(
      of = "doublings of the pause after a failure to follow a program's health",
      then = "it stays as it is")
  private static final int MOST_RETRY_DOUBLINGS = 5;

  /** The receiver of a program's health. Called on the follower's thread. */
  public interface ProgramHealthListener {
    /** The port of the program accepts connections for the first time. */
    void onPortOpen();

    /**
     * The health of the program changed.
     *
     * @param cause one sentence for people
     */
    void onHealth(ProgramHealth programHealth, String cause);
  }

  private final ProgramHealthOptions options;
  private final ProgramHealthListener programHealthListener;
  private final PortProbe port;
  private final Thread thread;
  private @Nullable ProgramHealth last;
  private @Nullable String lastCause;

  public HealthFollower(ProgramHealthOptions options, ProgramHealthListener programHealthListener) {
    this.options = options;
    this.programHealthListener = programHealthListener;
    port = new PortProbe(options.hosts(), options.port());
    thread = new Thread(this::run, "holdfast-health");
    thread.setDaemon(true);
  }

  /** Starts the follower's thread; may be called once. */
  public void start() {
    thread.start();
  }

  /** Ends the thread; a call of the listener that is under way may still finish. */
  @Override
  public void close() {
    thread.interrupt();
  }

  private void run() {
    boolean told = false;
    int failures = 0;
    try {
      while (!Thread.currentThread().isInterrupted()) {
        try {
          Optional<String> host = awaitPort();
          if (!told) {
            programHealthListener.onPortOpen();
            told = true;
          }
          follow(host.orElseThrow());
          Thread.sleep(RETRY.toMillis());
          expectPort();
          failures = 0;
        } catch (RuntimeException e) {
          reportFollowerFailure(e);
          Thread.sleep(RETRY.toMillis() << Math.min(failures++, MOST_RETRY_DOUBLINGS));
        }
      }
    } catch (InterruptedException e) {
      // Closed.
      Thread.currentThread().interrupt();
    }
  }

  /**
   * Reports NOT_SERVING after a failure of the follower itself, because the last known health may
   * be outdated.
   */
  private void reportFollowerFailure(RuntimeException failure) {
    log.warn("event=health_follower_failed port={}", options.port(), failure);
    try {
      report(ProgramHealth.NOT_SERVING, "its health could not be found out: " + failure);
    } catch (RuntimeException e) {
      log.warn("event=health_listener_failed port={}", options.port(), e);
    }
  }

  private Optional<String> awaitPort() throws InterruptedException {
    Optional<String> host = port.openHost();
    while (host.isEmpty()) {
      Thread.sleep(PORT_POLL.toMillis());
      host = port.openHost();
    }
    return host;
  }

  /**
   * Waits for the port after a broken connection, and reports NOT_SERVING unless it opens within
   * the grace time.
   */
  private void expectPort() throws InterruptedException {
    long deadlineNanos = System.nanoTime() + GRACE.toNanos();
    while (!port.isOpen()) {
      if (System.nanoTime() - deadlineNanos >= 0) {
        report(ProgramHealth.NOT_SERVING, "its port " + options.port() + " does not answer");
        return;
      }
      Thread.sleep(PORT_POLL.toMillis());
    }
  }

  private void follow(String host) throws InterruptedException {
    if (options.mode() == ProgramHealthOptions.Mode.TCP) {
      report(ProgramHealth.SERVING, "its port answers");
      followPort();
      return;
    }
    try (GrpcHealthClient health = new GrpcHealthClient(host, options)) {
      GrpcHealthResult grpcHealthResult = firstAnswer(health);
      if (grpcHealthResult == GrpcHealthResult.SERVING
          || grpcHealthResult == GrpcHealthResult.NOT_SERVING) {
        followHealth(health, grpcHealthResult);
      } else if (options.mode() != ProgramHealthOptions.Mode.AUTO) {
        report(ProgramHealth.NOT_SERVING, refusal(grpcHealthResult));
      } else if (grpcHealthResult != GrpcHealthResult.FAILED || port.isOpen()) {
        // FAILED with a closed port is a program that just went, not one without gRPC.
        report(ProgramHealth.SERVING, portOnly(grpcHealthResult));
        if (grpcHealthResult != GrpcHealthResult.SILENT || !becomesGrpc(health)) {
          followPort();
        }
      }
    }
  }

  /**
   * Asks until it says something: a server that has just started on a busy machine may need
   * seconds, and to register it by its port alone would be to register it before it wants calls.
   */
  private GrpcHealthResult firstAnswer(GrpcHealthClient health) {
    long startNanos = System.nanoTime();
    GrpcHealthResult grpcHealthResult;
    do {
      grpcHealthResult = health.ask(ANSWER_LIMIT);
      if (grpcHealthResult == GrpcHealthResult.SILENT) {
        report(ProgramHealth.NOT_SERVING, "its port answers, but it has not said anything yet");
      }
    } while (grpcHealthResult == GrpcHealthResult.SILENT
        && System.nanoTime() - startNanos < options.healthTimeout().toNanos());
    return grpcHealthResult;
  }

  private String portOnly(GrpcHealthResult grpcHealthResult) {
    return switch (grpcHealthResult) {
      case NO_HEALTH_SERVICE -> "its port answers; it has no health service";
      case SILENT ->
          "its port answers; no gRPC within "
              + DurationText.format(options.healthTimeout())
              + ", so no health service is expected";
      default -> "its port answers; it does not speak gRPC";
    };
  }

  private String refusal(GrpcHealthResult grpcHealthResult) {
    return switch (grpcHealthResult) {
      case NO_HEALTH_SERVICE ->
          "it does not serve grpc.health.v1 (expected with --health grpc; or use --health tcp)";
      case SILENT ->
          "its health service does not answer within "
              + DurationText.format(options.healthTimeout());
      default -> "its port answers, but not in gRPC (expected with --health grpc)";
    };
  }

  /**
   * Whether a program that was silent at first has a health service after all: one that has just
   * started on a busy machine may need longer for its first answer than we waited.
   */
  private boolean becomesGrpc(GrpcHealthClient health) throws InterruptedException {
    for (int check = 0; check < CHECKS_OF_SILENT && !options.probeInterval().isZero(); check++) {
      GrpcHealthResult grpcHealthResult = health.ask(ANSWER_LIMIT);
      if (grpcHealthResult == GrpcHealthResult.SERVING
          || grpcHealthResult == GrpcHealthResult.NOT_SERVING) {
        return true;
      }
      Thread.sleep(options.probeInterval().toMillis());
    }
    return false;
  }

  /** Returns when the port is closed. */
  private void followPort() throws InterruptedException {
    if (options.probeInterval().isZero()) {
      new CountDownLatch(1).await();
    }
    do {
      Thread.sleep(options.probeInterval().toMillis());
    } while (port.isOpen());
  }

  /** Returns when the connection broke or the program stopped answering. */
  private void followHealth(GrpcHealthClient health, GrpcHealthResult first)
      throws InterruptedException {
    report(first);
    BlockingQueue<GrpcHealthResult> changes = new LinkedBlockingQueue<>();
    health.watch(changes::add);
    int strikes = 0;
    while (true) {
      GrpcHealthResult grpcHealthResult = next(health, changes);
      switch (grpcHealthResult) {
        case SERVING, NOT_SERVING -> {
          strikes = 0;
          report(grpcHealthResult);
        }
        case NO_HEALTH_SERVICE -> {
          // A server with Check but without Watch: from now on it is asked.
        }
        case SILENT -> {
          strikes++;
          if (strikes >= FAILED_CHECKS) {
            report(ProgramHealth.NOT_SERVING, "its health service does not answer");
          }
        }
        case FAILED -> {
          return;
        }
      }
    }
  }

  private GrpcHealthResult next(GrpcHealthClient health, BlockingQueue<GrpcHealthResult> changes)
      throws InterruptedException {
    if (options.probeInterval().isZero()) {
      return changes.take();
    }
    GrpcHealthResult pushed =
        changes.poll(options.probeInterval().toMillis(), TimeUnit.MILLISECONDS);
    return pushed == null ? health.ask(ANSWER_LIMIT) : pushed;
  }

  private void report(GrpcHealthResult grpcHealthResult) {
    String asked = options.service().isEmpty() ? "" : " for " + options.service();
    if (grpcHealthResult == GrpcHealthResult.SERVING) {
      report(ProgramHealth.SERVING, "its health service says SERVING" + asked);
    } else {
      report(ProgramHealth.NOT_SERVING, "its health service does not say SERVING" + asked);
    }
  }

  private void report(ProgramHealth programHealth, String cause) {
    if (programHealth != last || !cause.equals(lastCause)) {
      boolean news = programHealth != last || programHealth == ProgramHealth.NOT_SERVING;
      // Only what was heard counts as said: a listener that fails is told again.
      last = null;
      if (news) {
        programHealthListener.onHealth(programHealth, cause);
      }
      last = programHealth;
      lastCause = cause;
    }
  }
}
