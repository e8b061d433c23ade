package dev.holdfast.registry.dns;

import static dev.holdfast.registry.dns.DnsFixture.awaitAddresses;
import static dev.holdfast.registry.dns.DnsFixture.soon;
import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.core.Registry;
import dev.holdfast.core.RegistryException.RegistryErrorKind;
import dev.holdfast.core.local.FreePort;
import dev.holdfast.core.testkit.RecordedWatch;
import dev.holdfast.lab.dns.DnsFault;
import dev.holdfast.lab.dns.DnsQuery;
import dev.holdfast.lab.dns.DnsServer;
import dev.holdfast.lab.dns.DnsType;
import java.time.Duration;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** Lists follow DNS at its TTL, and no stumbling server takes one away. */
@Execution(ExecutionMode.CONCURRENT)
class DnsRefreshTest {
  private static final Duration SECOND = Duration.ofSeconds(1);

  /** The upper bound of a registry that is told none is 30 s; a busy machine needs some of that. */
  private static final Duration SOONER_THAN_WITHOUT_A_TTL = Duration.ofSeconds(15);

  private static final String NAME = "orders.example";
  private static final String TARGET = NAME + ":50051";

  private final DnsFixture fixture = new DnsFixture();
  private final DnsServer server = fixture.server();

  @AfterEach
  void close() {
    fixture.close();
  }

  @Test
  void aNewAddressArrivesOnceTheTtlHasPassedAndTheServerIsNotAskedBefore() {
    server.zone().addresses(NAME, SECOND, "10.0.0.1");
    RecordedWatch watch = fixture.watch(fixture.dns("?min-refresh=20ms"), TARGET);
    awaitAddresses(watch, "10.0.0.1:50051");

    server.zone().addresses(NAME, SECOND, "10.0.0.1", "10.0.0.2");
    long changedNanos = System.nanoTime();
    awaitAddresses(watch, "10.0.0.1:50051", "10.0.0.2:50051");

    assertThat(Duration.ofNanos(System.nanoTime() - changedNanos))
        .isLessThan(SOONER_THAN_WITHOUT_A_TTL);
    soon().until(() -> server.queryCount(NAME, DnsType.A) >= 4);
    assertThat(pauses(NAME))
        .allSatisfy(
            pause ->
                assertThat(pause).isBetween(Duration.ofMillis(995), SOONER_THAN_WITHOUT_A_TTL));
  }

  @Test
  void theShortestTtlOfAChainOfAliasesCounts() {
    server.zone().alias(NAME, SECOND, "blue.example");
    server.zone().addresses("blue.example", Duration.ofHours(1), "10.0.0.1");
    server.zone().addresses("green.example", Duration.ofHours(1), "10.0.0.2");
    RecordedWatch watch = fixture.watch(fixture.dns(DnsFixture.QUICK), TARGET);
    awaitAddresses(watch, "10.0.0.1:50051");

    server.zone().alias(NAME, SECOND, "green.example");
    awaitAddresses(watch, "10.0.0.2:50051");
  }

  @Test
  void aTtlOfZeroIsAskedForNoOftenerThanTheLowerBound() {
    server.zone().addresses(NAME, Duration.ZERO, "10.0.0.1");
    fixture.watch(fixture.dns("?min-refresh=200ms"), TARGET);

    soon().until(() -> server.queryCount(NAME, DnsType.A) >= 4);
    assertThat(pauses(NAME))
        .allSatisfy(pause -> assertThat(pause).isGreaterThan(Duration.ofMillis(195)));
  }

  @Test
  void aTtlOfADayIsAskedForAtTheUpperBound() {
    server.zone().addresses(NAME, Duration.ofDays(1), "10.0.0.1");
    Registry registry = fixture.dns("?min-refresh=20ms&max-refresh=300ms");
    RecordedWatch watch = fixture.watch(registry, TARGET);

    soon().until(() -> server.queryCount(NAME, DnsType.A) >= 4);
    assertThat(pauses(NAME))
        .allSatisfy(pause -> assertThat(pause).isLessThan(Duration.ofSeconds(10)));
    assertThat(watch.snapshots()).hasSize(1);
    soon().until(() -> watch.confirmations() >= 2);
    assertThat(registry.recordTtl()).isEqualTo(Duration.ofMillis(300));
  }

  @Test
  void theRecordTtlIsTheOneThatWasSeen() throws Exception {
    server.zone().addresses(NAME, Duration.ofSeconds(7), "10.0.0.1");
    Registry registry = fixture.dns("");
    assertThat(registry.recordTtl()).isEqualTo(Duration.ofSeconds(30));

    fixture.read(registry, TARGET);
    assertThat(registry.recordTtl()).isEqualTo(Duration.ofSeconds(7));
  }

