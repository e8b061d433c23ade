package dev.holdfast.registry.etcd;

import static dev.holdfast.registry.etcd.OpenRegistries.addresses;
import static dev.holdfast.registry.etcd.OpenRegistries.at;
import static dev.holdfast.registry.etcd.OpenRegistries.patiently;
import static dev.holdfast.registry.etcd.OpenRegistries.read;
import static dev.holdfast.registry.etcd.OpenRegistries.readFailure;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.holdfast.core.Registry;
import dev.holdfast.core.RegistryException;
import dev.holdfast.core.RegistryException.RegistryErrorKind;
import dev.holdfast.core.ServiceName;
import dev.holdfast.core.testkit.RecordedWatch;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** TLS and mutual TLS with certificates of our own making, at a real etcd. */
class EtcdTlsTest {
  // The first handshake of a process takes long where much else goes on.
  private static final String PATIENT = "request-timeout=30s";

  private static final ServiceName ORDERS = ServiceName.parse("test/orders");

  @TempDir static Path folder;
  private static Certificates certificates;
  private static EtcdCluster etcd;
  private OpenRegistries registries;

  @BeforeAll
  static void startEtcd() throws Exception {
    certificates = new Certificates(folder);
    Certificates.Pair server = certificates.issue("server", 1);
    etcd = EtcdCluster.start(1, mutualTls(server));
  }

  private static String[] mutualTls(Certificates.Pair server) {
    return new String[] {
      "--cert-file=" + server.cert(),
      "--key-file=" + server.key(),
      "--client-cert-auth",
      "--trusted-ca-file=" + certificates.ca()
    };
  }

  @AfterAll
  static void stopEtcd() {
    etcd.close();
  }

  @BeforeEach
  void open() {
    registries = new OpenRegistries();
  }

  @AfterEach
  void close() {
    registries.close();
  }

  @Test
  void mutualTlsWorksForEverything() throws Exception {
    Certificates.Pair client = certificates.issue("client", 1);
    Registry registry = registries.open(uri(client.cert(), client.key()));
    RecordedWatch watch = registries.watch(registry, ORDERS);
    registries.announce(registry, ORDERS, at(1));

    patiently().until(() -> addresses(watch).size() == 1);
    assertThat(read(registry, ORDERS).endpoints().size()).isEqualTo(1);
  }

  @Test
  void withoutAClientCertificateTheReasonIsSaid() throws Exception {
    RegistryException failure = readFailure(registries.open(etcd.uri("", ca(), PATIENT)), ORDERS);

    assertThat(failure.kind()).isEqualTo(RegistryErrorKind.UNAUTHENTICATED);
    assertThat(failure)
        .hasMessageContaining(etcd.member(0).address())
        .hasMessageContaining("certificate");
  }

  @Test
  void aMemberThatIsNotTrustedIsNamed() throws Exception {
    RegistryException untrusted =
        readFailure(registries.open(etcd.uri("", "tls=true", PATIENT)), ORDERS);

    assertThat(untrusted.kind()).isEqualTo(RegistryErrorKind.UNAUTHENTICATED);
    assertThat(untrusted)
        .hasMessageContaining(etcd.member(0).address())
        .hasMessageContaining("TLS handshake failed");
  }

  @Test
  void plainTextAndTlsThatMeetAreAnErrorInTimeThatNamesTheMember() throws Exception {
    RegistryException plain = readFailure(registries.open(etcd.uri("", PATIENT)), ORDERS);
    assertThat(plain)
        .hasMessageContaining(etcd.member(0).address())
        .hasMessageContaining("needs tls=true");

    try (EtcdCluster talksPlainly = EtcdCluster.start(1)) {
      RegistryException tls =
          readFailure(registries.open(talksPlainly.uri("", "tls=true", PATIENT)), ORDERS);
      assertThat(tls)
          .hasMessageContaining(talksPlainly.member(0).address())
          .hasMessageContaining("needs tls=false");
    }
  }

