package dev.holdfast.registry.kubernetes;

import dev.holdfast.core.local.FreePort;
import dev.holdfast.core.testkit.TestAuthority;
import dev.holdfast.core.testkit.TestCertificate;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * A real kube-apiserver on a real etcd, both on loopback: TLS, RBAC, accounts with tokens, and a
 * log of what was asked. Nothing else of a cluster runs, so that slices change when a test says so.
 */
public final class RealCluster implements AutoCloseable {
  /** Who may do everything. */
  static final String ADMIN_TOKEN = "all-may-be-done-with-this";

  private static final Duration DAY = Duration.ofDays(1);
  private static final Pattern NAME = Pattern.compile("(?m)^  name: (\\S+)$");
  private static final Pattern AUDITED =
      Pattern.compile("\"requestURI\":\"([^\"]*)\".*?\"username\":\"([^\"]*)\"");

  private final Path folder;
  private final int port;
  private final Path authority;
  private final ClusterCalls calls;
  private final ClusterProgram etcd;
  private final ClusterProgram server;

  private RealCluster(Path folder) throws Exception {
    this.folder = folder;
    int[] ports = freePorts();
    port = ports[0];
    TestAuthority signer = TestAuthority.create(folder, "authority");
    authority = signer.certificate().certificate().toPath();
    Instant now = Instant.now();
    TestCertificate own = signer.issue(folder, "localhost", now.minus(DAY), now.plus(DAY));
    TestCertificate accounts = TestCertificate.create(folder, "accounts");
    calls = new ClusterCalls(url(), "http://127.0.0.1:" + ports[1], authority);
    etcd =
        ClusterProgram.of(
            "etcd", folder, etcdArguments(folder, ports[1], ports[2]), calls::etcdServes);
    server =
        ClusterProgram.of(
            "kube-apiserver", folder, serverArguments(own, accounts, ports[1]), calls::serves);
  }

  /** Starts one, its data, keys and logs in this folder, and waits until it serves. */
  public static RealCluster start(Path folder) throws Exception {
    RealCluster cluster = new RealCluster(folder);
    try {
      cluster.etcd.begin();
      cluster.server.begin();
    } catch (IOException | RuntimeException | Error e) {
      cluster.close();
      throw e;
    }
    return cluster;
  }

  /** Where it serves. */
  public String url() {
    return "https://localhost:" + port;
  }

  /** Requests of an administrator. */
  public ClusterCalls calls() {
    return calls;
  }

  /** Ends the API server by SIGKILL. */
  void kill() {
    server.kill();
  }

  /** Starts the API server again, with these flags this time. */
  void startAgain(String... flags) throws IOException {
    server.begin(flags);
  }

  /** The API server stops in its tracks: it accepts connections and answers nothing. */
  void pause() throws IOException {
    server.pause();
  }

  void resume() throws IOException {
    server.resume();
  }

  /** Keeps a copy of everything. */
  void backUp() throws IOException {
    server.kill();
    etcd.kill();
    copy(folder.resolve("data"), folder.resolve("backup"));
    etcd.begin();
    server.begin();
  }

  /** Everything becomes what it was at {@link #backUp}, versions too. */
  void restore() throws IOException {
    server.kill();
    etcd.kill();
    etcd.wipe();
    copy(folder.resolve("backup"), folder.resolve("data"));
    etcd.begin();
    server.begin();
  }

  /** What a user asked for slices so far, oldest first: paths with their parameters. */
  List<String> requests(String user) throws IOException {
    try (Stream<String> lines = Files.lines(folder.resolve("audit.log"))) {
      return lines
          .map(AUDITED::matcher)
          .filter(Matcher::find)
          .filter(found -> found.group(2).equals(user))
          .map(found -> found.group(1).replace("\\u0026", "&"))
          .toList();
    }
  }

  /** Writes a kubeconfig for somebody with a token. */
  public Path kubeconfig(Path into, String namespace, String token) throws IOException {
    return Files.writeString(
        into.resolve("config-" + namespace),
        """
        apiVersion: v1
        kind: Config
        current-context: here
        contexts:
          - name: here
            context: {cluster: real, user: me, namespace: %s}
        clusters:
          - name: real
            cluster: {server: "%s", certificate-authority: "%s"}
        users:
          - name: me
            user: {token: "%s"}
        """
            .formatted(namespace, url(), authority, token));
  }

  /** Who signed its certificate. */
  Path authority() {
    return authority;
  }

