package dev.holdfast.registry.kubernetes;

import static dev.holdfast.registry.kubernetes.KubernetesFixture.addresses;
import static dev.holdfast.registry.kubernetes.KubernetesFixture.awaitAddresses;
import static dev.holdfast.registry.kubernetes.KubernetesFixture.soon;
import static java.nio.file.StandardCopyOption.REPLACE_EXISTING;
import static java.time.temporal.ChronoUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.core.Registry;
import dev.holdfast.core.RegistryException;
import dev.holdfast.core.testkit.RecordedWatch;
import dev.holdfast.core.testkit.TestAuthority;
import dev.holdfast.core.testkit.TestCertificate;
import dev.holdfast.lab.kubernetes.ApiRequest;
import dev.holdfast.lab.kubernetes.ApiServer;
import dev.holdfast.lab.kubernetes.ApiServerOptions;
import dev.holdfast.lab.kubernetes.ApiServerTls;
import dev.holdfast.lab.kubernetes.EndpointSlice;
import dev.holdfast.lab.kubernetes.SlicePort;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Who asks: tokens, plugins and certificates, and what becomes of them when they change. */
class CredentialsTest {
  private static final Duration DAY = Duration.ofDays(1);

  @TempDir Path folder;
  private final KubernetesFixture fixture = new KubernetesFixture();
  private ApiServer server = ApiServer.start();

  @AfterEach
  void close() {
    fixture.close();
    server.close();
  }

  @Test
  void aTokenThatRotatesIsReadAgainWhenItIsRefusedAndNobodyHearsOfIt() throws Exception {
    server.access().accept("first", "me");
    Path token = Files.writeString(folder.resolve("token"), "first\n");
    RecordedWatch watch = follow("{tokenFile: token}");

    server.access().accept("second", "me").revoke("first");
    Files.writeString(token, "second\n");
    server.endWatches();
    hold("10.0.0.2");

    awaitAddresses(watch, "10.0.0.2:50051");
    assertThat(watch.failures()).isEmpty();
  }

  /**
   * A real server says GOAWAY before each 401 over HTTP/2, which JDK 17 takes for the end of all.
   */
  @Test
  void aTokenThatIsRefusedOverHttp2IsReadAgainTooAndOtherwiseSaidToBeRefused() throws Exception {
    TestCertificate certificate = TestCertificate.create(folder, "localhost");
    start(
        ApiServerOptions.defaults()
            .withTls(ApiServerTls.of(certificate.certificate(), certificate.key())));
    server.access().accept("first", "me");
    Path token = Files.writeString(folder.resolve("token"), "first\n");
    hold("10.0.0.1");
    Path kubeconfig =
        Kubeconfigs.write(
            folder,
            "https://localhost:" + server.address().getPort(),
            ", certificate-authority: localhost.crt",
            "{tokenFile: token}");
    RecordedWatch watch = fixture.watch(fixture.open(kubeconfig), "orders:grpc");
    awaitAddresses(watch, "10.0.0.1:50051");
    soon().until(() -> server.openWatches() == 1);

    server.access().accept("second", "me").revoke("first");
    Files.writeString(token, "second\n");
    server.endWatches();
    hold("10.0.0.2");
    awaitAddresses(watch, "10.0.0.2:50051");
    assertThat(watch.failures()).isEmpty();

    soon().until(() -> server.openWatches() == 1);
    server.access().revoke("second");
    server.endWatches();
    soon().until(() -> !watch.failures().isEmpty());
    assertThat(watch.failures())
        .extracting(RegistryException::kind)
        .containsExactly(RegistryException.RegistryErrorKind.UNAUTHENTICATED);
  }