  @Test
  void aServerThatFailsKeepsTheListAndTheNextSuccessShowsItAgain() {
    server.zone().addresses(NAME, Duration.ZERO, "10.0.0.1");
    RecordedWatch watch = fixture.watch(fixture.dns(DnsFixture.QUICK), TARGET);
    awaitAddresses(watch, "10.0.0.1:50051");

    server.fail(DnsFault.of(DnsFault.DnsFaultKind.SERVFAIL));
    soon().until(() -> watch.failures().size() == 1);
    assertThat(watch.failures().get(0).kind()).isEqualTo(RegistryErrorKind.UNAVAILABLE);
    assertThat(watch.failures().get(0)).hasMessageContaining("was answered SERVFAIL");
    int asked = server.queryCount(NAME, DnsType.A);
    int snapshots = watch.snapshots().size();
    soon().until(() -> server.queryCount(NAME, DnsType.A) > asked + 2);
    assertThat(watch.snapshots()).hasSize(snapshots);

    server.heal();
    soon().until(() -> watch.snapshots().size() > snapshots);
    awaitAddresses(watch, "10.0.0.1:50051");
    assertThat(watch.failures()).hasSize(1);
  }

  @Test
  void aNameThatIsGoneForAWhileIsAnEmptyListAndThenComesBack() {
    server.zone().addresses(NAME, Duration.ZERO, "10.0.0.1");
    server.zone().negativeTtl(Duration.ofSeconds(1));
    RecordedWatch watch = fixture.watch(fixture.dns(DnsFixture.QUICK), TARGET);
    awaitAddresses(watch, "10.0.0.1:50051");

    server.fail(NAME, DnsFault.of(DnsFault.DnsFaultKind.NXDOMAIN));
    awaitAddresses(watch);
    server.heal();
    awaitAddresses(watch, "10.0.0.1:50051");
    assertThat(watch.failures()).isEmpty();
  }

  @Test
  void aNameWithoutAddressesIsAnEmptyList() throws Exception {
    server.zone().addresses(NAME, SECOND);
    assertThat(fixture.addresses(fixture.dns(DnsFixture.QUICK), TARGET)).isEmpty();
  }

  @Test
  void aServerThatCantAnswerForIpv6DoesNotHideIpv4() throws Exception {
    server.zone().addresses("v4.example", SECOND, "10.0.0.1");
    server.zone().addresses("both.example", Duration.ZERO, "10.0.0.1", "fd00::1");
    Registry registry = fixture.dns(DnsFixture.QUICK);
    RecordedWatch both = fixture.watch(registry, "both.example:50051");
    awaitAddresses(both, "10.0.0.1:50051", "[fd00::1]:50051");
    server.fail("v4.example", DnsType.AAAA, DnsFault.of(DnsFault.DnsFaultKind.SERVFAIL));
    server.fail("both.example", DnsType.AAAA, DnsFault.of(DnsFault.DnsFaultKind.SERVFAIL));

    assertThat(fixture.addresses(registry, "v4.example:50051")).containsExactly("10.0.0.1:50051");
    soon().until(() -> !both.failures().isEmpty());
    // Half of the list would have been a lie.
    assertThat(both.snapshots()).allMatch(s -> s.endpoints().size() == 2);
  }

  @Test
  void aSilentServerFailsWithinTheTimeoutAndAnotherIsAsked() throws Exception {
    server.zone().addresses(NAME, SECOND, "10.0.0.1");
    try (DnsServer dead = DnsServer.start()) {
      dead.fail(DnsFault.of(DnsFault.DnsFaultKind.SILENCE));
      Registry registry =
          fixture.open(
              new DnsRegistryProvider(),
              "dns://" + dead.authority() + "," + server.authority() + "/?timeout=2s");

      assertThat(fixture.addresses(registry, TARGET)).containsExactly("10.0.0.1:50051");
      server.fail(DnsFault.of(DnsFault.DnsFaultKind.SILENCE));
      long beganNanos = System.nanoTime();
      RecordedWatch watch = fixture.watch(registry, TARGET);
      soon().until(() -> !watch.failures().isEmpty());
      assertThat(Duration.ofNanos(System.nanoTime() - beganNanos))
          .isBetween(Duration.ofMillis(1_500), Duration.ofSeconds(25));
      // Either the last server's time ran out or that of all of them, a tenth of it later.
      assertThat(watch.failures().get(0).getMessage())
          .containsPattern(NAME + ".* was not (answered|resolved)");
    }
  }

