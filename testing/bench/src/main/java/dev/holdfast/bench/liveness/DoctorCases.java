package dev.holdfast.bench.liveness;

import dev.holdfast.bench.run.Comparison;
import dev.holdfast.bench.run.Option;
import dev.holdfast.bench.run.Options;
import dev.holdfast.bench.run.Report;
import dev.holdfast.bench.run.RunResources;
import dev.holdfast.core.HostPort;
import dev.holdfast.doctor.DoctorOptions;
import dev.holdfast.doctor.DoctorProgress;
import dev.holdfast.doctor.Finding;
import dev.holdfast.doctor.FindingCode;
import dev.holdfast.doctor.IdleTimeoutResult;
import dev.holdfast.doctor.PathDoctor;
import dev.holdfast.doctor.PathReport;
import dev.holdfast.doctor.TlsMode;
import dev.holdfast.lab.Middlebox;
import dev.holdfast.lab.PathFaults;
import io.grpc.Server;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.protobuf.services.HealthStatusManager;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/**
 * The benchmark of the doctor's findings on five faulty paths, while users' connections go on
 * beside it.
 */
public final class DoctorCases extends Comparison {
  private static final Option MAX_WAIT_SECONDS =
      new Option("--max-wait", 15, 10, 10, 3_600, "the longest idle time that is tried, seconds");

  private static final Duration TIMEOUT = Duration.ofSeconds(5);
  private static final Duration LAB_IS_LATE_BY = Duration.ofMillis(600);

  /** The machine of a smoke run is busy, and the middlebox is a process as others are. */
  private static final Duration LAB_IS_LATE_IN_SMOKE = Duration.ofSeconds(3);

  private static final Duration FOUND_WITHIN = Duration.ofSeconds(20);
  private static final int FEWER_CONNECTIONS = 20;
  private static final Duration AFTERWARDS = Duration.ofMinutes(2);

  /** A path of the lab, what the doctor must call it, and whether the server takes PINGs. */
  private record Case(
      String name, PathFaults faults, Set<FindingCode> problems, boolean defaultPings) {}

  private static final List<Case> CASES =
      List.of(
          new Case(
              "5 s drop",
              PathFaults.builder().idle(TIMEOUT, PathFaults.IdleAction.DROP).build(),
              Set.of(FindingCode.IDLE_DROP),
              false),
          new Case(
              "5 s reset",
              PathFaults.builder().idle(TIMEOUT, PathFaults.IdleAction.RESET).build(),
              Set.of(FindingCode.IDLE_RESET),
              false),
          new Case(
              "5 s streams",
              PathFaults.builder().streamTimeout(TIMEOUT, PathFaults.StreamEnd.RST_STREAM).build(),
              Set.of(FindingCode.STREAM_TIMEOUT),
              false),
          new Case("default pings", PathFaults.NONE, Set.of(), true),
          new Case("nothing", PathFaults.NONE, Set.of(), false));

  @Override
  public String name() {
    return "doctor";
  }

  @Override
  public String summary() {
    return "the doctor names five paths of the lab and costs no other connection a GOAWAY";
  }

  @Override
  public List<Option> options() {
    return List.of(MAX_WAIT_SECONDS);
  }

  @Override
  protected List<String> method() {
    return List.of(
        "A stock grpc-java server per case, behind a middlebox of the lab: idle connections dropped"
            + " after 5 s;",
        "reset after 5 s; quiet streams ended after 5 s; a server with the default ping policy;"
            + " nothing at all",
        "(the servers of the other four permit PINGs). All five are examined side by side. A case"
            + " is named when",
        "the problems are exactly those expected, and PINGs are said to be punished where they"
            + " are, and only there.",
        "Beside each examination a stock client makes calls over the same path: a connection that"
            + " it loses counts",
        "as a GOAWAY on a user's connection, and so does each one with an error that the doctor's"
            + " own connections",
        "got, the announced last one excepted.");
  }

  @Override
  protected List<String> unfair() {
    return List.of("to nobody: there is no other side.");
  }

