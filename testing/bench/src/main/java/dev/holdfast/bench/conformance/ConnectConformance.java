package dev.holdfast.bench.conformance;

import dev.holdfast.bench.gateway.GatewayPrograms;
import dev.holdfast.bench.gateway.GatewayProxy;
import dev.holdfast.bench.process.BenchTls;
import dev.holdfast.bench.process.ExternalCommand;
import dev.holdfast.bench.process.ExternalTool;
import dev.holdfast.bench.run.Comparison;
import dev.holdfast.bench.run.Option;
import dev.holdfast.bench.run.Options;
import dev.holdfast.bench.run.Report;
import dev.holdfast.bench.run.RunResources;
import dev.holdfast.bench.run.ScratchFolder;
import dev.holdfast.core.JsonTextWriter;
import dev.holdfast.core.local.FreePort;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The benchmark that runs Connect's conformance suite with the gateway as the server. The suite's
 * reference client calls through the gateway, and the suite's reference server speaks gRPC behind
 * it.
 */
public final class ConnectConformance extends Comparison {
  public static final List<ExternalTool> TOOLS = List.of(new ExternalTool("go", "golang-go"));

  private static final String MODULE = "connectrpc.com/conformance";
  private static final String SERVICE = "conformance";

  /** The message receive limit that the runner sets for every server, in bytes. */
  private static final int RECEIVE_LIMIT = 204_800;

  private static final long BUILD_LIMIT_S = 600;
  private static final long START_LIMIT_S = 60;
  private static final long RUN_LIMIT_S = 600;
  private static final int MOST_FAILED = 4;
  private static final int LEAST_PASSED = 3_700;
  private static final int SHOWN_LINES = 80;

  private static final Pattern SUMMARY = Pattern.compile("(\\d+) passed, (\\d+) failed");
  private static final Pattern FAILED = Pattern.compile("FAILED: (.*?):?");

  @Override
  public String name() {
    return "connect-conformance";
  }

  @Override
  public String summary() {
    return "connect's conformance suite through the gateway; all but 4 explained cases pass";
  }

  @Override
  public List<Option> options() {
    return List.of();
  }

  @Override
  protected List<String> method() {
    return List.of(
        "the suite of the Go module connectrpc.com/conformance 1.0.7: its reference client calls"
            + " the",
        "gateway by Connect, gRPC and gRPC-Web, over HTTP/1.1 and HTTP/2, with TLS and without,",
        "protobuf and JSON, identity and gzip; its reference server answers as gRPC over HTTP/2.",
        "A case that fails must stand in testing/interop/connect-conformance/explained.txt with"
            + " the",
        "specification that it follows. --quick: Connect over HTTP/2, protobuf, without TLS");
  }

  @Override
  protected List<String> unfair() {
    return List.of(
        "the limit for messages is the reference server's, not the gateway's",
        "HTTP/3 and client certificates are not asked for");
  }

  @Override
  protected void measure(Options options, RunResources runResources, Report report)
      throws Exception {
    Path source =
        Path.of(System.getProperty("holdfast.home", "."))
            .toAbsolutePath()
            .resolve("testing/interop/connect-conformance");
    Path work = runResources.own(ScratchFolder.create("holdfast-connect")).path();
    build(source, work);
    report.say("built the suite");
    int upstream = upstream(runResources, work);
    int plain = FreePort.find();
    int secure = FreePort.find();
    Path config = config(work, upstream, plain, secure);
    GatewayProxy gateway = runResources.own(new GatewayPrograms(work).holdfastWith(config, plain));
    awaitServing(gateway, work.resolve(gateway.name() + ".log"));
    report.say("the gateway serves");
    Path output = work.resolve("output");
    List<String> command =
        List.of(
            work.resolve("connectconformance").toString(),
            "--mode",
            "server",
            "--conf",
            source.resolve(options.quick() ? "quick.yaml" : "conformance.yaml").toString(),
            // Some cases have deadlines of a few hundred milliseconds.
            "--max-servers",
            "1",
            "--parallel",
            "2",
            "--",
            work.resolve("connect-conformance").toString(),
            "server",
            Integer.toString(plain),
            Integer.toString(secure),
            work.resolve("tls.crt").toString());
    ExternalCommand.run(command, work, output, RUN_LIMIT_S);
    judge(options, report, Files.readAllLines(output, StandardCharsets.ISO_8859_1), source);
  }

