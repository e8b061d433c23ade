package dev.holdfast.bench.conformance;

import dev.holdfast.bench.gateway.GatewayPrograms;
import dev.holdfast.bench.gateway.GatewayProxy;
import dev.holdfast.bench.process.ExternalTool;
import dev.holdfast.bench.run.Comparison;
import dev.holdfast.bench.run.Option;
import dev.holdfast.bench.run.Options;
import dev.holdfast.bench.run.Report;
import dev.holdfast.bench.run.RunResources;
import dev.holdfast.bench.run.ScratchFolder;
import dev.holdfast.core.local.FreePort;
import io.grpc.Server;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.protobuf.services.ProtoReflectionServiceV1;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.http.HttpClient;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * The benchmark of google.api.http: requests of every kind through a gateway, with each value of
 * its presets.
 */
public final class Showcase extends Comparison {
  public static final List<ExternalTool> TOOLS = List.of(new ExternalTool("go", "golang-go"));

  /** The values of {@code json.compatible} in a gateway's file. */
  private static final List<String> WORDS = List.of("none", "grpc-gateway", "envoy", "google");

  /** Whose server decodes a path before it takes it apart, as that of the suite does. */
  private static final String SUITE_WORD = "grpc-gateway";

  /** A binding that does not fit, refused by the module's own server, too; a slash in a segment. */
  private static final List<String> FAULTS_OF_THE_CLIENT =
      List.of(
          "Compliance.RepeatDataPathResource, Binding testing additional binding:",
          "Compliance.RepeatDataSimplePath, Extreme values:");

  @Override
  public String name() {
    return "showcase";
  }

  @Override
  public String summary() {
    return "gapic-showcase's compliance suite, and HTTP/JSON requests of each kind of"
        + " google.api.http";
  }

  @Override
  public List<Option> options() {
    return List.of();
  }

  @Override
  protected List<String> method() {
    return List.of(
        "1. the Go module gapic-showcase 0.42.0: its compliance service, over gRPC, behind"
            + " ./holdfast gateway with each",
        "word of json.compatible; its own test of its compliance suite (53 requests), of which the"
            + " address alone is",
        "changed, and the same requests by the client that Google's generator makes of the"
            + " service.",
        "passed and total are those of the test with the word "
            + SUITE_WORD
            + "; the service compares each request with that",
        "of its suite. Which of its bindings was asked only a REST server knows; that is not"
            + " compared.",
        "2. a service of ours that echoes, found by reflection; a table of requests of ours,"
            + " written from",
        "google.api.http's documentation, that says what must have reached the service or what must"
            + " be answered.");
  }

  @Override
  protected List<String> unfair() {
    return List.of(
        "the table is ours: it says what we believe that the documentation means",
        "two requests of the generated client are left out: it asks a binding that does not fit,"
            + " and writes a slash",
        "into one segment as it is");
  }

  @Override
  protected void measure(Options options, RunResources runResources, Report report)
      throws Exception {
    suite(runResources, report);
    List<ShowcaseCase> cases = ShowcaseCase.all();
    Server server =
        NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
            .addService(new SampleService())
            .addService(ProtoReflectionServiceV1.newInstance())
            .build()
            .start();
    AutoCloseable serving = server::shutdownNow;
    runResources.own(serving);
    int passed = 0;
    int total = 0;
    for (String word : WORDS) {
      List<ShowcaseCase> own = cases.stream().filter(each -> each.holdsFor(word)).toList();
      int right = passed(word, own, server.getPort(), runResources, report);
      report.say("%s: %d of %d of the table", word, right, own.size());
      passed += right;
      total += own.size();
    }
    report
        .figure("table_passed", passed)
        .figure("table_total", total)
        .bound(passed == total, "%d of %d requests were right (expected: all)", passed, total)
        .bound(total > 0, "no request");
  }

  private static void suite(RunResources runResources, Report report) throws Exception {
    GapicShowcase showcase =
        GapicShowcase.build(runResources.own(ScratchFolder.create("holdfast-gapic")).path());
    int upstream = FreePort.find();
    showcase.serve(upstream, runResources);
    for (String word : WORDS) {
      int port = FreePort.find();
      try (GatewayProxy gateway = gateway(word, upstream, port, runResources)) {
        GapicShowcase.Outcome test = showcase.suite(port);
        GapicShowcase.Outcome client = showcase.client(port);
        List<String> faults =
            client.failures().stream().filter(each -> !isOfTheClient(each)).toList();
        report.say(
            "%s: %d of %d of the suite, %d of %d by the client",
            word, test.passed(), test.total(), client.passed(), client.total());
        if (word.equals(SUITE_WORD)) {
          test.failures().forEach(each -> report.print("  FAILED " + each));
          faults.forEach(each -> report.print("  FAILED by the client: " + each));
          report
              .figure("passed", test.passed())
              .figure("total", test.total())
              .figure("client_passed", client.passed())
              .none("client_failed", faults.size())
              .bound(
                  test.passed() == test.total() && test.total() > 0,
                  "passed: %d (expected: %d, and some)",
                  test.passed(),
                  test.total());
        }
      }
    }
  }

  private static boolean isOfTheClient(String failure) {
    return FAULTS_OF_THE_CLIENT.stream().anyMatch(failure::startsWith);
  }

  private static GatewayProxy gateway(
      String word, int upstream, int port, RunResources runResources)
      throws IOException, InterruptedException {
    ScratchFolder folder = runResources.own(ScratchFolder.create("holdfast-showcase"));
    Path file = folder.path().resolve("gateway.yaml");
    Files.writeString(
        file,
        """
        listeners: [{address: '127.0.0.1:%d'}]
        clusters: {samples: {endpoints: ['127.0.0.1:%d']}}
        json: {compatible: %s}
        admin: none
        """
            .formatted(port, upstream, word));
    GatewayProxy gateway =
        runResources.own(new GatewayPrograms(folder.path()).holdfastWith(file, port));
    // Its first request is one that is counted: it waits for the schema by itself.
    GrpcInterop.awaitListening(port);
    return gateway;
  }

  private static int passed(
      String word, List<ShowcaseCase> cases, int upstream, RunResources runResources, Report report)
      throws IOException, InterruptedException {
    int port = FreePort.find();
    GatewayProxy gateway = gateway(word, upstream, port, runResources);
    HttpClient client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    int passed = 0;
    for (ShowcaseCase each : cases) {
      HttpResponse<String> answer =
          client.send(each.on(port), HttpResponse.BodyHandlers.ofString(StandardCharsets.UTF_8));
      String problem = each.problem(answer);
      if (problem.isEmpty()) {
        passed++;
      } else {
        report.print("  " + word + ", " + each.kind() + ": " + each.request() + ": " + problem);
      }
    }
    gateway.close();
    return passed;
  }
}
