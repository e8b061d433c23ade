package dev.holdfast.registry.file;

import static dev.holdfast.registry.file.FileRegistryFixture.soon;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.holdfast.core.Endpoint;
import dev.holdfast.core.EndpointSet;
import dev.holdfast.core.HostPort;
import dev.holdfast.core.Registry;
import dev.holdfast.core.RegistryContext;
import dev.holdfast.core.RegistryException.RegistryErrorKind;
import dev.holdfast.core.RegistryUri;
import dev.holdfast.core.testkit.RecordedWatch;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What stands in files: written by us, by people, and by nobody in their right mind. */
class FileRecordsTest {
  private static final String ADDRESS = "127.0.0.1:50051";

  @TempDir private Path scratch;
  private FileRegistryFixture fixture;

  @BeforeEach
  void open() throws IOException {
    fixture = new FileRegistryFixture(scratch);
  }

  @AfterEach
  void close() {
    fixture.close();
  }

  @Test
  void aRecordIsAFileThatAPersonCanRead() throws Exception {
    fixture.announce(
        fixture.open(""),
        Endpoint.of(ADDRESS)
            .withInstance("run-1")
            .withZone("eu-1a")
            .withWeight(3)
            .withMetadata(Map.of("version", "1.2")));

    assertThat(Files.readString(fixture.file("127.0.0.1_50051.json")))
        .contains("  \"address\" : \"127.0.0.1:50051\",\n")
        .contains("  \"zone\" : \"eu-1a\",\n")
        .contains("  \"metadata\" : {\n    \"version\" : \"1.2\"\n  },\n")
        .contains("\"pid\" : " + ProcessHandle.current().pid())
        .endsWith("}\n");
  }

  @Test
  void aRecordThatLeavesIsMarkedForTwoPollsOfAReaderWithoutEvents() {
    FileOptions reader = FileOptions.of(RegistryUri.parse("file:///anywhere"));

    assertThat(FileAnnouncement.DRAIN_NOTICE).isGreaterThanOrEqualTo(reader.poll().multipliedBy(2));
  }

  @Test
  void aRecordWrittenByHandNeedsAnAddressOnly() throws Exception {
    Files.writeString(fixture.file("mine.json"), "{\"address\": \"10.0.0.7:8080\"}");
    RecordedWatch watch = fixture.watch(fixture.open(""));

    fixture.awaitAddresses(watch, "10.0.0.7:8080");
  }

  @Test
  void aListHasOneEndpointPerLine() throws Exception {
    Files.writeString(
        fixture.file("static.list"),
        """
        # two machines in the basement
        10.0.0.1:50051 zone=a weight=10   # the big one

        [fd00::2]:50051 zone=b
        """);
    assertThat(fixture.read(fixture.open("")).endpoints())
        .isEqualTo(
            EndpointSet.of(
                Endpoint.of("10.0.0.1:50051").withZone("a").withWeight(10),
                Endpoint.of("[fd00::2]:50051").withZone("b")));
  }

  @Test
  void aListThatIsEditedInPlaceIsReadAgain() throws Exception {
    Path list = fixture.file("static.list");
    Files.writeString(list, "10.0.0.1:50051\n");
    RecordedWatch watch = fixture.watch(fixture.open(""));
    fixture.awaitAddresses(watch, "10.0.0.1:50051");

    // Of the same length, and perhaps within one tick of the file system's clock.
    Files.writeString(list, "10.0.0.2:50051\n");
    fixture.awaitAddresses(watch, "10.0.0.2:50051");
  }

