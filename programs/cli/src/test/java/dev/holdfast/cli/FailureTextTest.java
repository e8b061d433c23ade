package dev.holdfast.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import dev.holdfast.core.testkit.RefusingPort;
import dev.holdfast.core.testkit.TestCertificate;
import io.grpc.Grpc;
import io.grpc.InsecureServerCredentials;
import io.grpc.Server;
import io.grpc.TlsServerCredentials;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Commands with wrong files, and with servers that are not there or not those that are expected. A
 * word with an @ stands for a file, folder or address of the test.
 */
class FailureTextTest {
  private static final String NO_LISTENER = "connection refused: nobody listens there";
  private static final String NO_HTTP_2 = "does not speak HTTP/2 (expected: a gRPC server";
  private static final String NO_TLS = "does not speak TLS (expected: no --tls";
  private static final String HUNG_UP = "or it speaks TLS where the call does not";
  private static final String UNTRUSTED = "certificate of no trusted authority";
  private static final String NO_FILE = "@MISSING: no such file (expected: a ";
  private static final String IS_FOLDER = "@FOLDER: is a directory (expected: a ";

  /** Texts that must not be in any output: names of classes, system calls and their numbers. */
  private static final String RAW =
      "(?s).*(Exception|java\\.|javax\\.|sun\\.|io\\.netty|io\\.grpc\\.|\\(\\.\\.\\)|error\\(-|"
          + "error=|io exception|Hex dump|\\n\\tat ).*";

  private static final Map<String, String> NAMES = new LinkedHashMap<>();
  private static final List<AutoCloseable> OPEN = new ArrayList<>();

  /** A command line, its exit code, and what its output must name. */
  record Failure(String line, int code, List<String> texts) {
    @Override
    public String toString() {
      return line;
    }
  }

  static List<Failure> files() {
    return List.of(
        failure("ls --config @MISSING", ExitCode.USAGE, "config: " + NO_FILE),
        failure("ls --config @FOLDER", ExitCode.USAGE, "config: " + IS_FOLDER),
        failure("ls --config @BINARY", ExitCode.USAGE, "config: @BINARY: not text in UTF-8"),
        failure("gateway check @MISSING", ExitCode.USAGE, "config: " + NO_FILE),
        failure("gateway check @FOLDER", ExitCode.USAGE, "config: " + IS_FOLDER),
        failure("gateway check @TEXT", ExitCode.FAILED, "@TEXT:1: hello (expected: a map with"),
        failure("doctor lint --file @MISSING", ExitCode.USAGE, "file: " + NO_FILE),
        failure("doctor lint --file @FOLDER", ExitCode.USAGE, "file: " + IS_FOLDER),
        failure("doctor lint --file @BINARY", ExitCode.USAGE, "file: @BINARY: not text in UTF-8"),
        failure("split orders --policy @MISSING", ExitCode.FAILED, "policy: " + NO_FILE),
        failure("split orders --policy @FOLDER", ExitCode.FAILED, "@FOLDER", "is a directory"),
        failure("openapi --descriptor-set @MISSING", ExitCode.USAGE, NO_FILE),
        failure("openapi --descriptor-set @FOLDER", ExitCode.USAGE, IS_FOLDER),
        failure("openapi --descriptor-set @TEXT", ExitCode.USAGE, "@TEXT", "FileDescriptorSet"),
        failure("call @PLAIN a.B/C --ca @MISSING", ExitCode.USAGE, "ca: " + NO_FILE),
        failure(
            "call @PLAIN a.B/C --ca @TEXT",
            ExitCode.USAGE,
            "ca: @TEXT: not understood (expected: certificates in PEM)"),
        failure(
            "call @PLAIN a.B/C --cert @CERT --key @CERT",
            ExitCode.USAGE,
            "key: @CERT: not understood (expected: a private key in PEM"),
        failure(
            "call @PLAIN a.B/C --cert @KEY --key @KEY",
            ExitCode.USAGE,
            "cert: @KEY: ",
            "(expected: certificates in PEM)"),
        failure(
            "control --registry file://@FOLDER --listen 0 --admin 0 --cert @MISSING --key @KEY",
            ExitCode.USAGE,
            "@MISSING: no such file"),
        failure(
            "control --registry file://@FOLDER --listen 0 --admin 0 --policy @MISSING",
            ExitCode.USAGE,
            "policy: " + NO_FILE),
        failure(
            "gateway --registry file://@FOLDER --listen 0 --admin none --tls-cert @MISSING"
                + " --tls-key @KEY",
            ExitCode.USAGE,
            "tls: @MISSING: not there (expected: a PEM file)"),
        failure(
            "gateway --config @MISSING --listen 0 --admin none",
            ExitCode.USAGE,
            "config: " + NO_FILE),
        failure(
            "doctor path @TLS --ca @MISSING", ExitCode.USAGE, "ca: @MISSING (expected: a readable"),
        failure("ls --registry file://@TEXT", ExitCode.FAILED, "@TEXT is a file (expected: a"),
        failure(
            "kubernetes chart --output @TEXT/below",
            ExitCode.USAGE,
            "output: @TEXT/below",
            "can't be written: not a directory (expected: a folder)"),
        failure(
            "run --registry file://@FOLDER --service orders --port 1 -- @TEXT",
            ExitCode.NOT_EXECUTABLE,
            "@TEXT: can't be started: permission denied"));
  }