  @Test
  void theAccountOfAPodIsAllThatAPodNeeds() throws Exception {
    TestCertificate certificate = TestCertificate.create(folder, "localhost");
    start(
        ApiServerOptions.defaults()
            .withTls(ApiServerTls.of(certificate.certificate(), certificate.key())));
    server.access().accept("sesame", "system:serviceaccount:prod:default");
    Path account = Files.createDirectory(folder.resolve("account"));
    Files.writeString(account.resolve("token"), "sesame");
    Files.writeString(account.resolve("namespace"), "prod");
    Files.copy(certificate.certificate().toPath(), account.resolve("ca.crt"));
    hold("10.0.0.1");

    Registry registry =
        fixture.open(
            "?account=" + account,
            Map.of(
                "KUBERNETES_SERVICE_HOST",
                "localhost",
                "KUBERNETES_SERVICE_PORT",
                Integer.toString(server.address().getPort())));

    awaitAddresses(fixture.watch(registry, "orders:grpc"), "10.0.0.1:50051");
    assertThat(server.requests())
        .allMatch(ApiRequest::http2)
        .allMatch(request -> request.user().equals("system:serviceaccount:prod:default"));
  }

  @Test
  void aPluginIsRunForACredentialAndAgainWhenThatIsRefused() throws Exception {
    server.access().accept("token-1", "me");
    plugin(
        """
        test "$1" = get-token && test "$REGION" = here || exit 7
        case "$KUBERNETES_EXEC_INFO" in *'"server":"%s"'*) ;; *) exit 8 ;; esac
        echo run >> runs
        echo '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"token-'"$(wc -l < runs | tr -d ' ')"'"}}'
        """
            .formatted(server.url()));
    RecordedWatch watch = follow(plugin("[get-token]", "[{name: REGION, value: here}]"));

    server.access().accept("token-2", "me").revoke("token-1");
    server.endWatches();
    hold("10.0.0.2");

    awaitAddresses(watch, "10.0.0.2:50051");
    assertThat(Files.readAllLines(folder.resolve("runs"))).hasSize(2);
    assertThat(watch.failures()).isEmpty();
  }

  @Test
  void aPluginThatDoesNotEndIsEndedAndNamed() throws Exception {
    plugin("sleep 60\n");
    Registry registry =
        fixture.open(
            "?exec-timeout=300ms&kubeconfig="
                + Kubeconfigs.write(folder, server.url(), plugin("[]", "[]")),
            System.getenv());

    RegistryException failure = firstFailure(fixture.watch(registry, "orders"));

    assertThat(failure.kind()).isEqualTo(RegistryException.RegistryErrorKind.UNAUTHENTICATED);
    assertThat(failure).hasMessageContaining("plugin.sh: did not end within 300 ms");
  }

  @Test
  void aPluginThatFailsIsQuotedWithItsLastLine() throws Exception {
    plugin("echo 'no session; run: cloud login' >&2\nexit 3\n");

    RegistryException failure = firstFailure(fixture.watch(open(plugin("[]", "[]")), "orders"));

    assertThat(failure)
        .hasMessageContaining("users[0].user.exec")
        .hasMessageContaining("ended with 3: no session; run: cloud login");
  }

  @Test
  void aClientCertificateSaysWhoAsksAndANewAuthorityIsTrustedOnceItIsWritten() throws Exception {
    TestCertificate first = TestCertificate.create(folder, "localhost");
    TestCertificate client = TestCertificate.create(folder, "client");
    start(
        ApiServerOptions.defaults()
            .withTls(
                ApiServerTls.of(first.certificate(), first.key()).trusting(client.certificate())));
    server.access().requireIdentity();
    Path ca = folder.resolve("ca.pem");
    Files.copy(first.certificate().toPath(), ca);
    hold("10.0.0.1");
    Path kubeconfig =
        Kubeconfigs.write(
            folder,
            "https://localhost:" + server.address().getPort(),
            ", certificate-authority: ca.pem",
            "{client-certificate: client.crt, client-key: client.key}");
    RecordedWatch watch = fixture.watch(fixture.open(kubeconfig), "orders:grpc");
    awaitAddresses(watch, "10.0.0.1:50051");

    Path second = Files.createDirectory(folder.resolve("second"));
    TestCertificate rotated = TestCertificate.create(second, "localhost");
    server.replaceTls(
        ApiServerTls.of(rotated.certificate(), rotated.key()).trusting(client.certificate()));
    soon().until(() -> !watch.failures().isEmpty());
    Files.copy(rotated.certificate().toPath(), ca, REPLACE_EXISTING);
    hold("10.0.0.2");

    awaitAddresses(watch, "10.0.0.2:50051");
  }

