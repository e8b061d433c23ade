package dev.holdfast.gateway.health;

import dev.holdfast.gateway.cluster.EndpointHealthStatus;
import dev.holdfast.gateway.cluster.HealthCheckResult;
import dev.holdfast.transcoding.status.GrpcStatusCode;
import java.time.Duration;
import java.util.EnumSet;
import java.util.Random;
import java.util.Set;

/** One endpoint whose server changes its manners, from a seed, in virtual time. */
final class HealthCheckSimulation {
  /** What a run must have met, or it proves little. */
  enum Marker {
    WATCHED,
    FELL_BACK,
    UNSUPPORTED,
    LET_BACK_BY_SILENCE,
    TIMED_OUT,
    RESUMED,
    TOO_MANY_WORDS,
    LEFT_OUT_BY_FAILURES
  }

  /** What a server does with a question. */
  private enum Manners {
    SERVING(EndpointHealthStatus.SERVING),
    NOT_SERVING(EndpointHealthStatus.NOT_SERVING),
    UNKNOWN_SERVICE(EndpointHealthStatus.NOT_SERVING),
    WITHOUT_WATCH(EndpointHealthStatus.SERVING),
    WITHOUT_HEALTH(EndpointHealthStatus.SERVING),
    WORD_THEN_END(EndpointHealthStatus.SERVING),
    ENDS_AT_ONCE(EndpointHealthStatus.FAILING),
    SILENT(EndpointHealthStatus.FAILING),
    CHATTY(EndpointHealthStatus.SERVING);

    final EndpointHealthStatus expected;

    Manners(EndpointHealthStatus expected) {
      this.expected = expected;
    }
  }

  static final HealthCheckOptions OPTIONS =
      HealthCheckOptions.DEFAULT.withThresholds(new HealthCheckOptions.Thresholds(3, 2));

  private static final long TENTH = 10;
  private static final int CHANGES = 60;
  // Enough for all thresholds; where nobody asks for minutes that long comes on top.
  private static final Duration SETTLING = Duration.ofSeconds(40);

  final Set<Marker> met = EnumSet.noneOf(Marker.class);
  private final Random random;
  private final HealthCheck check;
  private Manners manners = Manners.SERVING;
  private long now;
  private HealthMethod open;
  private boolean isOpen;
  private boolean answered;
  private boolean everAsked;
  private long askedNanos;
  private long endedNanos;
  private int failures;

  HealthCheckSimulation(long seed) {
    this.random = new Random(seed);
    this.now = random.nextLong();
    this.open = HealthMethod.WATCH;
    this.check =
        new HealthCheck(
            OPTIONS,
            new HealthCheckResult(EndpointHealthStatus.UNCHECKED, "", 0, false),
            now,
            random);
    this.endedNanos = now - Duration.ofHours(1).toNanos();
  }

  /** Fails with what is wrong. */
  void run() {
    require(
        check.endpointHealthStatus() == EndpointHealthStatus.PENDING, "nothing is known at first");
    for (int change = 0; change < CHANGES; change++) {
      boolean settles = random.nextBoolean();
      Duration time = settles ? SETTLING : Duration.ofMillis(random.nextInt(12_000));
      if (settles && check.why().startsWith("no health")) {
        time = time.plus(HealthCheck.UNSUPPORTED_PAUSE.multipliedBy(2));
      }
      pass(now + time.toNanos());
      boolean lasting = manners == Manners.CHATTY;
      require(
          !settles || lasting || check.endpointHealthStatus() == manners.expected,
          manners + ": " + check.endpointHealthStatus() + " after " + time);
      changeManners();
    }
  }

  private void changeManners() {
    Manners before = manners;
    manners = Manners.values()[random.nextInt(Manners.values().length)];
    if (isOpen && before == Manners.SERVING && manners == Manners.NOT_SERVING) {
      say(ServingStatus.NOT_SERVING);
    } else if (isOpen && before == Manners.NOT_SERVING && manners == Manners.SERVING) {
      say(ServingStatus.SERVING);
    } else if (isOpen) {
      // Another server is there.
      end(GrpcStatusCode.UNAVAILABLE);
    }
  }

  private void pass(long untilNanos) {
    while (true) {
      long wait = check.nanosToDeadline(now);
      require(
          wait < Long.MAX_VALUE || check.state() == HealthCheck.HealthCheckState.WATCHING,
          "nothing will happen any more in " + check.state());
      require(
          wait == Long.MAX_VALUE
              || check.state() != HealthCheck.HealthCheckState.WATCHING
              || check.endpointHealthStatus() != EndpointHealthStatus.SERVING,
          "woken up for nothing");
      if (wait > untilNanos - now) {
        now = untilNanos;
        return;
      }
      now += wait;
      EndpointHealthStatus before = check.endpointHealthStatus();
      HealthCheck.HealthCheckState healthCheckState = check.state();
      HealthCheck.HealthCheckStep healthCheckStep = check.onTimeout(now);
      if (healthCheckState == HealthCheck.HealthCheckState.WATCHING
          && before != check.endpointHealthStatus()) {
        met.add(Marker.LET_BACK_BY_SILENCE);
      }
      if (healthCheckStep == HealthCheck.HealthCheckStep.CANCEL) {
        met.add(Marker.TIMED_OUT);
        require(
            now - askedNanos == OPTIONS.timeout().toNanos(), "given up at another time than due");
        failed(before);
      }
      follow(healthCheckStep);
    }
  }