  static List<Failure> servers() {
    List<Failure> failures = new ArrayList<>();
    for (String command : List.of("call TARGET a.B/C", "ls-methods TARGET", "streams TARGET")) {
      failures.add(failed(command, "@CLOSED", NO_LISTENER));
      failures.add(failed(command, "@HTTP", NO_HTTP_2));
      failures.add(failed(command, "@TLS", HUNG_UP));
      failures.add(failed(command + " --tls", "@PLAIN", NO_TLS));
      failures.add(failed(command + " --tls", "@TLS", UNTRUSTED));
    }
    failures.add(failed("openapi TARGET", "@CLOSED", NO_LISTENER));
    failures.add(failed("control status TARGET", "@CLOSED", NO_LISTENER));
    failures.add(failed("control status TARGET", "@HTTP", NO_HTTP_2));
    failures.add(failed("control status TARGET", "@TLS", HUNG_UP));
    failures.add(
        failed("control status TARGET", "@PLAIN", "(expected: the address of its --admin)"));
    for (String server : List.of("@CLOSED", "@HTTP", "@PLAIN", "@TLS")) {
      failures.add(failed("gateway status TARGET", server, "status: " + server));
    }
    failures.add(failed("call TARGET a.B/C", "nowhere.invalid:1", "unknown host"));
    failures.add(
        failure("call 127.0.0.1:99999 a.B/C", ExitCode.USAGE, "99999 (expected: 1 to 65535)"));
    failures.add(
        failure(
            "lab --listen 99999 --target @CLOSED --profile swarm",
            ExitCode.USAGE,
            "listen: 99999 (expected: 0 to 65535)"));
    failures.add(
        failure(
            "doctor path @CLOSED --max-wait 2s",
            ExitCode.FAILED,
            "@CLOSED",
            "nothing listens on that port"));
    failures.add(
        failure(
            "doctor path @TLS --max-wait 2s --plaintext", ExitCode.FAILED, "wants TLS (--tls)"));
    failures.add(
        failure(
            "doctor path @PLAIN --max-wait 2s --tls", ExitCode.FAILED, "The TLS handshake fails"));
    return failures;
  }

  static List<Failure> registries() {
    String kubernetes = "resolve kubernetes:///orders.prod:grpc?kubeconfig=";
    List<Failure> failures = new ArrayList<>();
    for (String command :
        List.of(
            "ls --registry etcd://TARGET/prod",
            "resolve etcd://TARGET/prod/orders",
            "register --registry etcd://TARGET/prod --service orders --port 1 --static")) {
      failures.add(failed(command, "@CLOSED", "etcd @CLOSED: UNAVAILABLE: connection refused"));
      failures.add(failed(command, "@TLS", "it needs tls=true"));
    }
    failures.add(
        failed("ls --registry etcd://TARGET/prod", "@HTTP", "@HTTP: ", "does not speak HTTP/2"));
    failures.add(failed("ls --registry etcd://TARGET/prod?tls=true", "@PLAIN", "needs tls=false"));
    failures.add(failed("ls --registry etcd://TARGET/prod?tls=true", "@TLS", UNTRUSTED));
    failures.add(
        failure(
            "ls --registry etcd://@CLOSED/prod?ca=@MISSING",
            ExitCode.USAGE,
            "ca: @MISSING (expected: a readable file)"));
    failures.add(
        failure(
            kubernetes + "@MISSING",
            ExitCode.USAGE,
            "kubeconfig: @MISSING (expected: a readable file)"));
    for (String command :
        List.of(
            "watch",
            "gateway --listen 0 --admin none --registry",
            "control --listen 0 --admin 0 --registry")) {
      String service = command.equals("watch") ? "/orders" : "";
      failures.add(
          failure(
              command + " kubernetes:///prod" + service + "?kubeconfig=@MISSING",
              ExitCode.USAGE,
              "kubeconfig: @MISSING (expected: a readable file)"));
      failures.add(
          failure(
              command + " etcd://@CLOSED/prod" + service + "?ca=@MISSING",
              ExitCode.USAGE,
              "ca: @MISSING (expected: a readable file)"));
    }
    failures.add(
        failure(kubernetes + "@BINARY", ExitCode.USAGE, "@BINARY: not understood (expected: YAML"));
    failures.add(
        failure(
            kubernetes + "@KUBE_EMPTY",
            ExitCode.USAGE,
            "@KUBE_EMPTY",
            "current-context: missing (expected: a context)"));
    failures.add(
        failure(kubernetes + "@KUBE_CLOSED", ExitCode.FAILED, "the API server can't be reached: "));
    failures.add(failure(kubernetes + "@KUBE_TLS", ExitCode.FAILED, UNTRUSTED));
    failures.add(
        failure(
            kubernetes + "@KUBE_NO_TLS",
            ExitCode.FAILED,
            "the connection to the API server broke: the connection was closed"));
    return failures;
  }