  @Test
  void aWrongLineOfAListIsLeftOutAndTheOthersCount() throws Exception {
    Files.writeString(
        fixture.file("static.list"), "10.0.0.1\n10.0.0.2:50051 wieght=3\n10.0.0.3:50051\n");
    RecordedWatch watch = fixture.watch(fixture.open(""));

    fixture.awaitAddresses(watch, "10.0.0.3:50051");
    assertThat(fixture.malformedCount()).isEqualTo(1);
    assertThat(StaticList.parse("x:1\n10.0.0.2:50051 wieght=3\n").problems())
        .containsExactly("line 2: property: \"wieght=3\" (expected: zone=.. or weight=..)");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "{",
        "garbage",
        "[]",
        "{}",
        "{\"address\": 5}",
        "{\"address\": \"nowhere\"}",
        "{\"address\": \"10.0.0.9:50051\", \"weight\": 0}",
        "{\"address\": \"10.0.0.9:50051\", \"weight\": 99999999999}",
        "{\"address\": \"10.0.0.9:50051\", \"metadata\": {\"a\": {}}}",
        "{\"address\": \"10.0.0.9:50051\", \"owner\": {}}",
        "{\"address\": \"10.0.0.9:50051\", \"address\": \"10.0.0.8:50051\"}",
        "{\"address\": \"10.0.0.9:50051\"} {}",
      })
  void whatIsNotARecordIsLeftOutCountedOnceAndKept(String text) throws Exception {
    Path file = fixture.file("bad.json");
    Files.writeString(file, text);
    Files.writeString(fixture.file("good.json"), "{\"address\": \"10.0.0.7:8080\"}");
    RecordedWatch watch = fixture.watch(fixture.open("?poll=20ms"));

    fixture.awaitAddresses(watch, "10.0.0.7:8080");
    await().pollDelay(Duration.ofMillis(100)).until(() -> true);
    assertThat(fixture.malformedCount()).isEqualTo(1);
    assertThat(file).exists();
  }

  @Test
  void bytesThatAreNotTextAndFilesThatAreTooLongAreLeftOut() throws Exception {
    Files.write(fixture.file("bytes.json"), new byte[] {(byte) 0xff, (byte) 0xfe, 0, 1});
    Files.writeString(
        fixture.file("long.json"),
        "{\"address\": \"10.0.0.9:50051\", \"x\": \"" + "x".repeat(70_000) + "\"}");
    Files.createDirectory(fixture.file("directory.json"));
    // To open a pipe would hang until somebody writes into it.
    assertThat(new ProcessBuilder("mkfifo", fixture.file("pipe.json").toString()).start().waitFor())
        .isZero();
    Files.writeString(fixture.file("README.md"), "not a record at all");
    Files.writeString(fixture.file("good.json"), "{\"address\": \"10.0.0.7:8080\"}");

    assertThat(fixture.read(fixture.open("")).endpoints())
        .isEqualTo(EndpointSet.of(Endpoint.of("10.0.0.7:8080")));
    assertThat(fixture.malformedCount()).isEqualTo(2);
  }

  @Test
  void aHalfWrittenFileCountsOnceItIsWhole() throws Exception {
    Path file = fixture.file("mine.json");
    Files.writeString(file, "{\"address\": \"10.0.0.7:80");
    RecordedWatch watch = fixture.watch(fixture.open(""));
    fixture.awaitAddresses(watch);

    Files.writeString(file, "{\"address\": \"10.0.0.7:8080\"}");
    fixture.awaitAddresses(watch, "10.0.0.7:8080");
  }

  @Test
  void unknownFieldsOfNewerProgramsAreSkipped() throws Exception {
    FileRecord record =
        RecordJson.read(
            "{\"future\": {\"a\": [1, {}]}, \"address\": \"10.0.0.7:8080\", \"zone\": \"a\"}"
                .getBytes(StandardCharsets.UTF_8));
    assertThat(record.endpoint()).isEqualTo(Endpoint.of("10.0.0.7:8080").withZone("a"));
  }

  @Test
  void fileNamesAreSafeForEveryAddress() {
    assertThat(RecordFileName.of(HostPort.parse("127.0.0.1:50051")))
        .isEqualTo("127.0.0.1_50051.json");
    assertThat(RecordFileName.of(HostPort.parse("[fd00::7]:50051")))
        .isEqualTo("[fd00--7]_50051.json")
        .isNotEqualTo(RecordFileName.of(HostPort.parse("fd00--7:50051")));
    String longest = RecordFileName.of(new HostPort("a".repeat(253), 65535));
    assertThat(longest.length()).isLessThan(200);
    assertThat(longest).isNotEqualTo(RecordFileName.of(new HostPort("a".repeat(252) + "b", 65535)));
    assertThat(RecordFileName.of(new HostPort(".hidden", 1))).isEqualTo("_.hidden_1.json");
  }

  @Test
  void aChangeArrivesAtOnceAlthoughThePollIsSlow() throws Exception {
    RecordedWatch watch = fixture.watch(fixture.open("?poll=1m"));
    fixture.file("any");
    Registry registry = fixture.open("");
    fixture.announce(registry, Endpoint.of(ADDRESS));
    fixture.awaitAddresses(watch, ADDRESS);
    long bestNanos = Long.MAX_VALUE;
    for (int i = 0; i < 5; i++) {
      String added = "127.0.0.2:" + (50051 + i);
      Path file = fixture.file("hand" + i + ".json");
      Path temporary = scratch.resolve("new.json");
      Files.writeString(temporary, "{\"address\": \"" + added + "\"}");
      long beganNanos = System.nanoTime();
      Files.move(temporary, file);
      soon().until(() -> FileRegistryFixture.addresses(watch).contains(added));
      bestNanos = Math.min(bestNanos, System.nanoTime() - beganNanos);
    }
    // The poll is a minute; the best of five is a few milliseconds unless the machine is busy.
    assertThat(Duration.ofNanos(bestNanos)).isLessThan(Duration.ofSeconds(30));
  }

  @Test
  void twoAnnouncementsThatWriteAtTheSameTimeLeaveTheNewer() throws Exception {
    Registry registry = fixture.open("");
    FileRegistryFixture.Announced older =
        fixture.announce(registry, Endpoint.of(ADDRESS).withInstance("older"));
    Registry second = fixture.open("");
    FileRegistryFixture.Announced newer =
        fixture.announce(second, Endpoint.of(ADDRESS).withInstance("newer"));
    soon().until(() -> older.record().end().isPresent());
    Path file = fixture.file("127.0.0.1_50051.json");
    FileRecord current = RecordJson.read(Files.readAllBytes(file));

    // What the older process would leave had it looked before, and written after, the newer one.
    FileRecord stale =
        new FileRecord(
            Endpoint.of(ADDRESS).withInstance("older").withDraining(true),
            current.generation() - 1,
            current.owner());
    new RecordStore(fixture.scheduler().clock()).write(file, stale);

    soon()
        .until(
            () -> RecordJson.read(Files.readAllBytes(file)).endpoint().instance().equals("newer"));
    assertThat(newer.record().end()).isEmpty();
    assertThat(older.record().end().orElseThrow().kind()).isEqualTo(RegistryErrorKind.TAKEN_OVER);
  }

  @Test
  void theRecordOfANewOwnerIsNeverRemovedInPlaceOfADeadOnes() throws Exception {
    RecordStore store = new RecordStore(fixture.scheduler().clock());
    Path file = fixture.file("127.0.0.1_50051.json");
    FileRecord dead =
        new FileRecord(
            Endpoint.of(ADDRESS).withInstance("dead"), 1, new RecordOwner(1, 1, "", "", 1));
    FileRecord alive =
        new FileRecord(
            Endpoint.of(ADDRESS).withInstance("alive"), 2, new RecordOwner(2, 2, "", "", 1));
    store.write(file, alive);

    assertThat(store.remove(file, dead::isSameAnnouncement)).isFalse();
    assertThat(store.read(file)).contains(alive);
    assertThat(store.remove(file, alive::isSameAnnouncement)).isTrue();
    assertThat(file).doesNotExist();
    assertThat(fixture.strayFiles()).isEmpty();
  }

  @Test
  void aWithdrawnInstanceIsSeenDrainingBeforeItGoes() throws Exception {
    Registry registry = fixture.openWithSlowTimers();
    FileRegistryFixture.Announced announced =
        fixture.announce(registry, Endpoint.of(ADDRESS).withInstance("a"));
    RecordedWatch watch = fixture.watch(fixture.open(""));
    fixture.awaitAddresses(watch, ADDRESS);
    announced.announcement().withdraw().toCompletableFuture().get(40, TimeUnit.SECONDS);
    fixture.awaitAddresses(watch);

    assertThat(watch.snapshots())
        .anySatisfy(
            snapshot -> assertThat(snapshot.endpoints().endpoints()).anyMatch(Endpoint::draining));
  }

  @Test
  @Timeout(240)
  void tenThousandFilesAreAService() throws Exception {
    for (int i = 0; i < 10_000; i++) {
      String address = "10.1." + i / 250 + "." + (i % 250 + 1) + ":50051";
      Files.write(
          fixture.file("i" + i + ".json"),
          RecordJson.write(new FileRecord(Endpoint.of(address), 0, null), Instant.EPOCH));
    }
    Registry registry = fixture.open("");
    RecordedWatch watch = fixture.watch(registry);
    // A busy machine may not read as many in the time of one scan.
    soon()
        .atMost(Duration.ofSeconds(100))
        .until(() -> watch.last().map(EndpointSet::size).orElse(0) == 10_000);

    Files.delete(fixture.file("i77.json"));
    soon().until(() -> watch.last().orElseThrow().size() == 9_999);
    assertThat(fixture.read(registry).endpoints().size()).isEqualTo(9_999);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "file://host/var/lib",
        "file:///x?ttl=5",
        "file:///x?ttl=1ms",
        "file:///x?poll=2h",
        "file:///x?lease=forever"
      })
  void aUriThatMakesNoSenseIsRefusedWithWhatWasExpected(String uri) {
    assertThatThrownBy(
            () -> new FileRegistryProvider().open(RegistryUri.parse(uri), RegistryContext.system()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("expected: ");
  }
}
