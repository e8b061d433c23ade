package dev.holdfast.bench;

import dev.holdfast.bench.GatewaySlices.Load;
import dev.holdfast.bench.GatewaySlices.Slice;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** What a call costs a proxy: Holdfast's gateway against HAProxy and nginx. */
final class GatewayCost extends Comparison {
  static final List<ExternalTool> TOOLS =
      List.of(H2load.TOOL, GatewayPrograms.NGINX, GatewayPrograms.HAPROXY);

  private static final Option ALTERNATIONS =
      new Option("--alternations", 10, 1, 1, 1_000, "times that each proxy is given each load");
  private static final Option SLICE_MILLIS =
      new Option("--slice-millis", 2_000, 250, 50, 60_000, "about how long each of them lasts");
  private static final Option WARM_UP =
      new Option("--warm-up", 500, 1, 1, 100_000, "thousands of calls of each work for Holdfast");
  private static final Option RATE =
      new Option("--rate", 10_000, 1_000, 100, 1_000_000, "calls per second of the fixed rate");

  private static final Option CONTROL =
      new Option(
          "--control", 0, 0, 0, 1, "1: HAProxy in place of Holdfast, to see the method's error");

  private static final Option FLOOR =
      new Option(
          "--floor",
          0,
          0,
          0,
          1,
          "1: also a relay on the gateway's transport that does nothing of its work");

  private static final String HAPROXY = "haproxy";
  private static final String NGINX = "nginx";
  private static final int WARM_UP_OF_OTHERS = 20;
  private static final long THOUSAND = 1_000;
  private static final int LEAST_ALTERNATIONS = 10;
  private static final double RATIO_OF_HAPROXY_BOUND = 0.75;
  private static final double RATIO_OF_NGINX_BOUND = 0.35;
  private static final double P99_RATIO_BOUND = 1.0;
  private static final long TIME_WAIT_BOUND = 100;

  @Override
  public String name() {
    return "gateway";
  }

  @Override
  public String summary() {
    return "CPU per call of the gateway, HAProxy and nginx: <= 0.75 of HAProxy's, <= 0.35 of"
        + " nginx's";
  }

  @Override
  List<Option> options() {
    return List.of(ALTERNATIONS, SLICE_MILLIS, WARM_UP, RATE, CONTROL, FLOOR);
  }

  @Override
  List<String> method() {
    return List.of(
        "h2load makes unary gRPC calls through each proxy to one process of a stock grpc-java"
            + " server: 64 B",
        "over 4 connections with 50 calls under way on each, 1 KiB over the same, 64 B over 100"
            + " connections",
        "with one each; as fast as the answers come, and at a fixed rate. In each alternation every"
            + " proxy is",
        "given every load, in rotating order. CPU is what the kernel counts for the proxy's"
            + " processes, user and",
        "system, from before h2load starts until it has ended; p99 comes from h2load's log of every"
            + " call.",
        "Holdfast runs as ./holdfast gateway starts it, limits, deadlines, meters and liveness on;"
            + " nginx and",
        "HAProxy as their documents advise for gRPC, with HTTP/2 and kept connections on both sides"
            + " and no",
        "access log. An answer counts if it has the bytes of a true echo; else the run fails."
            + " Ratios are made",
        "within each alternation; a result is the median of one load, that of the worst of the six"
            + " loads.",
        "timewait is the most sockets in TIME_WAIT ever seen with Holdfast's upstream port. Before,"
            + " all are warmed up in",
        "turn, in rounds over all loads, with 16,000 connections each. --floor 1 adds a relay on"
            + " the gateway's transport that does nothing of a gateway's work.");
  }

  @Override
  List<String> unfair() {
    return List.of(
        "to all: h2load, proxy and server share the cores; the less a proxy takes, the more the"
            + " others get.",
        "to all: h2load sends its fixed rate in bursts of some 10 ms and with no more calls under"
            + " way than said.",
        "to us: a JVM goes on compiling and collecting; that counts as cost of calls.",
        "to nginx and HAProxy: they come from Debian, so are not the newest; Holdfast is warmed up"
            + " longer,",
        "and its launcher asks for SCHED_BATCH, which nobody asks for them.");
  }

  @Override
  void measure(Options options, Scope scope, Report report) throws Exception {
    Path folder = scope.own(ScratchFolder.create("holdfast-bench-gateway")).path();
    List<GatewayProxy> proxies = start(options, scope, folder);
    GatewayCourse course =
        new GatewayCourse(
            new H2load(folder), report, options.get(SLICE_MILLIS) / 1e3, options.get(RATE));
    for (GatewayProxy proxy : proxies) {
      proxy.awaitServing();
      report.say("%s answers truly", proxy.name());
    }
    report.say("warming up");
    course.warmUp(proxies, proxy -> THOUSAND * thousands(options.get(WARM_UP), proxy));
    for (int i = 0; i < options.get(ALTERNATIONS); i++) {
      course.alternation(i, proxies);
      Collections.rotate(proxies, 1);
    }
    conclude(options, report, course.slices());
  }

  private static int thousands(int calls, GatewayProxy proxy) {
    boolean ours = !List.of(HAPROXY, NGINX).contains(proxy.name());
    return ours ? calls : Math.min(WARM_UP_OF_OTHERS, calls);
  }