  private static void judge(Options options, Report report, List<String> lines, Path source)
      throws IOException {
    long passed = 0;
    long failed = 0;
    List<String> cases = new ArrayList<>();
    for (String line : lines) {
      Matcher summary = SUMMARY.matcher(line);
      Matcher one = FAILED.matcher(line);
      if (summary.find()) {
        passed = Long.parseLong(summary.group(1));
        failed = Long.parseLong(summary.group(2));
      } else if (one.matches()) {
        cases.add(one.group(1));
      }
    }
    Map<String, String> specifications = explained(source.resolve("explained.txt"));
    long explained = cases.stream().filter(specifications::containsKey).count();
    cases.stream()
        .filter(specifications::containsKey)
        .forEach(name -> report.print("  " + name + ": " + specifications.get(name)));
    if (explained < failed || passed == 0) {
      lines.stream().limit(SHOWN_LINES).forEach(line -> report.print("  " + line));
    }
    report
        .figure("passed", passed)
        .figure("failed", failed)
        .figure("explained", explained)
        .bound(passed > 0, "the runner gave no summary")
        .bound(
            options.quick() || passed >= LEAST_PASSED,
            "%d passed (expected: >= %d)",
            passed,
            LEAST_PASSED)
        .bound(failed <= MOST_FAILED, "%d failed (expected: <= %d)", failed, MOST_FAILED)
        .bound(
            explained == failed,
            "%d of %d failures are explained (expected: all)",
            explained,
            failed);
  }

  /** The specifications by the cases that follow them. */
  private static Map<String, String> explained(Path file) throws IOException {
    Map<String, String> specifications = new HashMap<>();
    for (String line : Files.readAllLines(file)) {
      if (!line.isBlank() && !line.startsWith("#")) {
        int tab = line.indexOf('\t');
        if (tab < 0) {
          throw new IOException(file + ": " + line + " (expected: a case, a tab, a specification)");
        }
        specifications.put(line.substring(0, tab), line.substring(tab + 1));
      }
    }
    return specifications;
  }

  /** The programs, and the descriptors of what they serve. */
  private static void build(Path source, Path work) throws IOException, InterruptedException {
    Path said = work.resolve("build");
    List<String> command =
        List.of(
            TOOLS.get(0).path(),
            "build",
            "-o",
            work + File.separator,
            ".",
            MODULE + "/cmd/connectconformance",
            MODULE + "/cmd/referenceserver");
    int exit = ExternalCommand.run(command, source, said, BUILD_LIMIT_S);
    if (exit != 0) {
      throw new IOException("go build ended with " + exit + ": " + Files.readString(said));
    }
    Process schema =
        new ProcessBuilder(work.resolve("connect-conformance").toString(), "schema")
            .directory(source.toFile())
            .redirectError(said.toFile())
            .redirectOutput(work.resolve("conformance.pb").toFile())
            .start();
    if (!schema.waitFor(START_LIMIT_S, TimeUnit.SECONDS) || schema.exitValue() != 0) {
      schema.destroyForcibly();
      throw new IOException("no schema: " + Files.readString(said));
    }
  }

  /** The port of a reference server that has begun. */
  private static int upstream(RunResources runResources, Path work)
      throws IOException, InterruptedException {
    int port = FreePort.find();
    Path said = work.resolve("referenceserver.log");
    Process server =
        new ProcessBuilder(
                work.resolve("referenceserver").toString(),
                "-json",
                "-port",
                Integer.toString(port))
            .redirectErrorStream(true)
            .redirectOutput(said.toFile())
            .start();
    AutoCloseable stop = () -> server.destroyForcibly().waitFor(START_LIMIT_S, TimeUnit.SECONDS);
    runResources.own(stop);
    try (var request = server.getOutputStream()) {
      request.write(
          new JsonTextWriter()
              .object()
              .with("protocol", "PROTOCOL_GRPC")
              .with("httpVersion", "HTTP_VERSION_2")
              .with("messageReceiveLimit", RECEIVE_LIMIT)
              .endObject()
              .toByteArray());
    }
    await(said, "\"port\"", server::isAlive);
    return port;
  }

  private static Path config(Path work, int upstream, int plain, int secure)
      throws IOException, InterruptedException {
    BenchTls.writePem(BenchTls.newKey(work), work.resolve("tls.crt"), work.resolve("tls.key"));
    Path service = Files.createDirectories(work.resolve("registry").resolve(SERVICE));
    Files.write(service.resolve("upstream.list"), List.of("127.0.0.1:" + upstream));
    Path file = work.resolve("gateway.yaml");
    Files.writeString(
        file,
        """
        registry: file://%s
        listeners:
          - address: 127.0.0.1:%d
          - address: 127.0.0.1:%d
            tls: {certificate: tls.crt, key: tls.key}
        clusters:
          %s: {descriptor-sets: [conformance.pb]}
        routes:
          - cluster: %4$s
        """
            .formatted(work.resolve("registry"), plain, secure, SERVICE));
    return file;
  }

  private static void awaitServing(GatewayProxy gateway, Path said)
      throws IOException, InterruptedException {
    await(said, "serving ", gateway::isAlive);
  }

  private static void await(Path said, String word, BooleanSupplier alive)
      throws IOException, InterruptedException {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(START_LIMIT_S);
    while (!Files.readString(said, StandardCharsets.ISO_8859_1).contains(word)) {
      if (!alive.getAsBoolean() || System.nanoTime() - end > 0) {
        throw new IOException(said.getFileName() + ": " + Files.readString(said));
      }
      TimeUnit.MILLISECONDS.sleep(50);
    }
  }
}
