package dev.holdfast.bench.xds;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.holdfast.control.ControlOptions;
import dev.holdfast.control.ControlPlane;
import dev.holdfast.control.resources.Policy;
import dev.holdfast.control.resources.PolicyResources;
import dev.holdfast.control.resources.XdsBootstrap;
import dev.holdfast.core.HostPort;
import dev.holdfast.core.RegistryContext;
import dev.holdfast.core.RegistryUri;
import dev.holdfast.core.discovery.Registries;
import dev.holdfast.core.testkit.TestCertificate;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * What clients that nobody has changed make of the TLS in a bootstrap file. grpc-go reads it as
 * grpcio does, and grpc-js knows no TLS there: docs/xds-clients.md.
 */
@Timeout(300)
class XdsTlsInteropTest {
  private static final Duration PATIENCE = Duration.ofMinutes(2);
  private static final int RATE = 20;
  private static final String PASSWORD = "only-for-this-test";

  @TempDir Path folder;
  private final InstanceNameServers servers = new InstanceNameServers();
  private TestCertificate own;
  private TestCertificate client;
  private final List<ControlPlane> planes = new ArrayList<>();

  @BeforeEach
  void startServer() throws Exception {
    own = TestCertificate.create(folder, "localhost");
    client = TestCertificate.create(folder, "client");
    Path names = Files.createDirectories(folder.resolve("registry/names"));
    Files.writeString(names.resolve("all.list"), "127.0.0.1:" + servers.start("one") + "\n");
  }

  @AfterEach
  void stop() {
    planes.forEach(ControlPlane::close);
    servers.close();
  }

  /** Starts a control plane; all that the file can say, each language takes of it what it knows. */
  private Path bootstrap(Optional<Path> clientAuthority) throws IOException {
    InetSocketAddress any = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    ControlPlane plane =
        ControlPlane.start(
            RegistryUri.parse("file://" + folder.resolve("registry")),
            new Registries(RegistryContext.system()),
            new PolicyResources(Policy.NONE),
            ControlOptions.DEFAULT
                .withListen(any)
                .withAdmin(any)
                .withDrain(Duration.ZERO)
                .withTls(
                    new ControlOptions.ServerTlsFiles(
                        own.certificate().toPath(), own.key().toPath(), clientAuthority)));
    planes.add(plane);
    XdsBootstrap xdsBootstrap =
        new XdsBootstrap(
            List.of(new HostPort("localhost", plane.address().getPort())),
            "test",
            XdsBootstrap.Locality.UNKNOWN,
            Optional.of(
                new XdsBootstrap.BootstrapTls(
                    Optional.of(own.certificate().toString()),
                    Optional.of(client.certificate().toString()),
                    Optional.of(client.key().toString()))));
    return Files.writeString(folder.resolve("bootstrap.json"), xdsBootstrap.json());
  }

  private List<String> command(CallerLanguage language) throws IOException, InterruptedException {
    Path root = Path.of(System.getProperty("holdfast.root", "..")).toAbsolutePath();
    Optional<List<String>> command = language.command(root);
    assumeTrue(
        command.isPresent() || "1".equals(System.getenv("HOLDFAST_NO_SKIPS")),
        language.label() + " can't be run here; ./verify installs what it needs");
    return command.orElseThrow();
  }

  private static void awaitCalls(CallerLanguage language, List<String> command, Path bootstrap)
      throws Exception {
    try (XdsCaller caller = XdsCaller.start(language, command, bootstrap, "xds:///names", RATE)) {
      await().atMost(PATIENCE).until(() -> caller.takeCounts(PATIENCE).keySet().contains("one"));
      assertThat(caller.end()).isPositive();
      assertThat(caller.failures()).isEmpty();
    }
  }

  @Test
  void coreShowsItsCertificateAndBelievesTheGivenAuthority() throws Exception {
    List<String> python = command(CallerLanguage.PYTHON);

    awaitCalls(
        CallerLanguage.PYTHON, python, bootstrap(Optional.of(client.certificate().toPath())));
  }

  /** grpc-java reads "tls" and nothing more of it: whom it believes is its JVM's affair. */
  @Test
  void javaBelievesWhomItsTrustStoreNames() throws Exception {
    List<String> java = new ArrayList<>(List.of("env", "JAVA_TOOL_OPTIONS=" + trustOptions()));
    java.addAll(command(CallerLanguage.JAVA));

    awaitCalls(CallerLanguage.JAVA, java, bootstrap(Optional.empty()));
  }

  private String trustOptions() throws Exception {
    KeyStore trust = KeyStore.getInstance("PKCS12");
    trust.load(null, null);
    try (InputStream pem = Files.newInputStream(own.certificate().toPath())) {
      trust.setCertificateEntry(
          "control", CertificateFactory.getInstance("X.509").generateCertificate(pem));
    }
    Path store = folder.resolve("trust.p12");
    try (OutputStream out = Files.newOutputStream(store)) {
      trust.store(out, PASSWORD.toCharArray());
    }
    return "-Djavax.net.ssl.trustStore="
        + store
        + " -Djavax.net.ssl.trustStorePassword="
        + PASSWORD;
  }
}
