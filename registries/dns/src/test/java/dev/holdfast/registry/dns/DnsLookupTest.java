package dev.holdfast.registry.dns;

import static dev.holdfast.registry.dns.DnsFixture.awaitAddresses;
import static dev.holdfast.registry.dns.DnsFixture.soon;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.holdfast.core.Endpoint;
import dev.holdfast.core.EndpointSet;
import dev.holdfast.core.Registry;
import dev.holdfast.core.RegistryContext;
import dev.holdfast.core.RegistryException;
import dev.holdfast.core.RegistryException.RegistryErrorKind;
import dev.holdfast.core.RegistryProvider;
import dev.holdfast.core.RegistryUri;
import dev.holdfast.core.ServiceName;
import dev.holdfast.core.testkit.RecordedWatch;
import dev.holdfast.lab.dns.DnsFault;
import dev.holdfast.lab.dns.DnsQuery;
import dev.holdfast.lab.dns.DnsServer;
import dev.holdfast.lab.dns.DnsType;
import dev.holdfast.lab.dns.DnsZone;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.xbill.DNS.DClass;
import org.xbill.DNS.Name;
import org.xbill.DNS.Record;
import org.xbill.DNS.SRVRecord;

/** The result of one DNS lookup. */
class DnsLookupTest {
  private static final Duration MINUTE = Duration.ofMinutes(1);

  private final DnsFixture fixture = new DnsFixture();
  private final DnsServer server = fixture.server();

  @AfterEach
  void close() {
    fixture.close();
  }

  @Test
  void ipv4AndIpv6AddressesAreFound() throws Exception {
    server.zone().addresses("orders.example", MINUTE, "10.0.0.1", "fd00::7", "10.0.0.2");

    assertThat(fixture.addresses(fixture.dns(""), "orders.example:50051"))
        .containsExactly("10.0.0.1:50051", "10.0.0.2:50051", "[fd00::7]:50051");
  }

  @Test
  void aTruncatedAnswerIsAskedForAgainOverTcp() throws Exception {
    server.zone().addresses("orders.example", MINUTE, "10.0.0.1");
    server.fail(DnsFault.of(DnsFault.DnsFaultKind.TRUNCATED));

    assertThat(fixture.addresses(fixture.dns(""), "orders.example:50051"))
        .containsExactly("10.0.0.1:50051");
    assertThat(server.queries()).anyMatch(q -> q.isFor("orders.example", DnsType.A) && q.tcp());
  }

  @Test
  void aServerThatTruncatesAndHasNoTcpIsAFailureNotAnEmptyList() {
    server.zone().addresses("orders.example", MINUTE, "10.0.0.1");
    server.fail(DnsFault.of(DnsFault.DnsFaultKind.TRUNCATED_WITHOUT_TCP));

    assertThatThrownBy(() -> fixture.read(fixture.dns("?timeout=600ms"), "orders.example:50051"))
        .hasCauseInstanceOf(RegistryException.class);
  }

  @Test
  void aThousandAddressesComeOverTcp() throws Exception {
    String[] addresses =
        IntStream.range(0, 1_000)
            .mapToObj(i -> "10.1." + i / 250 + "." + i % 250)
            .toArray(String[]::new);
    server.zone().addresses("orders.example", MINUTE, addresses);

    assertThat(fixture.addresses(fixture.dns("?timeout=15s"), "orders.example:50051"))
        .hasSize(1_000);
    assertThat(server.queries()).anyMatch(DnsQuery::tcp);
  }

  @Test
  void srvRecordsBringPortsAndWeightsOfTheLowestPriority() throws Exception {
    server
        .zone()
        .services(
            "_grpc._tcp.orders.example",
            MINUTE,
            new DnsZone.SrvRecordContent(10, 3, 50051, "a.example"),
            new DnsZone.SrvRecordContent(10, 0, 50052, "b.example"),
            new DnsZone.SrvRecordContent(20, 9, 50053, "spare.example"))
        .addresses("a.example", MINUTE, "10.0.0.1")
        .addresses("b.example", MINUTE, "10.0.0.2", "fd00::2")
        .addresses("spare.example", MINUTE, "10.0.0.3");

    assertThat(fixture.read(fixture.srv(""), "_grpc._tcp.orders.example").endpoints())
        .isEqualTo(
            EndpointSet.of(
                Endpoint.of("10.0.0.1:50051").withWeight(3),
                Endpoint.of("10.0.0.2:50052"),
                Endpoint.of("[fd00::2]:50052")));
  }