  @Test
  void aClientCertificateThatHasExpiredIsNamedAndUsedAgainOnceItIsRenewed() throws Exception {
    TestCertificate certificate = TestCertificate.create(folder, "localhost");
    TestAuthority authority = TestAuthority.create(folder, "cluster-ca");
    start(
        ApiServerOptions.defaults()
            .withTls(
                ApiServerTls.of(certificate.certificate(), certificate.key())
                    .trusting(authority.certificate().certificate())));
    server.access().requireIdentity();
    hold("10.0.0.1");
    Instant now = Instant.now();
    authority.issue(folder, "client", now.minus(DAY), now.plus(DAY));
    RecordedWatch watch =
        fixture.watch(
            fixture.open(
                Kubeconfigs.write(
                    folder,
                    "https://localhost:" + server.address().getPort(),
                    ", certificate-authority: localhost.crt",
                    "{client-certificate: client.crt, client-key: client.key}")),
            "orders:grpc");
    awaitAddresses(watch, "10.0.0.1:50051");

    // Nobody renews it in time: from its end on an API server answers 401, and so does this one.
    Instant end = now.minusSeconds(1).truncatedTo(SECONDS);
    authority.issue(folder, "client", now.minus(DAY), end);
    server.access().expireCertificates("client");
    server.endWatches();
    hold("10.0.0.2");
    soon()
        .until(
            () ->
                watch.failures().stream()
                    .anyMatch(
                        f -> f.kind() == RegistryException.RegistryErrorKind.UNAUTHENTICATED));
    assertThat(watch.failures().get(watch.failures().size() - 1))
        .hasMessageContaining("client-certificate: expired at " + end);
    assertThat(addresses(watch)).as("the list is kept").containsExactly("10.0.0.1:50051");

    TestCertificate renewed = authority.issue(folder, "renewed", now.minus(DAY), now.plus(DAY));
    Files.copy(renewed.key().toPath(), folder.resolve("client.key"), REPLACE_EXISTING);
    Files.copy(renewed.certificate().toPath(), folder.resolve("client.crt"), REPLACE_EXISTING);

    awaitAddresses(watch, "10.0.0.2:50051");
  }

  private static RegistryException firstFailure(RecordedWatch watch) {
    soon().until(() -> !watch.failures().isEmpty());
    return watch.failures().get(0);
  }

  private void start(ApiServerOptions options) {
    server.close();
    server = ApiServer.start(options);
  }

  private void hold(String... addresses) {
    server
        .store()
        .put(
            EndpointSlice.of("prod", "orders", "orders-1")
                .withPorts(SlicePort.tcp("grpc", 50051))
                .withAddresses(addresses));
  }

  private Registry open(String user) throws IOException {
    return fixture.open(
        "?kubeconfig=" + Kubeconfigs.write(folder, server.url(), user), System.getenv());
  }

  private RecordedWatch follow(String user) throws IOException {
    hold("10.0.0.1");
    RecordedWatch watch = fixture.watch(open(user), "orders:grpc");
    awaitAddresses(watch, "10.0.0.1:50051");
    soon().until(() -> server.openWatches() == 1);
    return watch;
  }

  private void plugin(String script) throws IOException {
    Path file =
        Files.writeString(folder.resolve("plugin.sh"), "#!/bin/sh\ncd '" + folder + "'\n" + script);
    assertThat(file.toFile().setExecutable(true)).isTrue();
  }

  private static String plugin(String args, String env) {
    return """
    {exec: {apiVersion: client.authentication.k8s.io/v1, command: ./plugin.sh, args: %s, \
    env: %s, interactiveMode: Never, provideClusterInfo: true}}\
    """
        .formatted(args, env);
  }
}
