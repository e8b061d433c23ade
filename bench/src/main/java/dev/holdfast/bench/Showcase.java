package dev.holdfast.bench;

import io.grpc.Server;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.protobuf.services.ProtoReflectionServiceV1;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.http.HttpClient;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Requests of every kind of google.api.http through a gateway, with each word of its presets. */
final class Showcase extends Comparison {
  /** As {@code json.compatible} of a gateway's file knows them. */
  private static final List<String> WORDS = List.of("none", "grpc-gateway", "envoy", "google");

  private static final long START_SECONDS = 60;

  @Override
  public String name() {
    return "showcase";
  }

  @Override
  public String summary() {
    return "HTTP/JSON requests of each kind of google.api.http, with each word of json.compatible";
  }

  @Override
  List<Option> options() {
    return List.of();
  }

  @Override
  List<String> method() {
    return List.of(
        "a service of ours that echoes, found by reflection; ./holdfast gateway before it with each"
            + " word of",
        "json.compatible; a table of requests of ours, written from google.api.http's"
            + " documentation, that says",
        "what must have reached the service or what must be answered");
  }

  @Override
  List<String> unfair() {
    return List.of(
        "the table is ours: it covers the kinds of gapic-showcase's compliance suite, which no"
            + " package",
        "registry has, and says what we believe that the documentation means");
  }

  @Override
  void measure(Options options, Scope scope, Report report) throws Exception {
    List<ShowcaseCase> cases = ShowcaseCase.all();
    Server server =
        NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
            .addService(new SampleService())
            .addService(ProtoReflectionServiceV1.newInstance())
            .build()
            .start();
    AutoCloseable serving = server::shutdownNow;
    scope.own(serving);
    int passed = 0;
    int total = 0;
    for (String word : WORDS) {
      List<ShowcaseCase> own = cases.stream().filter(each -> each.holdsFor(word)).toList();
      int right = passed(word, own, server.getPort(), scope, report);
      report.say("%s: %d of %d", word, right, own.size());
      passed += right;
      total += own.size();
    }
    report
        .figure("passed", passed)
        .figure("total", total)
        .bound(passed == total, "%d of %d requests were right (expected: all)", passed, total)
        .bound(total > 0, "no request");
  }

  /** Its first request is one that is counted: it waits for the schema by itself. */
  private static void awaitListening(GatewayProxy gateway, int port)
      throws IOException, InterruptedException {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(START_SECONDS);
    while (true) {
      try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
        return;
      } catch (ConnectException e) {
        if (!gateway.isAlive() || System.nanoTime() - end > 0) {
          throw new IOException("the gateway does not listen at " + port, e);
        }
        TimeUnit.MILLISECONDS.sleep(50);
      }
    }
  }

  private static int passed(
      String word, List<ShowcaseCase> cases, int upstream, Scope scope, Report report)
      throws IOException, InterruptedException {
    ScratchFolder folder = scope.own(ScratchFolder.create("holdfast-showcase"));
    int port = GatewayPrograms.freePort();
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
    GatewayProxy gateway = scope.own(new GatewayPrograms(folder.path()).holdfastWith(file, port));
    HttpClient client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    awaitListening(gateway, port);
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