  @Override
  protected void measure(Options options, RunResources runResources, Report report)
      throws Exception {
    Duration maxWait = Duration.ofSeconds(options.get(MAX_WAIT_SECONDS));
    List<Examined> all = new ArrayList<>();
    for (Case one : CASES) {
      all.add(new Examined(one, runResources, maxWait, report));
    }
    int named = 0;
    long goAways = 0;
    for (Examined one : all) {
      PathReport found = one.await(maxWait.plus(AFTERWARDS));
      boolean right = one.isNamed(found);
      named += right ? 1 : 0;
      goAways += found.goAwaysOnUserConnections() + one.user.lostConnections();
      report.say(
          "%-14s %-9s %s, in %.1f s; user made %d calls",
          one.what.name(),
          right ? "named" : "NOT NAMED",
          codes(found),
          found.took().toMillis() / 1e3,
          one.user.calls());
      boundsOfTimeout(
          one.what, found, options.quick() ? LAB_IS_LATE_IN_SMOKE : LAB_IS_LATE_BY, report);
      report.bound(one.user.calls() > 0, "%s: the user made no call", one.what.name());
    }
    report.bound(named == CASES.size(), "named: %d (expected: %d)", named, CASES.size());
    report.figure("named", named, CASES.size()).none("goaways_on_user_connections", goAways);
  }

  private static void boundsOfTimeout(Case one, PathReport found, Duration lateBy, Report report) {
    IdleTimeoutResult idle = found.idle().orElse(null);
    if (idle == null || !idle.hasTimeout()) {
      return;
    }
    Duration dead = idle.deadAt().orElse(Duration.ZERO);
    report.say(
        "%-14s alive at %d ms, dead at %d ms, found in %d ms with %d connections",
        one.name(),
        idle.aliveAt().toMillis(),
        dead.toMillis(),
        idle.took().toMillis(),
        idle.connections());
    report.bound(
        idle.aliveAt().compareTo(TIMEOUT.plus(lateBy)) <= 0
            && dead.compareTo(TIMEOUT.minusMillis(100)) >= 0,
        "%s: found %s to %s (expected: %s within)",
        one.name(),
        idle.aliveAt(),
        dead,
        TIMEOUT);
    // On a busy machine a late answer counts as a death, which the search looks into.
    report.speedBound(
        idle.connections() < FEWER_CONNECTIONS,
        "%s: %d connections (expected: < %d)",
        one.name(),
        idle.connections(),
        FEWER_CONNECTIONS);
    report.speedBound(
        idle.took().compareTo(FOUND_WITHIN) < 0,
        "%s: found in %s (expected: < %s)",
        one.name(),
        idle.took(),
        FOUND_WITHIN);
  }

  private static String codes(PathReport found) {
    return found.findings().stream()
        .map(finding -> finding.code().code())
        .collect(Collectors.joining(" "));
  }

  /** A case whose examination is under way. */
  private static final class Examined {
    final Case what;
    final PathCaller user;
    private final CompletableFuture<PathReport> result;

    Examined(Case what, RunResources runResources, Duration maxWait, Report report)
        throws IOException {
      this.what = what;
      Server server = server(what.defaultPings()).build().start();
      runResources.own(server::shutdownNow);
      Middlebox path =
          runResources.own(Middlebox.toPort(server.getPort()).faults(what.faults()).start());
      user = runResources.own(new PathCaller(path.port()));
      DoctorOptions options =
          DoctorOptions.of(new HostPort("127.0.0.1", path.port()))
              .withSecurity(TlsMode.PLAINTEXT)
              .withMaxWait(maxWait);
      PathDoctor doctor = runResources.own(new PathDoctor(options, progress(what, report)));
      result = doctor.examine().toCompletableFuture();
    }

    PathReport await(Duration limit) throws Exception {
      return result.get(limit.toMillis(), TimeUnit.MILLISECONDS);
    }

    boolean isNamed(PathReport found) {
      Set<FindingCode> problems =
          found.findings().stream()
              .filter(Finding::isProblem)
              .map(Finding::code)
              .collect(Collectors.toSet());
      return problems.equals(what.problems())
          && found.has(FindingCode.PINGS_PUNISHED) == what.defaultPings();
    }

    /**
     * A server that permits every PING, or one with the default policy. The time permitted between
     * PINGs is none: a busy machine may deliver those of a second at once.
     */
    private static NettyServerBuilder server(boolean defaultPings) {
      NettyServerBuilder builder =
          NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
              .addService(new HealthStatusManager().getHealthService());
      return defaultPings
          ? builder
          : builder.permitKeepAliveTime(0, TimeUnit.SECONDS).permitKeepAliveWithoutCalls(true);
    }

    private static DoctorProgress progress(Case what, Report report) {
      return new DoctorProgress() {
        @Override
        public void onStep(String line) {
          synchronized (report) {
            report.say("%-14s %s", what.name(), line);
          }
        }
      };
    }
  }
}