  private void follow(HealthCheck.HealthCheckStep healthCheckStep) {
    switch (healthCheckStep) {
      case NONE -> {}
      case CANCEL -> close();
      case WATCH, CHECK -> {
        require(!isOpen, "two calls at one time");
        boolean fallsBack = healthCheckStep == HealthCheck.HealthCheckStep.CHECK;
        long pause = now - endedNanos;
        long least = HealthCheck.RESUME_PAUSE.toNanos();
        require(!everAsked || fallsBack || pause >= least - least / TENTH, "asked after " + pause);
        everAsked = true;
        isOpen = true;
        answered = false;
        askedNanos = now;
        open = fallsBack ? HealthMethod.CHECK : HealthMethod.WATCH;
        serve();
      }
    }
  }

  private void serve() {
    now += random.nextInt(300_000_000);
    switch (manners) {
      case SERVING -> say(ServingStatus.SERVING);
      case NOT_SERVING -> say(ServingStatus.NOT_SERVING);
      case UNKNOWN_SERVICE -> {
        if (random.nextBoolean()) {
          say(ServingStatus.SERVICE_UNKNOWN);
        } else {
          end(GrpcStatusCode.NOT_FOUND);
        }
      }
      case WITHOUT_WATCH -> {
        if (open == HealthMethod.WATCH) {
          met.add(Marker.FELL_BACK);
          end(GrpcStatusCode.UNIMPLEMENTED);
        } else {
          say(ServingStatus.SERVING);
        }
      }
      case WITHOUT_HEALTH -> {
        if (open == HealthMethod.CHECK) {
          met.add(Marker.UNSUPPORTED);
        }
        end(GrpcStatusCode.UNIMPLEMENTED);
      }
      case WORD_THEN_END -> {
        say(ServingStatus.SERVING);
        if (isOpen) {
          met.add(Marker.RESUMED);
          end(GrpcStatusCode.OK);
        }
      }
      case ENDS_AT_ONCE ->
          end(random.nextBoolean() ? GrpcStatusCode.OK : GrpcStatusCode.UNAVAILABLE);
      case SILENT -> {}
      case CHATTY -> {
        for (int i = 0; isOpen && i < 2 * HealthCheck.MOST_WORDS; i++) {
          say(i % 2 == 0 ? ServingStatus.SERVING : ServingStatus.NOT_SERVING);
        }
      }
    }
  }

  private void say(ServingStatus said) {
    if (check.state() == HealthCheck.HealthCheckState.ASKING && open == HealthMethod.WATCH) {
      met.add(Marker.WATCHED);
    }
    EndpointHealthStatus before = check.endpointHealthStatus();
    HealthCheck.HealthCheckStep healthCheckStep = check.onStatus(said, now);
    if (healthCheckStep == HealthCheck.HealthCheckStep.CANCEL) {
      met.add(Marker.TOO_MANY_WORDS);
      failed(before);
      follow(healthCheckStep);
      return;
    }
    answered = true;
    failures = 0;
    require(
        said == ServingStatus.SERVING
            || check.endpointHealthStatus() == EndpointHealthStatus.NOT_SERVING,
        "said " + said + ", is " + check.endpointHealthStatus());
    if (open == HealthMethod.CHECK) {
      close();
      follow(check.onEnd(GrpcStatusCode.OK, "", now));
    }
    follow(healthCheckStep);
  }

  private void end(GrpcStatusCode status) {
    boolean counts =
        !answered && status != GrpcStatusCode.UNIMPLEMENTED && status != GrpcStatusCode.NOT_FOUND;
    boolean supported = status != GrpcStatusCode.UNIMPLEMENTED || open == HealthMethod.WATCH;
    close();
    EndpointHealthStatus before = check.endpointHealthStatus();
    HealthCheck.HealthCheckStep healthCheckStep = check.onEnd(status, "", now);
    if (counts) {
      failed(before);
    } else if (!supported || status == GrpcStatusCode.NOT_FOUND) {
      failures = 0;
    }
    follow(healthCheckStep);
  }

  private void failed(EndpointHealthStatus before) {
    failures++;
    boolean enough = failures >= OPTIONS.thresholds().unhealthy();
    EndpointHealthStatus expected = enough ? EndpointHealthStatus.FAILING : before;
    require(
        check.endpointHealthStatus() == expected,
        check.endpointHealthStatus() + " after " + failures + " failures");
    if (enough) {
      met.add(Marker.LEFT_OUT_BY_FAILURES);
    }
  }

  private void close() {
    isOpen = false;
    endedNanos = now;
  }

  private static void require(boolean holds, String what) {
    if (!holds) {
      throw new AssertionError(what);
    }
  }
}