  /** Its tokens are good no more. */
  void deleteAccount(String namespace, String name) throws Exception {
    calls.send(
        "DELETE",
        "/api/v1/namespaces/" + namespace + "/serviceaccounts/" + name,
        "application/json",
        "");
  }

  /** Gives a role, replacing one with the same name. */
  void grant(String namespace, String role, String binding) throws Exception {
    calls.apply(ClusterCalls.RBAC, namespace, "roles", "holdfast-endpoints", role);
    Matcher name = NAME.matcher(binding);
    if (!name.find()) {
      throw new AssertionError("no name in " + binding);
    }
    calls.apply(ClusterCalls.RBAC, namespace, "rolebindings", name.group(1), binding);
  }

  /** Makes an account and gives a token of it. */
  public String account(String namespace, String name) throws Exception {
    calls.apply(
        "/api/v1", namespace, "serviceaccounts", name, ClusterCalls.core("ServiceAccount", name));
    HttpResponse<String> answer =
        calls.send(
            "POST",
            "/api/v1/namespaces/" + namespace + "/serviceaccounts/" + name + "/token",
            "application/json",
            """
            {"apiVersion":"authentication.k8s.io/v1","kind":"TokenRequest",
            "spec":{"expirationSeconds":3600}}
            """);
    Matcher token = Pattern.compile("\"token\": ?\"([^\"]+)\"").matcher(answer.body());
    if (!token.find()) {
      throw new AssertionError("no token in the answer " + answer.statusCode());
    }
    return token.group(1);
  }

  @Override
  public void close() {
    server.close();
    etcd.close();
  }

  private static List<String> etcdArguments(Path folder, int port, int peerPort) {
    String url = "http://127.0.0.1:" + port;
    String peer = "http://127.0.0.1:" + peerPort;
    return List.of(
        "--name=one",
        "--data-dir=" + folder.resolve("data"),
        "--listen-client-urls=" + url,
        "--advertise-client-urls=" + url,
        "--listen-peer-urls=" + peer,
        "--initial-advertise-peer-urls=" + peer,
        "--initial-cluster=one=" + peer,
        "--unsafe-no-fsync",
        "--log-level=warn");
  }

  private List<String> serverArguments(TestCertificate own, TestCertificate accounts, int etcdPort)
      throws IOException {
    Path tokens =
        Files.writeString(
            folder.resolve("tokens.csv"), ADMIN_TOKEN + ",admin,1,\"system:masters\"\n");
    Path audited =
        Files.writeString(
            folder.resolve("audited.yaml"),
            """
            apiVersion: audit.k8s.io/v1
            kind: Policy
            omitStages: [ResponseStarted, ResponseComplete, Panic]
            rules:
              - level: Metadata
                verbs: [get, list, watch]
                resources: [{group: discovery.k8s.io, resources: [endpointslices]}]
              - level: None
            """);
    return List.of(
        "--etcd-servers=http://127.0.0.1:" + etcdPort,
        "--etcd-compaction-interval=0",
        "--bind-address=127.0.0.1",
        "--advertise-address=127.0.0.1",
        "--endpoint-reconciler-type=none",
        "--secure-port=" + port,
        "--tls-cert-file=" + own.certificate(),
        "--tls-private-key-file=" + own.key(),
        "--cert-dir=" + folder,
        "--service-cluster-ip-range=10.0.0.0/24,fd00::/112",
        "--authorization-mode=RBAC",
        "--token-auth-file=" + tokens,
        "--service-account-issuer=https://kubernetes.default.svc",
        "--service-account-key-file=" + accounts.certificate(),
        "--service-account-signing-key-file=" + accounts.key(),
        "--audit-policy-file=" + audited,
        "--audit-log-path=" + folder.resolve("audit.log"),
        "--audit-log-mode=blocking");
  }

  private static int[] freePorts() {
    try {
      return new int[] {FreePort.find(), FreePort.find(), FreePort.find()};
    } catch (IOException e) {
      throw new UncheckedIOException("no free port on loopback", e);
    }
  }

  private static void copy(Path from, Path to) throws IOException {
    try (Stream<Path> files = Files.walk(from)) {
      for (Path file : files.toList()) {
        Files.copy(
            file,
            to.resolve(from.relativize(file).toString()),
            StandardCopyOption.REPLACE_EXISTING,
            StandardCopyOption.COPY_ATTRIBUTES);
      }
    }
  }
}