  private static Failure failure(String line, int code, String... texts) {
    return new Failure(line, code, List.of(texts));
  }

  private static Failure failed(String line, String server, String... texts) {
    return failure(line.replace("TARGET", server), ExitCode.FAILED, texts);
  }

  @BeforeAll
  static void open(@TempDir Path folder) throws Exception {
    TestCertificate certificate = TestCertificate.create(folder, "orders");
    Server plain =
        started(Grpc.newServerBuilderForPort(0, InsecureServerCredentials.create()).build());
    Server tls =
        started(
            Grpc.newServerBuilderForPort(
                    0, TlsServerCredentials.create(certificate.certificate(), certificate.key()))
                .build());
    RefusingPort closed = new RefusingPort();
    OPEN.add(closed);
    HttpServer http =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    http.start();
    OPEN.add(() -> http.stop(0));
    Files.createDirectory(folder.resolve("folder"));
    file(folder, "TEXT", "hello\n");
    Files.write(folder.resolve("BINARY"), new byte[] {(byte) 0xff, 0, 1});
    file(folder, "KUBE_EMPTY", "apiVersion: v1\nkind: Config\n");
    file(folder, "KUBE_CLOSED", kubeconfig("https://" + closed));
    file(folder, "KUBE_TLS", kubeconfig("https://127.0.0.1:" + tls.getPort()));
    file(folder, "KUBE_NO_TLS", kubeconfig("http://127.0.0.1:" + tls.getPort()));
    for (String name :
        List.of("TEXT", "BINARY", "KUBE_EMPTY", "KUBE_CLOSED", "KUBE_TLS", "KUBE_NO_TLS")) {
      NAMES.put(name, folder.resolve(name).toString());
    }
    NAMES.put("MISSING", folder.resolve("missing").toString());
    NAMES.put("FOLDER", folder.resolve("folder").toString());
    NAMES.put("CERT", certificate.certificate().toString());
    NAMES.put("KEY", certificate.key().toString());
    NAMES.put("CLOSED", closed.toString());
    NAMES.put("PLAIN", "127.0.0.1:" + plain.getPort());
    NAMES.put("TLS", "127.0.0.1:" + tls.getPort());
    NAMES.put("HTTP", "127.0.0.1:" + http.getAddress().getPort());
  }

  @AfterAll
  static void close() throws Exception {
    for (AutoCloseable each : OPEN) {
      each.close();
    }
  }

  @ParameterizedTest
  @MethodSource({"files", "servers", "registries"})
  void namesTheValueAndWhatWasExpectedInWords(Failure failure) {
    String[] words = failure.line().split(" ");
    for (int i = 0; i < words.length; i++) {
      words[i] = filledIn(words[i]);
    }

    CommandRun run = CommandRun.of(words);

    String said = run.out() + run.err();
    assertThat(run.code()).as(said).isEqualTo(failure.code());
    assertThat(said).isNotBlank().doesNotMatch(RAW);
    for (String text : failure.texts()) {
      assertThat(said).contains(filledIn(text));
    }
  }

  private static String filledIn(String text) {
    String filled = text;
    for (Map.Entry<String, String> name : NAMES.entrySet()) {
      filled = filled.replace("@" + name.getKey(), name.getValue());
    }
    return filled;
  }

  private static Server started(Server server) throws IOException {
    server.start();
    OPEN.add(server::shutdownNow);
    return server;
  }

  private static void file(Path folder, String name, String text) throws IOException {
    Files.writeString(folder.resolve(name), text);
  }

  private static String kubeconfig(String server) {
    return """
    apiVersion: v1
    kind: Config
    current-context: x
    clusters: [{name: c, cluster: {server: '%s'}}]
    users: [{name: u, user: {token: abc}}]
    contexts: [{name: x, context: {cluster: c, user: u}}]
    """
        .formatted(server);
  }
}