  @Test
  void anExpiredServerCertificateIsCalledExpired() throws Exception {
    Certificates.Pair expired = certificates.issue("expired-server", -1);
    Certificates.Pair client = certificates.issue("client-of-expired", 1);
    try (EtcdCluster old =
        EtcdCluster.start(1, "--cert-file=" + expired.cert(), "--key-file=" + expired.key())) {
      RegistryException failure =
          readFailure(registries.open(old.uri("", ca(), files(client), PATIENT)), ORDERS);

      assertThat(failure.kind()).isEqualTo(RegistryErrorKind.UNAUTHENTICATED);
      assertThat(failure).hasMessageContaining("expired");
    }
  }

  @Test
  void anExpiredClientCertificateIsRefusedOnOpening() throws Exception {
    Certificates.Pair expired = certificates.issue("expired-client", -1);

    assertThatThrownBy(() -> registries.open(uri(expired.cert(), expired.key())))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("expired at")
        .hasMessageContaining(expired.cert().toString());
  }

  @Test
  void rotatedFilesAreUsedWithoutARestart() throws Exception {
    Certificates.Pair first = certificates.issue("rotating-1", 1);
    Path cert = Files.copy(first.cert(), folder.resolve("rotating.crt"));
    Path key = Files.copy(first.key(), folder.resolve("rotating.key"));
    Registry registry = registries.open(uri(cert, key));
    assertThat(read(registry, ORDERS)).isNotNull();

    // Half written files leave everything as it was.
    Files.writeString(cert, "-----BEGIN CERTIFICATE-----\nhalf");
    assertThat(read(registry, ORDERS)).isNotNull();

    // A member that trusts another CA from now on refuses the old certificate.
    Certificates others = new Certificates(Files.createDirectory(folder.resolve("other-ca")));
    Certificates.Pair second = others.issue("rotating-2", 1);
    Certificates.Pair server = certificates.issue("server-2", 1);
    try (EtcdCluster strict =
        EtcdCluster.start(
            1,
            "--cert-file=" + server.cert(),
            "--key-file=" + server.key(),
            "--client-cert-auth",
            "--trusted-ca-file=" + others.ca())) {
      Files.copy(first.cert(), cert, StandardCopyOption.REPLACE_EXISTING);
      Registry rotating =
          registries.open(strict.uri("", ca(), "cert=" + cert, "key=" + key, "request-timeout=5s"));
      assertThat(readFailure(rotating, ORDERS)).isNotNull();

      Files.copy(second.cert(), cert, StandardCopyOption.REPLACE_EXISTING);
      Files.copy(second.key(), key, StandardCopyOption.REPLACE_EXISTING);

      patiently().ignoreExceptions().until(() -> read(rotating, ORDERS) != null);
    }
  }

  @Test
  void filesThatMakeNoSenseAreNamed() throws Exception {
    Path nonsense = Files.writeString(folder.resolve("nonsense.pem"), "nonsense");
    Certificates.Pair good = certificates.issue("good", 1);

    assertThatThrownBy(() -> registries.open(etcd.uri("", "ca=" + folder.resolve("missing"))))
        .hasMessageContaining("ca: ")
        .hasMessageContaining("expected: a readable file");
    assertThatThrownBy(() -> registries.open(etcd.uri("", "ca=" + nonsense)))
        .hasMessageContaining("expected: certificates in PEM");
    assertThatThrownBy(() -> registries.open(uri(good.cert(), nonsense)))
        .hasMessageContaining("key: ")
        .hasMessageContaining("PKCS#8");
  }

  private String uri(Path cert, Path key) {
    return etcd.uri("", ca(), "cert=" + cert, "key=" + key, PATIENT);
  }

  private static String ca() {
    return "ca=" + certificates.ca();
  }

  private static String files(Certificates.Pair pair) {
    return "cert=" + pair.cert() + "&key=" + pair.key();
  }
}