  @Test
  void theNameOfAPortBecomesTheUsualPrefix() throws Exception {
    server
        .zone()
        .services(
            "_grpc._tcp.orders.prod.svc.cluster.local",
            MINUTE,
            new DnsZone.SrvRecordContent(0, 1, 50051, "a.example"))
        .addresses("a.example", MINUTE, "10.0.0.1");

    assertThat(fixture.addresses(fixture.srv(""), "svc.cluster.local/prod/orders:grpc"))
        .containsExactly("10.0.0.1:50051");
  }

  @Test
  void addressesThatAreSentAlongAreNotAskedFor() throws Exception {
    server
        .zone()
        .sendAdditional(true)
        .services(
            "_grpc._tcp.orders.example",
            MINUTE,
            new DnsZone.SrvRecordContent(0, 1, 50051, "a.example"))
        .addresses("a.example", MINUTE, "10.0.0.1");

    assertThat(fixture.addresses(fixture.srv(""), "_grpc._tcp.orders.example"))
        .containsExactly("10.0.0.1:50051");
    assertThat(server.queryCount("a.example", DnsType.A)).isZero();
  }

  @Test
  void largeSrvWeightsKeepTheirShares() {
    DnsAnswer answer = srvAnswer(40_000, 20_000, 1);
    assertThat(SrvRecords.preferred(answer))
        .extracting(SrvRecords.SrvTarget::weight)
        .containsExactly(10_000, 5_000, 1);
  }

  @Test
  void anSrvTargetOfADotMeansThatThereIsNoService() throws Exception {
    server
        .zone()
        .services("_grpc._tcp.orders.example", MINUTE, new DnsZone.SrvRecordContent(0, 0, 1, ""));

    assertThat(fixture.addresses(fixture.srv(""), "_grpc._tcp.orders.example")).isEmpty();
  }

  @Test
  void aScaleUpInSrvRecordsArrivesAtTheTtl() {
    server
        .zone()
        .services(
            "orders.example",
            Duration.ofSeconds(1),
            new DnsZone.SrvRecordContent(0, 1, 1001, "a.example"))
        .addresses("a.example", MINUTE, "10.0.0.1");
    RecordedWatch watch = fixture.watch(fixture.srv(DnsFixture.QUICK), "orders.example");
    awaitAddresses(watch, "10.0.0.1:1001");

    server
        .zone()
        .services(
            "orders.example",
            Duration.ofSeconds(1),
            new DnsZone.SrvRecordContent(0, 1, 1001, "a.example"),
            new DnsZone.SrvRecordContent(0, 1, 1002, "a.example"));
    awaitAddresses(watch, "10.0.0.1:1001", "10.0.0.1:1002");
  }

  @Test
  void severalNamesAreOneList() throws Exception {
    server.zone().addresses("a.example", MINUTE, "10.0.0.1").addresses("b.example", MINUTE, "::1");
    Registry registry = fixture.dns("?names=a.example:50051,b.example:50052");

    assertThat(fixture.addresses(registry, "orders"))
        .containsExactly("10.0.0.1:50051", "[::1]:50052");
    assertThat(fixture.addresses(registry, "a.example")).containsExactly("10.0.0.1:50051");
    server.zone().addresses("c.example", MINUTE, "10.0.0.3");
    assertThat(fixture.addresses(registry, "c.example:50053"))
        .containsExactly("10.0.0.1:50051", "10.0.0.3:50053", "[::1]:50052");
  }

