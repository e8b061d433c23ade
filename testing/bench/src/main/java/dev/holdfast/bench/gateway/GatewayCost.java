package dev.holdfast.bench.gateway;

import dev.holdfast.bench.load.EchoServers;
import dev.holdfast.bench.load.H2load;
import dev.holdfast.bench.process.ExternalTool;
import dev.holdfast.bench.run.Comparison;
import dev.holdfast.bench.run.Option;
import dev.holdfast.bench.run.Options;
import dev.holdfast.bench.run.Report;
import dev.holdfast.bench.run.RunResources;
import dev.holdfast.bench.run.ScratchFolder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** CPU time per call of Holdfast's gateway against HAProxy and nginx. */
public final class GatewayCost extends Comparison {
  public static final List<ExternalTool> TOOLS =
      List.of(H2load.TOOL, GatewayPrograms.NGINX, GatewayPrograms.HAPROXY);

  static final String HAPROXY = "haproxy";
  static final String NGINX = "nginx";

  static final Option ALTERNATIONS =
      new Option("--alternations", 10, 1, 1, 1_000, "times that each proxy is given each load");

  private static final Option SLICE_MILLIS =
      new Option("--slice-millis", 800, 250, 50, 60_000, "about how long each of them lasts");
  private static final Option WARM_UP =
      new Option("--warm-up", 1_000, 1, 1, 100_000, "thousands of calls of each work for Holdfast");
  private static final Option RATE =
      new Option(
          "--rate", 10_000, 1_000, 100, 1_000_000, "calls per second of h2load's fixed rate");
  private static final Option CLIENT_RATE =
      new Option(
          "--client-rate", 4_000, 1_000, 100, 1_000_000, "calls per second of the clients' one");
  private static final Option BATCH =
      new Option("--batch", 1, 1, 0, 1, "1: SCHED_BATCH for all proxies, 0: SCHED_OTHER for all");
  private static final Option CONSTANT =
      new Option("--constant", 1, 1, 0, 1, "0: without the loads of constant headers (h2load)");
  private static final Option ONLY =
      new Option("--only", 0, 0, 0, 100, "one load of the clients, by its number; 0: all of them");
  private static final Option PARTS =
      new Option(
          "--parts",
          0,
          0,
          0,
          1,
          "1: clients' loads also to Holdfast without its header cache, its direct socket,"
              + " SCHED_BATCH, BoringSSL, its HTTP/2 codec");
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

  private static final String WITHOUT_BATCH = "no-batch";
  private static final int PORTS = 9;
  private static final int WARM_UP_OF_OTHERS = 20;
  private static final long THOUSAND = 1_000;

  @Override
  public String name() {
    return "gateway";
  }

  @Override
  public String summary() {
    return "CPU per call of the gateway, HAProxy and nginx, as clients make them: <= HAProxy's,"
        + " <= 0.45 of it at 4x50";
  }

  @Override
  public List<Option> options() {
    return List.of(
        ALTERNATIONS,
        SLICE_MILLIS,
        WARM_UP,
        RATE,
        CLIENT_RATE,
        BATCH,
        CONSTANT,
        ONLY,
        PARTS,
        CONTROL,
        FLOOR);
  }

  @Override
  protected List<String> method() {
    return List.of(
        "Unary calls go through each proxy to one process of stock grpc-java servers. Two kinds of"
            + " loads:",
        "1. As clients make them: 16 methods, a grpc-timeout and a traceparent that are new with"
            + " each call, 300 bytes",
        "of metadata, all in HPACK's table; 64 B over 4 connections x 50 and 100 x 1, saturated and"
            + " at a fixed rate;",
        "1 KiB over 4 x 50 and answers of 1 MiB over 4 x 1, saturated; each also over TLS 1.3"
            + " (AES-128-GCM, P-256).",
        "The clients are one thread of another process. Connections stand before anything is"
            + " measured.",
        "2. Constant headers, by h2load: 64 B and 1 KiB over 4 x 50, 64 B over 100 x 1; saturated"
            + " and at a fixed rate.",
        "Every proxy has two threads and the same scheduling class (SCHED_BATCH). In each"
            + " alternation every proxy is",
        "given every load, in rotating order; Holdfast and HAProxy are given paced ones,"
            + " whose p99 varies most,",
        "six times, over TLS twice. CPU is that of all threads of the proxy's processes"
            + " (schedstat), from",
        "no call under way to no call under way. An answer counts if it has the bytes of a true"
            + " one; else the run fails.",
        "Holdfast runs as ./holdfast gateway starts it, limits, deadlines, meters and liveness on;"
            + " nginx and HAProxy",
        "as their documents advise for gRPC, with HTTP/2 and kept connections on both sides and no"
            + " access log. Ratios",
        "are made within each turn; a result is the median of one load: ratio_haproxy and"
            + " p99_ratio_haproxy of",
        "the worst plaintext load, ratio_haproxy_tls and ratio_nginx_tls of the worst over TLS,"
            + " ratio_haproxy_busy of",
        "clients 4x50 saturated, ratio_nginx of the worst with constant headers.",
        "timewait is the most sockets in TIME_WAIT ever seen with Holdfast's upstream port. Before,"
            + " all are warmed up in",
        "turn, in rounds over all loads. --floor 1 adds a relay that does nothing of a gateway's"
            + " work, for h2load alone.");
  }

