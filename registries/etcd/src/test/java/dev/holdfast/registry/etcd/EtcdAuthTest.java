package dev.holdfast.registry.etcd;

import static dev.holdfast.registry.etcd.OpenRegistries.addresses;
import static dev.holdfast.registry.etcd.OpenRegistries.at;
import static dev.holdfast.registry.etcd.OpenRegistries.get;
import static dev.holdfast.registry.etcd.OpenRegistries.patiently;
import static dev.holdfast.registry.etcd.OpenRegistries.read;
import static dev.holdfast.registry.etcd.OpenRegistries.readFailure;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.holdfast.core.Registry;
import dev.holdfast.core.RegistryException;
import dev.holdfast.core.RegistryException.RegistryErrorKind;
import dev.holdfast.core.ServiceName;
import dev.holdfast.core.testkit.RecordedWatch;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.Parameter;

/** Users, passwords, tokens and roles at a real etcd; tokens live for two seconds there. */
@OnEveryEtcd
class EtcdAuthTest {
  private static final AtomicInteger RUN = new AtomicInteger();
  private static final String SECRET = "s3cret-of-writer";
  private static EtcdCluster etcd;

  /** Which etcd the class runs against; its members are static. */
  @Parameter EtcdRelease release;

  private OpenRegistries registries;
  private ServiceName service;

  @BeforeParameterizedClassInvocation
  static void startEtcd(EtcdRelease release) throws Exception {
    etcd = EtcdCluster.start(release, 1, "--auth-token-ttl=2");
    try (RawEtcd raw = RawEtcd.at(etcd)) {
      raw.enableAuth("root-password");
      for (EtcdRoles.EtcdPermissionType etcdPermissionType :
          EtcdRoles.EtcdPermissionType.values()) {
        for (String namespace : new String[] {"test", "prod"}) {
          EtcdRoles role = EtcdRoles.of(namespace, etcdPermissionType);
          raw.addRole(role.name(), role.permission());
          raw.addUser(
              namespace + "-" + etcdPermissionType.name().toLowerCase(Locale.ROOT),
              SECRET,
              role.name());
        }
      }
    }
  }

  @AfterParameterizedClassInvocation
  static void stopEtcd() {
    etcd.close();
  }

  @BeforeEach
  void open() {
    service = ServiceName.parse("test/orders-" + RUN.incrementAndGet());
    registries = new OpenRegistries();
  }

  @AfterEach
  void close() {
    registries.close();
  }

  @Test
  void everythingAServerAndAClientDoWorksUnderTheLeastRoles() throws Exception {
    Registry server = openAs("test-write", SECRET);
    Registry client = openAs("test-read", SECRET);
    RecordedWatch watch = registries.watch(client, service);
    OpenRegistries.Announced record = registries.announce(server, service, at(1));
    patiently().until(() -> addresses(watch).size() == 1);

    record.announcement().update(at(1).withWeight(2));
    patiently().until(() -> record.record().published() == 2);
    patiently().until(() -> watch.confirmations() > 1);
    get(record.announcement().withdraw());
    patiently().until(() -> addresses(watch).isEmpty());
    assertThat(watch.failures()).isEmpty();
    registries.announceUntilPublished(server, service, at(2));
    server.close();
    patiently().until(() -> addresses(watch).isEmpty());
  }

  @Test
  void aTestServiceCanNeitherAppearInProductionNorSeeIt() throws Exception {
    Registry tester = openAs("test-write", SECRET);
    ServiceName production = ServiceName.parse("prod/orders");

    assertThat(registries.endOf(registries.begin(tester, production, at(1))))
        .isEqualTo(RegistryErrorKind.PERMISSION_DENIED);
    assertThat(readFailure(tester, production).kind())
        .isEqualTo(RegistryErrorKind.PERMISSION_DENIED);
    RecordedWatch watch = registries.watch(tester, production);
    patiently().until(() -> !watch.failures().isEmpty());
    assertThat(watch.failures().get(0).kind()).isEqualTo(RegistryErrorKind.PERMISSION_DENIED);
    assertThat(registries.endOf(registries.begin(tester, ServiceName.parse("prodigal/x"), at(1))))
        .isEqualTo(RegistryErrorKind.PERMISSION_DENIED);
    assertThat(read(openAs("prod-read", SECRET), production).endpoints().isEmpty()).isTrue();
  }

  @Test
  void aDeniedServiceDoesNotHinderTheOthers() {
    Registry tester = openAs("test-write", SECRET);
    RecordedWatch denied = registries.watch(tester, ServiceName.parse("prod/orders"));
    RecordedWatch allowed = registries.watch(tester, service);

    patiently().until(() -> !denied.failures().isEmpty() && allowed.confirmations() > 0);
    registries.announce(tester, service, at(1));

    patiently().until(() -> addresses(allowed).size() == 1);
    assertThat(denied.snapshots()).isEmpty();
    assertThat(denied.failures()).as("told once, not at every try").hasSize(1);
  }

  @Test
  void aReaderCantAnnounce() {
    Registry reader = openAs("test-read", SECRET);
    assertThat(registries.endOf(registries.begin(reader, service, at(1))))
        .isEqualTo(RegistryErrorKind.PERMISSION_DENIED);
  }