  @Test
  void aNameThatNeverWorkedDoesNotHideTheOthersButOneThatWorkedDoesNotVanish() {
    server.zone().addresses("a.example", Duration.ZERO, "10.0.0.1");
    server.zone().addresses("b.example", Duration.ZERO, "10.0.0.2");
    server.fail("b.example", DnsFault.of(DnsFault.DnsFaultKind.SERVFAIL));
    RecordedWatch watch =
        fixture.watch(fixture.dns(DnsFixture.QUICK + "&port=1&names=a.example,b.example"), "x");
    awaitAddresses(watch, "10.0.0.1:1");
    server.heal();
    awaitAddresses(watch, "10.0.0.1:1", "10.0.0.2:1");

    server.fail("b.example", DnsFault.of(DnsFault.DnsFaultKind.SERVFAIL));
    soon().until(() -> !watch.failures().isEmpty());
    assertThat(DnsFixture.addresses(watch)).containsExactly("10.0.0.1:1", "10.0.0.2:1");
  }

  @Test
  void theNamesThatWereGivenAreListed() {
    Registry registry = fixture.dns("?names=b.example:1,a.example:2");
    AtomicReference<Set<String>> names = new AtomicReference<>(Set.of());
    var unused =
        registry.watchNames(
            "",
            new Registry.ServiceNamesListener() {
              @Override
              public void onNames(Set<String> heard) {
                names.set(heard);
              }

              @Override
              public void onFailure(RegistryException cause) {}
            });
    soon().until(() -> new TreeSet<>(List.of("a.example", "b.example")).equals(names.get()));
    assertThat(registry.capabilities()).containsExactly(Registry.Capability.NAMES);
  }

  @Test
  void literalsPassThroughWithoutAQuestion() throws Exception {
    Registry registry = fixture.dns("?names=[fd00::7]:50052");

    assertThat(fixture.addresses(registry, "10.0.0.1:50051"))
        .containsExactly("10.0.0.1:50051", "[fd00::7]:50052");
    assertThat(server.queries()).isEmpty();
  }

  @Test
  void localhostIsFoundInTheHostsFile() throws Exception {
    Registry registry = fixture.open(new DnsRegistryProvider(), "dns:///?timeout=1s");

    assertThat(fixture.addresses(registry, "localhost:50051")).contains("127.0.0.1:50051");
  }

  @Test
  void theHostsFileIsReadAgainWhenItChanges(@TempDir Path scratch) throws Exception {
    Path hosts = scratch.resolve("hosts");
    Path config = scratch.resolve("resolv.conf");
    Files.writeString(hosts, "# nothing\n127.0.0.1 localhost me.example Me2\n\nbad line\n");
    SystemResolverConfig names = new SystemResolverConfig(hosts, config);

    assertThat(names.look().hosts())
        .isEqualTo(
            Map.of(
                "localhost", List.of("127.0.0.1"),
                "me.example", List.of("127.0.0.1"),
                "me2", List.of("127.0.0.1")));
    Files.writeString(hosts, "10.0.0.1 a\n10.0.0.2 a # two\nfd00::1 a a\n");
    assertThat(names.look().hosts())
        .isEqualTo(Map.of("a", List.of("10.0.0.1", "10.0.0.2", "fd00::1")));
    Files.delete(hosts);
    assertThat(names.look().hosts()).isEmpty();
  }

  @Test
  void shortNamesAreCompletedFromTheSearchList() throws Exception {
    server.zone().addresses("orders.prod.svc.cluster.local", MINUTE, "10.0.0.1");
    SystemResolverConfig.ResolverSettings resolverSettings =
        new SystemResolverConfig.ResolverSettings(
            Map.of(),
            List.of(server.address()),
            List.of(Name.fromString("svc.cluster.local."), Name.fromString("cluster.local.")),
            5);
    AtomicReference<List<Endpoint>> found = new AtomicReference<>(List.of());
    Registry registry = fixture.dns("");
    fixture.read(registry, "warm.example:1");
    fixture.onScheduler(
        scheduler -> {
          var unused =
              new DnsHostResolver(
                      new StubResolver(scheduler, Duration.ofSeconds(2)), resolverSettings, false)
                  .addresses(List.of(new DnsName("orders.prod", 50051)))
                  .thenAccept(resolvedEndpoints -> found.set(resolvedEndpoints.endpoints()));
        });
    soon().until(() -> List.of(Endpoint.of("10.0.0.1:50051")).equals(found.get()));
  }

