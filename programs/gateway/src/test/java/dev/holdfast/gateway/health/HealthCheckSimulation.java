package dev.holdfast.gateway.health;

import dev.holdfast.gateway.cluster.CheckedHealth;
import dev.holdfast.gateway.cluster.Health;
import dev.holdfast.transcoding.http.StatusCode;
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
    SERVING(Health.SERVING),
    NOT_SERVING(Health.NOT_SERVING),
    UNKNOWN_SERVICE(Health.NOT_SERVING),
    WITHOUT_WATCH(Health.SERVING),
    WITHOUT_HEALTH(Health.SERVING),
    WORD_THEN_END(Health.SERVING),
    ENDS_AT_ONCE(Health.FAILING),
    SILENT(Health.FAILING),
    CHATTY(Health.SERVING);

    final Health expected;

    Manners(Health expected) {
      this.expected = expected;
    }
  }

  static final HealthOptions OPTIONS =
      HealthOptions.DEFAULT.withThresholds(new HealthOptions.Thresholds(3, 2));

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
        new HealthCheck(OPTIONS, new CheckedHealth(Health.UNCHECKED, "", 0, false), now, random);
    this.endedNanos = now - Duration.ofHours(1).toNanos();
  }

  /** Fails with what is wrong. */
  void run() {
    require(check.health() == Health.PENDING, "nothing is known at first");
    for (int change = 0; change < CHANGES; change++) {
      boolean settles = random.nextBoolean();
      Duration time = settles ? SETTLING : Duration.ofMillis(random.nextInt(12_000));
      if (settles && check.why().startsWith("no health")) {
        time = time.plus(HealthCheck.UNSUPPORTED_PAUSE.multipliedBy(2));
      }
      pass(now + time.toNanos());
      boolean lasting = manners == Manners.CHATTY;
      require(
          !settles || lasting || check.health() == manners.expected,
          manners + ": " + check.health() + " after " + time);
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
      end(StatusCode.UNAVAILABLE);
    }
  }

  private void pass(long untilNanos) {
    while (true) {
      long wait = check.nanosToDeadline(now);
      require(
          wait < Long.MAX_VALUE || check.state() == HealthCheck.State.WATCHING,
          "nothing will happen any more in " + check.state());
      require(
          wait == Long.MAX_VALUE
              || check.state() != HealthCheck.State.WATCHING
              || check.health() != Health.SERVING,
          "woken up for nothing");
      if (wait > untilNanos - now) {
        now = untilNanos;
        return;
      }
      now += wait;
      Health before = check.health();
      HealthCheck.State state = check.state();
      HealthCheck.Step step = check.onTimeout(now);
      if (state == HealthCheck.State.WATCHING && before != check.health()) {
        met.add(Marker.LET_BACK_BY_SILENCE);
      }
      if (step == HealthCheck.Step.CANCEL) {
        met.add(Marker.TIMED_OUT);
        require(
            now - askedNanos == OPTIONS.timeout().toNanos(), "given up at another time than due");
        failed(before);
      }
      follow(step);
    }
  }

  private void follow(HealthCheck.Step step) {
    switch (step) {
      case NONE -> {}
      case CANCEL -> close();
      case WATCH, CHECK -> {
        require(!isOpen, "two calls at one time");
        boolean fallsBack = step == HealthCheck.Step.CHECK;
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
          end(StatusCode.NOT_FOUND);
        }
      }
      case WITHOUT_WATCH -> {
        if (open == HealthMethod.WATCH) {
          met.add(Marker.FELL_BACK);
          end(StatusCode.UNIMPLEMENTED);
        } else {
          say(ServingStatus.SERVING);
        }
      }
      case WITHOUT_HEALTH -> {
        if (open == HealthMethod.CHECK) {
          met.add(Marker.UNSUPPORTED);
        }
        end(StatusCode.UNIMPLEMENTED);
      }
      case WORD_THEN_END -> {
        say(ServingStatus.SERVING);
        if (isOpen) {
          met.add(Marker.RESUMED);
          end(StatusCode.OK);
        }
      }
      case ENDS_AT_ONCE -> end(random.nextBoolean() ? StatusCode.OK : StatusCode.UNAVAILABLE);
      case SILENT -> {}
      case CHATTY -> {
        for (int i = 0; isOpen && i < 2 * HealthCheck.MOST_WORDS; i++) {
          say(i % 2 == 0 ? ServingStatus.SERVING : ServingStatus.NOT_SERVING);
        }
      }
    }
  }

  private void say(ServingStatus said) {
    if (check.state() == HealthCheck.State.ASKING && open == HealthMethod.WATCH) {
      met.add(Marker.WATCHED);
    }
    Health before = check.health();
    HealthCheck.Step step = check.onWord(said, now);
    if (step == HealthCheck.Step.CANCEL) {
      met.add(Marker.TOO_MANY_WORDS);
      failed(before);
      follow(step);
      return;
    }
    answered = true;
    failures = 0;
    require(
        said == ServingStatus.SERVING || check.health() == Health.NOT_SERVING,
        "said " + said + ", is " + check.health());
    if (open == HealthMethod.CHECK) {
      close();
      follow(check.onEnd(StatusCode.OK, "", now));
    }
    follow(step);
  }

  private void end(StatusCode status) {
    boolean counts =
        !answered && status != StatusCode.UNIMPLEMENTED && status != StatusCode.NOT_FOUND;
    boolean supported = status != StatusCode.UNIMPLEMENTED || open == HealthMethod.WATCH;
    close();
    Health before = check.health();
    HealthCheck.Step step = check.onEnd(status, "", now);
    if (counts) {
      failed(before);
    } else if (!supported || status == StatusCode.NOT_FOUND) {
      failures = 0;
    }
    follow(step);
  }

  private void failed(Health before) {
    failures++;
    boolean enough = failures >= OPTIONS.thresholds().unhealthy();
    Health expected = enough ? Health.FAILING : before;
    require(check.health() == expected, check.health() + " after " + failures + " failures");
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
