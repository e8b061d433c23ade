package dev.holdfast.bench.conformance;

import dev.holdfast.bench.gateway.GatewayPrograms;
import dev.holdfast.bench.process.ExternalCommand;
import dev.holdfast.bench.process.ExternalTool;
import dev.holdfast.bench.run.Comparison;
import dev.holdfast.bench.run.Option;
import dev.holdfast.bench.run.Options;
import dev.holdfast.bench.run.Report;
import dev.holdfast.bench.run.RunResources;
import dev.holdfast.bench.run.ScratchFolder;
import dev.holdfast.bench.xds.CallerLanguage;
import dev.holdfast.core.local.FreePort;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * The benchmark that runs gRPC's interop test cases with grpc-go's client and grpcio, directly and
 * through the gateway.
 */
public final class GrpcInterop extends Comparison {
  public static final List<ExternalTool> TOOLS = List.of(new ExternalTool("go", "golang-go"));

  private static final Option CASES =
      new Option("--cases", 16, 3, 1, 16, "how many of the cases are run, from the first on");

  /** The test cases of doc/interop-test-descriptions.md that need no credentials. */
  private static final List<String> NAMES =
      List.of(
          "large_unary",
          "ping_pong",
          "status_code_and_message",
          "empty_unary",
          "client_streaming",
          "server_streaming",
          "empty_stream",
          "timeout_on_sleeping_server",
          "cancel_after_begin",
          "cancel_after_first_response",
          "special_status_message",
          "custom_metadata",
          "unimplemented_method",
          "unimplemented_service",
          "rpc_soak",
          "channel_soak");

  private static final int OF_BOTH_CLIENTS = 14;
  private static final String PACKAGES = "google.golang.org/grpc/interop/";
  private static final String SERVER_NAME = "foo.test.google.fr";
  private static final long BUILD_LIMIT_S = 900;
  private static final long CASE_LIMIT_S = 90;
  private static final long START_LIMIT_S = 60;

  @Override
  public String name() {
    return "grpc-interop";
  }

  @Override
  public String summary() {
    return "gRPC's interop test cases by grpc-go and grpcio through the gateway: none fails";
  }

  @Override
  public List<Option> options() {
    return List.of(CASES);
  }

  @Override
  protected List<String> method() {
    return List.of(
        "grpc-go's own interop client and server, unchanged, and a client on grpcio of the same"
            + " cases; each case in a",
        "process of its own, in plaintext and over TLS, direct and through ./holdfast gateway,"
            + " which ends TLS.");
  }

  @Override
  protected List<String> unfair() {
    return List.of(
        "cases of credentials, of several servers and of ORCA are left out; grpcio's client has no"
            + " soak tests");
  }

  /** The server that a client connects to. */
  private record Target(int port, boolean tls, boolean direct) {
    @Override
    public String toString() {
      return (direct ? "direct" : "gateway") + (tls ? ", TLS" : "");
    }
  }

  /** The programs, and the certificates that come with grpc-go. */
  private record Tools(Path client, Path server, Path certificates, List<String> python) {}

  @Override
  protected void measure(Options options, RunResources runResources, Report report)
      throws Exception {
    Path root = Path.of(System.getProperty("holdfast.home", ".")).toAbsolutePath();
    Path folder = runResources.own(ScratchFolder.create("holdfast-bench-interop")).path();
    Tools tools = tools(root, folder);
    report.bound(!tools.python.isEmpty(), "no Python with grpcio");
    int plain = FreePort.find();
    int secure = FreePort.find();
    server(runResources, folder, tools, plain, false);
    server(runResources, folder, tools, secure, true);
    int gateway = FreePort.find();
    int secured = FreePort.find();
    Path file = folder.resolve("gateway.yaml");
    Files.writeString(
        file,
        """
        listeners:
          - address: 127.0.0.1:%d
          - address: 127.0.0.1:%d
            tls: {certificate: %3$s/server1.pem, key: %3$s/server1.key}
        admin: none
        clusters: {interop: {endpoints: [127.0.0.1:%4$d]}}
        routes: [{cluster: interop}]
        """
            .formatted(gateway, secured, tools.certificates, plain));
    runResources.own(new GatewayPrograms(folder).holdfastWith(file, gateway));
    for (int port : new int[] {plain, secure, gateway, secured}) {
      awaitListening(port);
    }
    List<Target> targets =
        List.of(
            new Target(plain, false, true),
            new Target(secure, true, true),
            new Target(gateway, false, false),
            new Target(secured, true, false));
    int cases = 0;
    int failed = 0;
    int failedDirect = 0;
    List<String> names = NAMES.subList(0, Math.min(options.get(CASES), NAMES.size()));
    for (Target target : targets) {
      for (String name : names) {
        for (List<String> command : clients(tools, name, target)) {
          boolean passed = run(command, folder, report, name + " (" + target + ")");
          cases += target.direct ? 0 : 1;
          failed += passed || target.direct ? 0 : 1;
          failedDirect += passed || !target.direct ? 0 : 1;
        }
      }
      report.say("%s: %d cases so far, %d failed", target, cases, failed + failedDirect);
    }
    report.figure("cases", cases).none("failed", failed).none("direct_failed", failedDirect);
  }