  @Test
  void anAliasWhoseAddressesDoNotComeAlongIsFollowed() throws Exception {
    server.zone().alias("orders.example", MINUTE, "elsewhere.example");
    server.zone().addresses("elsewhere.example", MINUTE, "10.0.0.1");
    server.zone().sendAliasTargets(false);

    assertThat(fixture.addresses(fixture.dns(""), "orders.example:50051"))
        .containsExactly("10.0.0.1:50051");
  }

  @Test
  void aliasesThatLeadInACircleEndWithAnError() {
    server.zone().alias("a.example", MINUTE, "b.example");
    server.zone().alias("b.example", MINUTE, "a.example");
    server.zone().sendAliasTargets(false);

    assertThatThrownBy(() -> fixture.read(fixture.dns("?timeout=2s"), "a.example:50051"))
        .hasCauseInstanceOf(RegistryException.class)
        .hasMessageContaining("more than 8 aliases");
  }

  @ParameterizedTest
  @CsvSource({
    "orders.example, port of",
    "orders.example:grpc, names of ports are for srv:",
  })
  void aTargetWithoutAUsefulPortSaysWhatWasExpected(String service, String expected) {
    RecordedWatch watch = fixture.watch(fixture.dns(""), service);

    soon().until(() -> !watch.failures().isEmpty());
    assertThat(watch.failures().get(0).kind()).isEqualTo(RegistryErrorKind.UNSUPPORTED);
    assertThat(watch.failures().get(0)).hasMessageContaining(expected);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "dns://name.example/",
        "dns://user:secret@127.0.0.1/",
        "dns:///?min-refresh=1ms",
        "dns:///?min-refresh=5s&max-refresh=1s",
        "dns:///?timeout=5",
        "dns:///?port=0",
        "dns:///?names=a",
        "dns:///?names=a:1,,b:2",
      })
  void aUriThatMakesNoSenseIsRefusedWithWhatWasExpected(String uri) {
    RegistryProvider provider = new DnsRegistryProvider();
    assertThatThrownBy(() -> provider.open(RegistryUri.parse(uri), RegistryContext.system()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("expected: ")
        .hasMessageNotContaining("secret");
  }

  @ParameterizedTest
  @CsvSource({
    "fd00::7, fd00::7",
    "::1, ::1",
    "::, ::",
    "1:2:3:4:5:6:7:8, 1:2:3:4:5:6:7:8",
    "2001:db8:0:1:1:1:1:1, 2001:db8:0:1:1:1:1:1",
    "2001:0:0:1:0:0:0:1, 2001:0:0:1::1",
    "10.0.0.1, 10.0.0.1",
  })
  void addressesAreWrittenAsPeopleWriteThem(String address, String expected) throws Exception {
    assertThat(AddressText.of(InetAddress.getByName(address))).isEqualTo(expected);
  }

  @Test
  void aNamespaceIsADomain() {
    assertThat(DnsName.ofAddresses(ServiceName.parse("svc.cluster.local/prod/orders"), 7))
        .isEqualTo(new DnsName("orders.prod.svc.cluster.local", 7));
  }

  private static DnsAnswer srvAnswer(int... weights) {
    List<Record> records =
        IntStream.of(weights)
            .<Record>mapToObj(
                weight ->
                    new SRVRecord(
                        Name.fromConstantString("orders."),
                        DClass.IN,
                        60,
                        0,
                        weight,
                        50051,
                        Name.fromConstantString("h" + weight + ".")))
            .toList();
    return new DnsAnswer(true, records, List.of(), MINUTE);
  }
}