  /** One port of the server for each proxy, so that it is seen whose sockets are left. */
  private static List<GatewayProxy> start(Options options, Scope scope, Path folder)
      throws Exception {
    boolean control = options.get(CONTROL) == 1;
    List<Integer> ports = EchoServers.ports(EchoServers.start(scope, 4, false));
    GatewayPrograms programs = new GatewayPrograms(folder);
    List<GatewayProxy> proxies = new ArrayList<>();
    proxies.add(
        scope.own(
            control
                ? programs.haproxy(GatewayPrograms.HOLDFAST, ports.get(0))
                : programs.holdfast(ports.get(0))));
    proxies.add(scope.own(programs.haproxy(HAPROXY, ports.get(1))));
    proxies.add(scope.own(programs.nginx(ports.get(2))));
    if (options.get(FLOOR) == 1) {
      proxies.add(scope.own(programs.floor(ports.get(3))));
    }
    return proxies;
  }

  private static void conclude(Options options, Report report, GatewaySlices slices) {
    List<String> names = new ArrayList<>(List.of(GatewayPrograms.HOLDFAST, HAPROXY, NGINX));
    if (options.get(FLOOR) == 1) {
      names.add(GatewayPrograms.FLOOR);
    }
    slices.loads().forEach(load -> say(report, slices, load, names));
    String ours = GatewayPrograms.HOLDFAST;
    Load worst = slices.worst(ours, HAPROXY, Slice::cpuMicros);
    Load worstOfNginx = slices.worst(ours, NGINX, Slice::cpuMicros);
    Load worstP99 = slices.worst(ours, HAPROXY, Slice::p99Micros);
    Sample haproxy = slices.ratio(worst, ours, HAPROXY, Slice::cpuMicros);
    Sample nginx = slices.ratio(worstOfNginx, ours, NGINX, Slice::cpuMicros);
    Sample p99 = slices.ratio(worstP99, ours, HAPROXY, Slice::p99Micros);
    long timeWait = slices.timeWait(ours);
    report.say(
        "worst: CPU against HAProxy %s, against nginx %s, p99 %s; most TIME_WAIT %d, HAProxy %d,"
            + " nginx %d",
        worst.key(),
        worstOfNginx.key(),
        worstP99.key(),
        timeWait,
        slices.timeWait(HAPROXY),
        slices.timeWait(NGINX));
    report
        .figure("us_holdfast", slices.values(worst, ours, Slice::cpuMicros).median())
        .figure("us_haproxy", slices.values(worst, HAPROXY, Slice::cpuMicros).median())
        .figure("us_nginx", slices.values(worst, NGINX, Slice::cpuMicros).median())
        .figure("ratio_haproxy", haproxy.median())
        .figure("ratio_nginx", nginx.median())
        .figure("p99_ratio_haproxy", p99.median())
        .figure("timewait", timeWait)
        .figure("ratio_haproxy_iqr", haproxy.interquartileRange())
        .figure("ratio_nginx_iqr", nginx.interquartileRange())
        .figure("p99_ratio_haproxy_iqr", p99.interquartileRange())
        .figure("alternations", options.get(ALTERNATIONS));
    bounds(report, haproxy.median(), nginx.median(), p99.median());
    report
        .bound(
            options.quick() || options.get(ALTERNATIONS) >= LEAST_ALTERNATIONS,
            "alternations: %d (expected: >= %d)",
            options.get(ALTERNATIONS),
            LEAST_ALTERNATIONS)
        .bound(
            timeWait < TIME_WAIT_BOUND, "timewait: %d (expected: < %d)", timeWait, TIME_WAIT_BOUND);
  }

  private static void bounds(Report report, double haproxy, double nginx, double p99) {
    report
        .speedBound(
            haproxy <= RATIO_OF_HAPROXY_BOUND,
            "ratio_haproxy: %.3f (expected: <= %.2f)",
            haproxy,
            RATIO_OF_HAPROXY_BOUND)
        .speedBound(
            nginx <= RATIO_OF_NGINX_BOUND,
            "ratio_nginx: %.3f (expected: <= %.2f)",
            nginx,
            RATIO_OF_NGINX_BOUND)
        .speedBound(
            p99 <= P99_RATIO_BOUND,
            "p99_ratio_haproxy: %.3f (expected: <= %.1f)",
            p99,
            P99_RATIO_BOUND);
  }

  private static void say(Report report, GatewaySlices slices, Load load, List<String> names) {
    for (String proxy : names) {
      Sample cpu = slices.values(load, proxy, Slice::cpuMicros);
      report.say(
          "%s, %s: CPU us per call median %.2f, quartiles %.2f to %.2f; %.0f calls/s; p99 %.2f ms",
          load.key(),
          proxy,
          cpu.median(),
          cpu.lowerQuartile(),
          cpu.upperQuartile(),
          slices.values(load, proxy, Slice::callsPerSecond).median(),
          slices.values(load, proxy, Slice::p99Micros).median() / 1e3);
    }
    String ours = GatewayPrograms.HOLDFAST;
    sayRatio(report, "CPU over HAProxy's", slices.ratio(load, ours, HAPROXY, Slice::cpuMicros));
    sayRatio(report, "CPU over nginx's", slices.ratio(load, ours, NGINX, Slice::cpuMicros));
    sayRatio(report, "p99 over HAProxy's", slices.ratio(load, ours, HAPROXY, Slice::p99Micros));
    if (names.contains(GatewayPrograms.FLOOR)) {
      String floor = GatewayPrograms.FLOOR;
      sayRatio(
          report,
          "the floor's CPU over nginx's",
          slices.ratio(load, floor, NGINX, Slice::cpuMicros));
    }
  }

  private static void sayRatio(Report report, String what, Sample ratio) {
    report.say(
        "  %s: median %.3f, quartiles %.3f to %.3f, range %.3f to %.3f",
        what,
        ratio.median(),
        ratio.lowerQuartile(),
        ratio.upperQuartile(),
        ratio.min(),
        ratio.max());
  }
}