  @Override
  protected List<String> unfair() {
    return List.of(
        "to all: clients, proxy and server share the cores; the less a proxy takes, the more the"
            + " others get.",
        "to all: h2load sends its fixed rate in bursts of some 10 ms and with no more calls under"
            + " way than said.",
        "to us: a JVM goes on compiling and collecting; that counts as cost of calls. SCHED_BATCH"
            + " is for all.",
        "to nginx and HAProxy: handshakes of TLS, which cost a JVM more, are not counted; gRPC's"
            + " connections last.",
        "to nginx and HAProxy: they come from Debian, so are not the newest; Holdfast is warmed up"
            + " longer.");
  }

  @Override
  protected void measure(Options options, RunResources runResources, Report report)
      throws Exception {
    Path folder = runResources.own(ScratchFolder.create("holdfast-bench-gateway")).path();
    List<Integer> ports = EchoServers.ports(EchoServers.start(runResources, PORTS, false));
    ComparedProxies programs = new ComparedProxies(folder);
    List<GatewayProxy> proxies = start(options, runResources, programs, ports);
    List<GatewayProxy> parts = parts(options, runResources, programs, ports.subList(4, PORTS));
    GatewayMeasurement course =
        new GatewayMeasurement(
            new H2load(folder),
            runResources.own(GrpcLoadClients.start()),
            loads(options),
            report,
            options.get(SLICE_MILLIS) / 1e3,
            options.get(RATE));
    List<GatewayProxy> all = new ArrayList<>(proxies);
    all.addAll(parts);
    List<GatewayProxy> ofClients = new ArrayList<>(all);
    ofClients.removeIf(proxy -> proxy.name().equals(GatewayPrograms.FLOOR));
    for (GatewayProxy proxy : all) {
      proxy.awaitServing();
      proxy.schedule(options.get(BATCH) == 1 && !proxy.name().equals(WITHOUT_BATCH));
      report.say("%s answers truly", proxy.name());
    }
    report.say("warming up");
    course.warmUpClients(ofClients, proxy -> THOUSAND * thousands(options.get(WARM_UP), proxy));
    if (options.get(CONSTANT) == 1) {
      course.warmUp(proxies, proxy -> THOUSAND * thousands(options.get(WARM_UP), proxy));
    }
    for (int i = 0; i < options.get(ALTERNATIONS); i++) {
      course.alternationOfClients(i, ofClients);
      if (options.get(CONSTANT) == 1) {
        course.alternation(i, proxies);
      }
      Collections.rotate(ofClients, 1);
      Collections.rotate(proxies, 1);
    }
    new GatewayResult(options, report, course.slices(), all).conclude();
  }

  private static List<GrpcLoad> loads(Options options) {
    List<GrpcLoad> all = GrpcLoad.all(options.get(CLIENT_RATE));
    int only = Math.min(all.size(), options.get(ONLY));
    return only == 0 ? all : List.of(all.get(only - 1));
  }

  private static int thousands(int calls, GatewayProxy proxy) {
    boolean ours = !List.of(HAPROXY, NGINX).contains(proxy.name());
    return ours ? calls : Math.min(WARM_UP_OF_OTHERS, calls);
  }

  /** Proxies, each with a server port of its own, so that left sockets show their proxy. */
  private static List<GatewayProxy> start(
      Options options, RunResources runResources, ComparedProxies programs, List<Integer> ports)
      throws Exception {
    boolean control = options.get(CONTROL) == 1;
    List<GatewayProxy> proxies = new ArrayList<>();
    String ours = GatewayPrograms.HOLDFAST;
    proxies.add(
        runResources.own(
            control
                ? programs.haproxy(ours, ports.get(0))
                : programs.holdfast(ours, ports.get(0), List.of())));
    proxies.add(runResources.own(programs.haproxy(HAPROXY, ports.get(1))));
    proxies.add(runResources.own(programs.nginx(NGINX, ports.get(2))));
    if (options.get(FLOOR) == 1) {
      proxies.add(runResources.own(programs.floor(GatewayPrograms.FLOOR, ports.get(3))));
    }
    return proxies;
  }

  /** Holdfast without one of its parts each. */
  private static List<GatewayProxy> parts(
      Options options, RunResources runResources, ComparedProxies programs, List<Integer> ports)
      throws Exception {
    if (options.get(PARTS) == 0) {
      return List.of();
    }
    return List.of(
        runResources.own(
            programs.holdfast(
                "no-header-cache", ports.get(0), List.of("-Dholdfast.gateway.header-cache=false"))),
        runResources.own(
            programs.holdfast(
                "no-direct-socket",
                ports.get(1),
                List.of("-Dholdfast.gateway.direct-socket=false"))),
        runResources.own(programs.holdfast(WITHOUT_BATCH, ports.get(2), List.of())),
        runResources.own(
            programs.holdfast("jdk-tls", ports.get(3), List.of("-Dholdfast.gateway.tls=jdk"))),
        runResources.own(
            programs.holdfast(
                "netty-codec", ports.get(4), List.of("-Dholdfast.gateway.codec=netty"))));
  }
}