  @Test
  void aServerThatIsDownAndComesBackIsFollowedAgain() throws Exception {
    RecordedWatch watch;
    int port = FreePort.find();
    try (DnsServer first = DnsServer.startAt(port)) {
      first.zone().addresses(NAME, Duration.ZERO, "10.0.0.1");
      watch =
          fixture.watch(
              fixture.open(
                  new DnsRegistryProvider(),
                  "dns://127.0.0.1:" + port + "/" + DnsFixture.IMPATIENT),
              TARGET);
      awaitAddresses(watch, "10.0.0.1:50051");
    }
    // On a busy machine one may have come before.
    soon().until(() -> !watch.failures().isEmpty());
    try (DnsServer second = DnsServer.startAt(port)) {
      second.zone().addresses(NAME, Duration.ZERO, "10.0.0.2");
      awaitAddresses(watch, "10.0.0.2:50051");
    }
  }

  @Test
  void aSlowServerIsWaitedFor() throws Exception {
    server.zone().addresses(NAME, SECOND, "10.0.0.1");
    server.fail(DnsFault.delayed(Duration.ofMillis(300)));

    assertThat(fixture.addresses(fixture.dns("?timeout=3s"), TARGET))
        .containsExactly("10.0.0.1:50051");
  }

  @Test
  void aLostDatagramIsSentAgain() throws Exception {
    server.zone().addresses(NAME, SECOND, "10.0.0.1");
    server.fail(NAME, DnsType.A, DnsFault.of(DnsFault.DnsFaultKind.SILENCE).forQueries(2));

    assertThat(fixture.addresses(fixture.dns("?timeout=8s"), TARGET))
        .containsExactly("10.0.0.1:50051");
  }

  @Test
  void anAnswerThatComesAfterTheNextServerWasAskedStillCounts() throws Exception {
    server.zone().addresses(NAME, SECOND, "10.0.0.1");
    server.fail(DnsFault.delayed(Duration.ofSeconds(3)));

    // Each try is given 2.4 s, the whole 8 s.
    assertThat(fixture.addresses(fixture.dns("?timeout=8s"), TARGET))
        .containsExactly("10.0.0.1:50051");
  }

  @Test
  void aServerThatKnowsNoEdnsIsAskedPlainly() throws Exception {
    server.zone().addresses(NAME, SECOND, "10.0.0.1");
    server.fail(DnsFault.of(DnsFault.DnsFaultKind.NO_EDNS));

    assertThat(fixture.addresses(fixture.dns(""), TARGET)).containsExactly("10.0.0.1:50051");
  }

  @Test
  void bytesThatAreNoDnsMessageAreAFailure() {
    server.zone().addresses(NAME, SECOND, "10.0.0.1");
    server.fail(DnsFault.of(DnsFault.DnsFaultKind.GARBAGE));
    RecordedWatch watch = fixture.watch(fixture.dns(DnsFixture.IMPATIENT), TARGET);

    soon().until(() -> !watch.failures().isEmpty());
    assertThat(watch.failures().get(0).kind())
        .isIn(RegistryErrorKind.MALFORMED, RegistryErrorKind.UNAVAILABLE);
    server.heal();
    awaitAddresses(watch, "10.0.0.1:50051");
  }

  @Test
  void nothingIsAskedAfterTheWatchWasClosed() {
    server.zone().addresses(NAME, Duration.ZERO, "10.0.0.1");
    Registry registry = fixture.dns(DnsFixture.QUICK);
    RecordedWatch watch = fixture.watch(registry, TARGET);
    awaitAddresses(watch, "10.0.0.1:50051");
    registry.close();

    // One question may be under way; then no more come, which the next name's answers show.
    int asked = server.queryCount(NAME, DnsType.A);
    server.zone().addresses("other.example", Duration.ZERO, "10.0.0.2");
    fixture.watch(fixture.dns(DnsFixture.QUICK), "other.example:50051");
    soon().until(() -> server.queryCount("other.example", DnsType.A) > 10);
    assertThat(server.queryCount(NAME, DnsType.A)).isLessThanOrEqualTo(asked + 1);
  }

  private List<Duration> pauses(String name) {
    List<DnsQuery> asked = server.queries().stream().filter(q -> q.isFor(name, DnsType.A)).toList();
    return IntStream.range(1, asked.size())
        .mapToObj(
            i -> Duration.ofNanos(asked.get(i).arrivedNanos() - asked.get(i - 1).arrivedNanos()))
        .toList();
  }
}
