package dev.holdfast.registry.etcd;

import static dev.holdfast.registry.etcd.OpenRegistries.ORDERS;
import static dev.holdfast.registry.etcd.OpenRegistries.addresses;
import static dev.holdfast.registry.etcd.OpenRegistries.at;
import static dev.holdfast.registry.etcd.OpenRegistries.patiently;
import static dev.holdfast.registry.etcd.OpenRegistries.read;
import static dev.holdfast.registry.etcd.OpenRegistries.readFailure;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.holdfast.core.Registry;
import dev.holdfast.core.RegistryException;
import dev.holdfast.core.testkit.RecordedWatch;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Files on a mount that hangs: pipes that nobody writes to, so that who opens them waits for ever.
 *
 * <p>Both registries live on one loop, as all of a process do.
 */
class HungFilesTest {
  @TempDir Path folder;
  private final List<Path> pipes = new ArrayList<>();
  private OpenRegistries registries;

  @BeforeEach
  void open() {
    registries = new OpenRegistries();
  }

  @AfterEach
  void close() throws Exception {
    registries.close();
    for (Path pipe : pipes) {
      // Opened for both, which never waits: a thread that hangs on it ends.
      Files.newByteChannel(pipe, StandardOpenOption.READ, StandardOpenOption.WRITE).close();
    }
  }

  @Test
  void aPasswordFileThatHangsStopsNoOtherWatchAndIsReadWhenItAnswers() throws Exception {
    try (EtcdCluster etcd = EtcdCluster.start(1);
        RawEtcd raw = RawEtcd.at(etcd)) {
      raw.enableAuth("root-password");
      Registry healthy =
          registries
              .with(
                  Map.of(
                      "HOLDFAST_REGISTRY_USER", "root",
                      "HOLDFAST_REGISTRY_PASSWORD", "root-password"))
              .open(etcd.uri(""));
      RecordedWatch watch = registries.watch(healthy, ORDERS);
      patiently().until(() -> watch.last().isPresent());
      Path pipe = pipe("password");
      Registry hung =
          registries
              .with(
                  Map.of(
                      "HOLDFAST_REGISTRY_USER",
                      "root",
                      "HOLDFAST_REGISTRY_PASSWORD_FILE",
                      pipe.toString()))
              .open(etcd.uri("", "request-timeout=5s"));

      RegistryException failure = readFailure(hung, ORDERS);

      assertThat(failure.kind()).isEqualTo(RegistryException.RegistryErrorKind.UNAUTHENTICATED);
      assertThat(failure).hasMessageContaining("PASSWORD_FILE: can't be read");
      raw.put("test/orders/x", "10.0.0.1:50051");
      patiently().until(() -> addresses(watch).size() == 1);
      assertThat(read(healthy, ORDERS).endpoints().size()).isEqualTo(1);

      Files.move(pipe, folder.resolve("old"));
      Files.writeString(pipe, "root-password\n");
      Files.newByteChannel(folder.resolve("old"), StandardOpenOption.READ, StandardOpenOption.WRITE)
          .close();
      patiently().ignoreExceptions().until(() -> read(hung, ORDERS).endpoints().size() == 1);
      pipes.clear();
    }
  }

  @Test
  void certificatesThatHangLeaveTheLastGoodOnesInUse() throws Exception {
    Certificates certificates = new Certificates(folder);
    Certificates.Pair server = certificates.issue("server", 1);
    Path ca = Files.copy(certificates.ca(), folder.resolve("rotating-ca.pem"));
    try (EtcdCluster etcd =
            EtcdCluster.start(1, "--cert-file=" + server.cert(), "--key-file=" + server.key());
        EtcdCluster other = EtcdCluster.start(1);
        RawEtcd raw = RawEtcd.at(other)) {
      RecordedWatch watch = registries.watch(registries.open(other.uri("")), ORDERS);
      Registry secure = registries.open(etcd.uri("", "ca=" + ca, "request-timeout=10s", "ttl=8s"));
      RecordedWatch secureWatch = registries.watch(secure, ORDERS);
      OpenRegistries.Announced record = registries.announce(secure, ORDERS, at(1));
      patiently().until(() -> addresses(secureWatch).size() == 1 && watch.last().isPresent());

      Files.delete(ca);
      pipe("rotating-ca.pem");
      int confirmations = secureWatch.confirmations();

      // A sign of life comes each third of the TTL, so files were looked at in vain by then.
      patiently().until(() -> secureWatch.confirmations() >= confirmations + 4);
      raw.put("test/orders/x", "10.0.0.1:50051");
      patiently().until(() -> addresses(watch).size() == 1);
      assertThat(read(secure, ORDERS).endpoints().size()).isEqualTo(1);
      assertThat(record.record().end()).isEmpty();
    }
  }

  @Test
  void openingWithCertificatesThatHangFailsInBoundedTime() throws Exception {
    Path pipe = pipe("ca.pem");

    assertThatThrownBy(() -> registries.open("etcd://127.0.0.1:1/?ca=" + pipe))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(pipe.toString())
        .hasMessageContaining("no answer in time");
  }

  private Path pipe(String name) throws Exception {
    Path pipe = folder.resolve(name);
    Process made = new ProcessBuilder("mkfifo", pipe.toString()).inheritIO().start();
    assertThat(made.waitFor(60, TimeUnit.SECONDS)).isTrue();
    assertThat(made.exitValue()).isZero();
    pipes.add(pipe);
    return pipe;
  }
}
