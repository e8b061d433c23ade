package dev.holdfast.bench.conformance;

import com.google.api.HttpBody;
import com.google.protobuf.ByteString;
import com.google.protobuf.Empty;
import dev.holdfast.bench.gateway.GatewayPrograms;
import dev.holdfast.bench.process.ExternalTool;
import dev.holdfast.bench.run.Comparison;
import dev.holdfast.bench.run.Option;
import dev.holdfast.bench.run.Options;
import dev.holdfast.bench.run.Report;
import dev.holdfast.bench.run.RunResources;
import dev.holdfast.bench.run.ScratchFolder;
import dev.holdfast.bench.v1.ProbeGrpc;
import io.grpc.Server;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.protobuf.services.ProtoReflectionServiceV1;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * The benchmark that runs h2spec in strict mode against the gateway, nghttpd and HAProxy, over
 * plaintext and TLS. A case that the gateway fails must be one that {@code docs/gateway/limits.md}
 * explains.
 */
public final class H2spec extends Comparison {
  private static final Option TLS =
      new Option("--tls", 1, 0, 0, 1, "1: over TLS as well as over plaintext");
  private static final int BODY_BYTES = 4_096;
  private static final String CLEAR = "h2c";
  private static final String SECURE = "tls";

  /**
   * The cases that the gateway may fail, as {@code docs/gateway/limits.md} explains them. Each is
   * h2c or tls, then the id of the case.
   */
  static final Set<String> EXPLAINED =
      Set.of(CLEAR + " http2/3.5: Sends invalid connection preface");

  public static final List<ExternalTool> TOOLS =
      List.of(
          new ExternalTool("go", "golang-go"),
          new ExternalTool("nghttpd", "nghttp2-server"),
          GatewayPrograms.HAPROXY);

  @Override
  public String name() {
    return "h2spec";
  }

  @Override
  public String summary() {
    return "h2spec's cases against the gateway, nghttpd and HAProxy; passed >= nghttpd";
  }

  @Override
  public List<Option> options() {
    return List.of(TLS);
  }

  @Override
  protected List<String> method() {
    return List.of(
        "h2spec 2.2.1 (a Go module, built here) runs all its cases with --strict: GET and POST of"
            + " /h2spec, which",
        "the gateway translates to a gRPC server in this process, nghttpd has as a file, and"
            + " HAProxy forwards to",
        "nghttpd. passed, nghttpd and haproxy are cases of total; what the gateway fails must be"
            + " explained.");
  }

  @Override
  protected List<String> unfair() {
    return List.of(
        "cases of h2spec follow RFC 7540, which RFC 9113 has replaced; who answers sooner than a"
            + " case expects",
        "may fail it. HAProxy's rows say how it stands as its documents set it up.");
  }

  @Override
  protected void measure(Options options, RunResources runResources, Report report)
      throws Exception {
    Path folder = runResources.own(ScratchFolder.create("holdfast-bench-h2spec")).path();
    H2specRunner runner = H2specRunner.build(folder);
    H2specPeers peers = new H2specPeers(folder, runResources);
    Map<String, H2specPeers.Ports> tried = new LinkedHashMap<>();
    tried.put("nghttpd", peers.nghttpd("x".repeat(BODY_BYTES)));
    tried.put("haproxy", peers.haproxy());
    tried.put("holdfast", peers.holdfast(server(runResources)));
    boolean secure = options.get(TLS) == 1;
    Map<String, List<H2specRunner.Case>> ran = new LinkedHashMap<>();
    for (var each : tried.entrySet()) {
      List<H2specRunner.Case> cases = new ArrayList<>(runner.run(CLEAR, each.getValue().clear()));
      if (secure) {
        cases.addAll(runner.run(SECURE, each.getValue().secure()));
      }
      ran.put(each.getKey(), cases);
      report.say("%s: %d of %d passed", each.getKey(), passed(cases), cases.size());
      for (H2specRunner.Case one : cases) {
        if (!one.passed()) {
          report.print("    " + each.getKey() + " fails: " + one.id());
        }
      }
    }
    conclude(report, ran, secure);
  }

  private static void conclude(
      Report report, Map<String, List<H2specRunner.Case>> ran, boolean secure) {
    List<H2specRunner.Case> ours = ran.getOrDefault("holdfast", List.of());
    long passed = passed(ours);
    long nghttpd = passed(ran.getOrDefault("nghttpd", List.of()));
    Set<String> unexplained = new TreeSet<>();
    Set<String> passing = new TreeSet<>(EXPLAINED);
    if (!secure) {
      passing.removeIf(each -> each.startsWith(SECURE));
    }
    for (H2specRunner.Case one : ours) {
      if (!one.passed()) {
        passing.remove(one.id());
        if (!EXPLAINED.contains(one.id())) {
          unexplained.add(one.id());
        }
      }
    }
    report
        .figure("passed", passed)
        .figure("total", ours.size())
        .figure("nghttpd", nghttpd)
        .figure("haproxy", passed(ran.getOrDefault("haproxy", List.of())))
        .bound(!ours.isEmpty(), "h2spec ran no case")
        .bound(passed >= nghttpd, "passed: %d (expected: >= %d, nghttpd's)", passed, nghttpd)
        .bound(unexplained.isEmpty(), "fails, and is not explained: %s", unexplained)
        .bound(passing.isEmpty(), "is explained, and does not fail any more: %s", passing);
  }

  private static long passed(List<H2specRunner.Case> cases) {
    return cases.stream().filter(H2specRunner.Case::passed).count();
  }

  private static int server(RunResources runResources) throws IOException {
    Server server =
        NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
            .addService(new Probe())
            .addService(ProtoReflectionServiceV1.newInstance())
            .build()
            .start();
    runResources.own(server::shutdownNow);
    return server.getPort();
  }

  /** The service behind the gateway. Its body is as long as nghttpd's file. */
  private static final class Probe extends ProbeGrpc.ProbeImplBase {
    private static final HttpBody BODY =
        HttpBody.newBuilder()
            .setContentType("text/plain")
            .setData(ByteString.copyFrom("x".repeat(BODY_BYTES), StandardCharsets.US_ASCII))
            .build();

    @Override
    public void get(Empty request, StreamObserver<HttpBody> answer) {
      answer.onNext(BODY);
      answer.onCompleted();
    }

    @Override
    public void post(HttpBody request, StreamObserver<HttpBody> answer) {
      get(Empty.getDefaultInstance(), answer);
    }
  }

  /**
   * The root of the repository.
   *
   * @throws IllegalStateException when {@code holdfast.home} is no repository
   */
  static Path root() {
    Path root = Path.of(System.getProperty("holdfast.home", ".")).toAbsolutePath();
    if (!Files.isDirectory(root.resolve("testing/interop"))) {
      throw new IllegalStateException("holdfast.home: " + root + " (expected: the repository)");
    }
    return root;
  }
}
