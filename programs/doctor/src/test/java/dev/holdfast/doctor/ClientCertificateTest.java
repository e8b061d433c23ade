package dev.holdfast.doctor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.holdfast.core.HostPort;
import dev.holdfast.core.testkit.TestCertificate;
import io.grpc.netty.GrpcSslContexts;
import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.SslContextBuilder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A server that demands a certificate of its clients. */
class ClientCertificateTest {
  private static final String SERVER = "orders";

  @TempDir Path folder;
  private TestCertificate ofServer;
  private TestCertificate ofClient;
  private ExaminedServer server;

  @SuppressWarnings("NullAway.Init") // JUnit does it
  ClientCertificateTest() {}

  @BeforeEach
  void start() throws Exception {
    ofServer = TestCertificate.create(folder, SERVER);
    ofClient = TestCertificate.create(folder, "client");
    SslContextBuilder tls =
        SslContextBuilder.forServer(ofServer.certificate(), ofServer.key())
            .trustManager(ofClient.certificate())
            .clientAuth(ClientAuth.REQUIRE);
    server =
        ExaminedServer.with(
            builder -> {
              try {
                return builder.sslContext(GrpcSslContexts.configure(tls).build());
              } catch (javax.net.ssl.SSLException e) {
                throw new IllegalStateException(e);
              }
            });
  }

  @AfterEach
  void stop() {
    server.close();
  }

  @Test
  void isExaminedWithTheCertificateThatItDemands() throws Exception {
    PathReport report = ExaminedServer.examine(options(SERVER, files(ofServer, ofClient)));
    assertThat(report.peer().orElseThrow().tls()).isTrue();
    assertThat(report.hasProblem()).as(report.toString()).isFalse();
  }

  @Test
  void isNamedWhereTheClientHasNoCertificate() throws Exception {
    Finding failed = onlyFinding(options(SERVER, ClientTlsFiles.NONE).withSecurity(TlsMode.TLS));
    assertThat(failed.measured()).as("in the words of the server").contains("(").contains("cert");
    assertThat(failed.remedy()).contains("--cert, --key");
    assertThat(onlyFinding(options(SERVER, ClientTlsFiles.NONE)))
        .as("found by itself")
        .isEqualTo(failed);
  }

  @Test
  void isRefusedWhereItsOwnCertificateIsOfNobodyTrustedOrForAnotherName() throws Exception {
    Finding unknown = onlyFinding(options(SERVER, files(ofClient, ofClient)));
    assertThat(unknown.measured()).contains("certification path");
    Finding otherName = onlyFinding(options("invoices", files(ofServer, ofClient)));
    assertThat(otherName.measured()).contains("invoices");
  }

  @Test
  void filesThatAreNoneAreNamed() throws Exception {
    Path garbage = Files.writeString(folder.resolve("garbage.pem"), "garbage");
    Optional<Path> certificate = Optional.of(ofClient.certificate().toPath());
    DoctorOptions ca =
        options(
            SERVER, new ClientTlsFiles(Optional.of(garbage), Optional.empty(), Optional.empty()));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new PathDoctor(ca, DoctorProgress.NONE))
        .withMessageStartingWith("ca: " + garbage + " (expected: ");
    DoctorOptions key =
        options(SERVER, new ClientTlsFiles(Optional.empty(), certificate, Optional.of(garbage)));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new PathDoctor(key, DoctorProgress.NONE))
        .withMessageStartingWith("certificate, key: " + certificate.get() + ", " + garbage);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new ClientTlsFiles(Optional.empty(), certificate, Optional.empty()))
        .withMessage("certificate, key: only certificate (expected: both, or none)");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ca.withSecurity(TlsMode.PLAINTEXT))
        .withMessageStartingWith("tlsFiles: ");
  }

  private static Finding onlyFinding(DoctorOptions options) throws Exception {
    PathReport report = ExaminedServer.examine(options);
    assertThat(report.findings()).extracting(Finding::code).containsExactly(FindingCode.TLS_FAILED);
    return report.findings().get(0);
  }

  private static ClientTlsFiles files(TestCertificate trusted, TestCertificate own) {
    return new ClientTlsFiles(
        Optional.of(trusted.certificate().toPath()),
        Optional.of(own.certificate().toPath()),
        Optional.of(own.key().toPath()));
  }

  private DoctorOptions options(String authority, ClientTlsFiles files) {
    return DoctorOptions.of(HostPort.parse("127.0.0.1:" + server.port()))
        .withMaxWait(Duration.ofSeconds(2))
        .withAuthority(authority)
        .withTlsFiles(files);
  }
}