  @Test
  void aWrongPasswordNamesTheUserAndNeverThePassword() throws Exception {
    RegistryException failure;
    try (CapturedLogs logs = new CapturedLogs(registries.scheduler())) {
      failure = readFailure(openAs("test-read", "wrong-secret"), service);
      assertThat(logs.containing("wrong-secret")).isEmpty();
    }

    assertThat(failure.kind()).isEqualTo(RegistryErrorKind.UNAUTHENTICATED);
    assertThat(failure)
        .hasMessageContaining("test-read")
        .hasMessageContaining(etcd.member(0).address())
        .hasMessageNotContaining("wrong-secret");
  }

  @Test
  void noUserWhereOneIsNeededSaysWhereToPutIt() throws Exception {
    RegistryException failure = readFailure(registries.open(etcd.uri("")), service);

    assertThat(failure.kind()).isEqualTo(RegistryErrorKind.UNAUTHENTICATED);
    assertThat(failure)
        .hasMessageContaining("HOLDFAST_REGISTRY_USER")
        .hasMessageContaining("authentication is on");
  }

  @Test
  void aUserInTheUriWorksAndIsNotDescribed() throws Exception {
    String uri = etcd.uri("").replace("etcd://", "etcd://test-read:" + SECRET + "@");
    Registry registry = registries.open(uri);

    assertThat(read(registry, service).endpoints().isEmpty()).isTrue();
    assertThat(registry.describe()).doesNotContain(SECRET).doesNotContain("test-read");
  }

  @Test
  void tokensThatRunOutAreReplaced() throws Exception {
    Registry client = openAs("test-read", SECRET);
    assertThat(read(client, service).endpoints().isEmpty()).isTrue();

    await().pollDelay(Duration.ofMillis(3500)).until(() -> true);

    assertThat(read(client, service).endpoints().isEmpty()).isTrue();
    RecordedWatch watch = registries.watch(client, service);
    patiently().until(() -> watch.confirmations() > 0);
  }

  @Test
  void aRestartedMemberForgetsTokensAndNobodyNotices() throws Exception {
    Registry server = openAs("test-write", SECRET);
    Registry client = openAs("test-read", SECRET);
    RecordedWatch watch = registries.watch(client, service);
    OpenRegistries.Announced record = registries.announce(server, service, at(1));
    patiently().until(() -> addresses(watch).size() == 1);

    etcd.member(0).kill();
    etcd.startAll();

    record.announcement().update(at(1).withWeight(9));
    patiently()
        .until(
            () ->
                addresses(watch).size() == 1
                    && watch.last().orElseThrow().endpoints().get(0).weight() == 9);
    assertThat(record.record().end()).isEmpty();
  }

  @Test
  void aPasswordFileIsReadAgainWhenItIsNeeded(@TempDir Path folder) throws Exception {
    Path file = Files.writeString(folder.resolve("password"), "not yet\n");
    Registry client =
        registries
            .with(
                Map.of(
                    "HOLDFAST_REGISTRY_USER",
                    "test-read",
                    "HOLDFAST_REGISTRY_PASSWORD_FILE",
                    file.toString()))
            .open(etcd.uri(""));
    assertThat(readFailure(client, service).kind()).isEqualTo(RegistryErrorKind.UNAUTHENTICATED);

    Files.writeString(file, SECRET + "\n");
    assertThat(read(client, service).endpoints().isEmpty()).isTrue();

    Files.delete(file);
    Registry another = registries.open(etcd.uri(""));
    assertThat(readFailure(another, service)).hasMessageContaining("PASSWORD_FILE");
  }

  @Test
  void authenticationThatIsTurnedOnLaterIsMetWithTheUserThatWasGiven() throws Exception {
    try (EtcdCluster fresh = EtcdCluster.start(1);
        RawEtcd raw = RawEtcd.at(fresh)) {
      Registry client =
          registries
              .with(
                  Map.of(
                      "HOLDFAST_REGISTRY_USER", "root",
                      "HOLDFAST_REGISTRY_PASSWORD", "root-password"))
              .open(fresh.uri("", "ttl=20s"));
      RecordedWatch watch = registries.watch(client, service);
      OpenRegistries.Announced record = registries.announce(client, service, at(1));
      patiently().until(() -> addresses(watch).size() == 1);

      raw.enableAuth("root-password");

      record.announcement().update(at(1).withWeight(2));
      patiently().until(() -> record.record().published() == 2);
      ServiceName later = ServiceName.parse("test/later");
      RecordedWatch second = registries.watch(client, later);
      registries.announce(client, later, at(2));
      patiently().until(() -> addresses(second).size() == 1);
      assertThat(record.record().end()).isEmpty();
    }
  }

  @Test
  void rolesCanBeAppliedByAnAdministrator() throws Exception {
    Map<String, String> root =
        Map.of("HOLDFAST_REGISTRY_USER", "root", "HOLDFAST_REGISTRY_PASSWORD", "root-password");
    EtcdRoles role = EtcdRoles.of("staging", EtcdRoles.EtcdPermissionType.WRITE);

    for (int i = 0; i < 2; i++) {
      get(
          role.apply(
              dev.holdfast.core.RegistryUri.parse(etcd.uri("")), registries.with(root).context()));
    }
    try (RawEtcd raw = RawEtcd.at(etcd).as("root", "root-password")) {
      raw.addUser("stager", SECRET, role.name());
    }

    registries.announce(openAs("stager", SECRET), ServiceName.parse("staging/orders"), at(1));
  }

  private Registry openAs(String user, String password) {
    return registries
        .with(Map.of("HOLDFAST_REGISTRY_USER", user, "HOLDFAST_REGISTRY_PASSWORD", password))
        .open(etcd.uri("", "ttl=20s", "request-timeout=10s"));
  }
}