  private static List<List<String>> clients(Tools tools, String name, Target target) {
    List<List<String>> clients = new ArrayList<>();
    String ca = tools.certificates.resolve("ca.pem").toString();
    List<String> go = new ArrayList<>();
    go.add(tools.client.toString());
    go.addAll(List.of("-server_host", "127.0.0.1", "-server_port", "" + target.port));
    go.addAll(List.of("-test_case", name));
    // A soak is to show mistakes here, not a busy machine.
    go.addAll(List.of("-soak_per_iteration_max_acceptable_latency_ms", "20000"));
    go.addAll(List.of("-soak_overall_timeout_seconds", "60"));
    if (target.tls) {
      go.addAll(List.of("-use_tls", "-use_test_ca", "-ca_file", ca));
      go.addAll(List.of("-server_host_override", SERVER_NAME));
    }
    clients.add(go);
    if (!tools.python.isEmpty() && NAMES.indexOf(name) < OF_BOTH_CLIENTS) {
      List<String> python = new ArrayList<>(tools.python);
      python.addAll(List.of(name, "127.0.0.1:" + target.port));
      if (target.tls) {
        python.addAll(List.of(ca, SERVER_NAME));
      }
      clients.add(python);
    }
    return clients;
  }

  private static Tools tools(Path root, Path folder) throws IOException, InterruptedException {
    Path module = root.resolve("testing/interop/grpc-interop");
    Path programs = Files.createDirectories(root.resolve(".holdfast/interop/grpc-interop"));
    Path output = folder.resolve("build");
    List<String> build =
        List.of(
            TOOLS.get(0).path(),
            "build",
            "-o",
            programs + "/",
            PACKAGES + "client",
            PACKAGES + "server");
    ExternalCommand.said(build, module, output, BUILD_LIMIT_S);
    List<String> where =
        List.of(TOOLS.get(0).path(), "list", "-m", "-f", "{{.Dir}}", "google.golang.org/grpc");
    Path certificates =
        Path.of(ExternalCommand.said(where, module, output, BUILD_LIMIT_S), "testdata");
    Optional<List<String>> python = CallerLanguage.python(root, module);
    return new Tools(
        programs.resolve("client"),
        programs.resolve("server"),
        certificates,
        python.orElse(List.of()));
  }

  private static void server(
      RunResources runResources, Path folder, Tools tools, int port, boolean tls)
      throws IOException {
    List<String> command = new ArrayList<>(List.of(tools.server.toString(), "-port", "" + port));
    if (tls) {
      command.add("-use_tls");
    }
    Process process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(folder.resolve("server-" + port + ".log").toFile())
            .start();
    AutoCloseable stop = process::destroyForcibly;
    runResources.own(stop);
  }

  private static boolean run(List<String> command, Path folder, Report report, String what)
      throws IOException, InterruptedException {
    Path output = folder.resolve("case");
    int exit = ExternalCommand.exit(command, Map.of(), folder, output, CASE_LIMIT_S);
    if (exit != 0) {
      String client = command.get(0).endsWith("client") ? "grpc-go" : "grpcio";
      report.say("FAILED %s by %s: exit %d", what, client, exit);
      Files.readAllLines(output, StandardCharsets.UTF_8).stream()
          .limit(20)
          .forEach(line -> report.print("    " + line));
    }
    return exit == 0;
  }

  static void awaitListening(int port) throws IOException, InterruptedException {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(START_LIMIT_S);
    while (true) {
      try (Socket socket = new Socket()) {
        socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
        return;
      } catch (IOException e) {
        if (System.nanoTime() - end > 0) {
          throw e;
        }
        TimeUnit.MILLISECONDS.sleep(50);
      }
    }
  }
}
