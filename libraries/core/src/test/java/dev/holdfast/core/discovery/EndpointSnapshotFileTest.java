package dev.holdfast.core.discovery;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.core.Endpoint;
import dev.holdfast.core.EndpointListState;
import dev.holdfast.core.EndpointSet;
import dev.holdfast.core.RegistryContext;
import dev.holdfast.core.ServiceName;
import dev.holdfast.core.testkit.InMemoryRegistry;
import dev.holdfast.core.testkit.InMemoryStore;
import dev.holdfast.core.testkit.VirtualScheduler;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import java.util.zip.CRC32;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A list on disk helps when it can and never hurts. */
class EndpointSnapshotFileTest {
  private static final ServiceName ORDERS = new ServiceName("prod/eu", "orders", "grpc");
  private static final Endpoint ONE =
      Endpoint.of("10.0.0.1:50051")
          .withInstance("run 1")
          .withZone("eu-1a")
          .withWeight(250)
          .withMetadata(Map.of("größe", "緑\t\n=&%+", "empty", ""));
  private static final EndpointSet LIST =
      EndpointSet.of(
          ONE,
          Endpoint.of("[fd00::7]:50051").withReady(false),
          Endpoint.of("orders-3.example:1").withDraining(true));

  @TempDir Path directory;
  private final VirtualScheduler scheduler = new VirtualScheduler();
  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  private RegistryContext context;
  private Path path;

  @BeforeEach
  void choosePlace() {
    context =
        new RegistryContext(
            scheduler,
            meters,
            new SplittableRandom(1),
            Map.of(EndpointDirectory.SNAPSHOT_VARIABLE, directory.toString()));
    path = directory.resolve("made/when/needed").resolve("orders.endpoints");
  }

  /**
   * The disk's thread may still be at a write that no test waits for, when the folder is deleted.
   */
  @AfterEach
  void letTheDiskFinish() {
    CompletableFuture.runAsync(() -> {}, EndpointSnapshotFile.SnapshotWriterThread.THREAD).join();
  }

  @Test
  void whatWasWrittenIsReadWithItsAge() {
    write(LIST);
    scheduler.advance(Duration.ofMinutes(7));

    EndpointSnapshotFile.StoredEndpoints storedEndpoints = read().orElseThrow();

    assertThat(storedEndpoints.endpoints()).isEqualTo(LIST);
    assertThat(storedEndpoints.age()).isEqualTo(Duration.ofMinutes(7));
  }

  @Test
  void aClockThatJumpedBackMakesNoNegativeAge() {
    write(LIST);
    scheduler.virtualClock().jumpWall(Duration.ofDays(-1));

    assertThat(read().orElseThrow().age()).isZero();
  }

  @Test
  void changesInARowAreWrittenOnce() {
    List<Runnable> disk = new ArrayList<>();
    EndpointSnapshotFile file = new EndpointSnapshotFile(path, context, disk::add);
    file.write(EndpointSet.of(ONE));
    file.write(LIST);
    assertThat(disk).isEmpty();

    scheduler.advance(EndpointSnapshotFile.WRITE_INTERVAL);

    assertThat(disk).hasSize(1);
    disk.get(0).run();
    assertThat(read().orElseThrow().endpoints()).isEqualTo(LIST);
  }

  @Test
  void anEmptyListDeletesTheFile() {
    write(LIST);
    write(EndpointSet.EMPTY);

    assertThat(path).doesNotExist();
    assertThat(read()).isEmpty();
    assertThat(meters.find("holdfast.snapshot.file.failures").counter()).isNull();
  }

  static Stream<byte[]> garbage() {
    byte[] good = EndpointListCodec.format(LIST, Instant.EPOCH);
    byte[] flipped = good.clone();
    flipped[good.length / 2] ^= 1;
    return Stream.of(
        new byte[0],
        "garbage".getBytes(StandardCharsets.UTF_8),
        new byte[] {0, -1, -2, -3},
        Arrays.copyOf(good, good.length / 2),
        Arrays.copyOf(good, good.length - 1),
        Arrays.copyOfRange(good, 10, good.length),
        flipped,
        crafted("holdfast-endpoints 1 yesterday\n"),
        crafted("holdfast-endpoints 1 2026-01-01T00:00:00Z\nh:1\tonly two\n"),
        crafted("holdfast-endpoints 1 2026-01-01T00:00:00Z\nh:0\t\t\t1\ttrue\tfalse\t\n"),
        crafted("holdfast-endpoints 1 2026-01-01T00:00:00Z\nh:1\t\t\tx\ttrue\tfalse\t\n"),
        crafted("holdfast-endpoints 1 2026-01-01T00:00:00Z\nh:1\t%zz\t\t1\ttrue\tfalse\t\n"),
        crafted("holdfast-endpoints 1 2026-01-01T00:00:00Z\nh:1\t\t\t1\ttrue\tfalse\tx\n"),
        new byte[EndpointSnapshotFile.MAX_BYTES + 1]);
  }

  @ParameterizedTest
  @MethodSource("garbage")
  void whatIsNotOursIsCountedAndLeftAlone(byte[] bytes) throws IOException {
    Files.createDirectories(path.getParent());
    Files.write(path, bytes);

    assertThat(read()).isEmpty();
    assertThat(failures("read")).isEqualTo(1);
    assertThat(path).exists();
  }

  @Test
  void aFullDiskKeepsTheOldFileAndIsCounted() throws IOException {
    Path full = Path.of("/dev/full");
    Assumptions.assumeTrue(Files.exists(full), "a device that is always full");
    write(EndpointSet.of(ONE));
    Path aside = path.resolveSibling("orders.endpoints.new");
    Files.createSymbolicLink(aside, full);

    EndpointSnapshotFile file =
        new EndpointSnapshotFile(path, context, Runnable::run) {
          @Override
          Path aside() {
            return aside;
          }
        };
    file.write(LIST);
    scheduler.advance(EndpointSnapshotFile.WRITE_INTERVAL);

    assertThat(failures("write")).isEqualTo(1);
    assertThat(read().orElseThrow().endpoints()).isEqualTo(EndpointSet.of(ONE));
    assertThat(Files.isSymbolicLink(aside)).as("nothing half is left").isFalse();
    scheduler.advance(EndpointSnapshotFile.WRITE_INTERVAL);
    assertThat(read().orElseThrow().endpoints()).as("tried again").isEqualTo(LIST);
  }

  @Test
  void aWriteThatFailsIsRepeatedWithALongerAndCappedDelayUntilItIsNotWanted() throws IOException {
    Path obstacle = directory.resolve("made");
    Files.writeString(obstacle, "a file stands in the way");
    EndpointSnapshotFile file = new EndpointSnapshotFile(path, context, Runnable::run);
    file.write(LIST);
    scheduler.advance(Duration.ofHours(1));
    assertThat(failures("write")).isBetween(60.0, 70.0);

    Files.delete(obstacle);
    scheduler.advance(EndpointSnapshotFile.MAX_RETRY_DELAY);
    assertThat(read().orElseThrow().endpoints()).isEqualTo(LIST);
    assertThat(scheduler.pending()).isZero();

    Files.delete(path);
    Files.delete(path.getParent());
    Files.writeString(path.getParent(), "again");
    file.write(LIST);
    scheduler.advance(Duration.ofMinutes(5));
    file.stopRetrying();
    scheduler.advance(EndpointSnapshotFile.MAX_RETRY_DELAY);
    assertThat(scheduler.pending()).isZero();
  }

  @Test
  void processesThatShareADirectoryNeverWriteIntoTheSameFileAside() throws IOException {
    EndpointSnapshotFile one = new EndpointSnapshotFile(path, context, Runnable::run);
    EndpointSnapshotFile two = new EndpointSnapshotFile(path, context, Runnable::run);
    assertThat(one.aside()).isNotEqualTo(two.aside()).isNotEqualTo(one.aside());
    assertThat(one.aside().getFileName().toString())
        .startsWith("orders.endpoints." + ProcessHandle.current().pid() + "-");

    Files.createDirectories(path.getParent());
    Path old = Files.writeString(path.resolveSibling("orders.endpoints.9-ab-1.new"), "half");
    Path young = Files.writeString(path.resolveSibling("orders.endpoints.8-ab-1.new"), "half");
    Path foreign = Files.writeString(path.resolveSibling("others.endpoints.9-ab-1.new"), "half");
    Instant now = scheduler.clock().wallTime();
    FileTime longAgo = FileTime.from(now.minus(EndpointSnapshotFile.LEFTOVER_AGE.multipliedBy(2)));
    Files.setLastModifiedTime(old, longAgo);
    Files.setLastModifiedTime(foreign, longAgo);
    Files.setLastModifiedTime(young, FileTime.from(now));

    write(LIST);

    assertThat(old).doesNotExist();
    assertThat(young).exists();
    assertThat(foreign).exists();
  }

  @Test
  void aDirectoryThatCantBeMadeIsCounted() throws IOException {
    Files.writeString(directory.resolve("made"), "a file stands in the way");

    write(LIST);

    assertThat(failures("write")).isEqualTo(1);
    assertThat(read()).isEmpty();
  }

  @Test
  void namesOfFilesAreReadableShortAndDifferent() {
    String name = EndpointSnapshotFile.fileName("etcd://h1", ORDERS);
    ServiceName longest = ServiceName.of("n".repeat(253), "s".repeat(253));

    assertThat(name).matches("prod~eu~orders~grpc-[0-9a-f]{16}\\.endpoints");
    assertThat(EndpointSnapshotFile.fileName("etcd://h2", ORDERS)).isNotEqualTo(name);
    assertThat(EndpointSnapshotFile.fileName("etcd://h1", longest).length()).isLessThan(200);
  }

  @Test
  void aProcessThatStartsInAnOutageUsesTheListOfTheOneBefore() throws IOException {
    InMemoryStore store = new InMemoryStore(scheduler, Duration.ofSeconds(5));
    store.put(ORDERS, ONE);
    EndpointDirectory before = follow(store);
    scheduler.advance(EndpointSnapshotFile.WRITE_INTERVAL.plusSeconds(1));
    assertThat(before.current(ORDERS)).contains(EndpointSet.of(ONE));
    Awaitility.await().until(() -> files().anyMatch(f -> f.toString().endsWith(".endpoints")));
    before.close();
    store.stop();

    EndpointDirectory after = follow(store);

    Awaitility.await()
        .untilAsserted(
            () -> {
              scheduler.runUntilIdle();
              assertThat(after.current(ORDERS)).contains(EndpointSet.of(ONE));
            });
    assertThat(after.state(ORDERS)).isEqualTo(EndpointListState.STALE);
    store.start();
    scheduler.advance(Duration.ofSeconds(1));
    assertThat(after.state(ORDERS)).isEqualTo(EndpointListState.FOLLOWING);
  }

  @ParameterizedTest
  @ValueSource(longs = {1, -1})
  void aWallClockThatJumpsADayChangesTheAgeOfNoListInMemory(long days) {
    InMemoryStore store = new InMemoryStore(scheduler, Duration.ofSeconds(5));
    store.put(ORDERS, ONE);
    EndpointDirectory followed = follow(store);
    store.stop();
    scheduler.advance(Duration.ofMinutes(3));
    Duration before = followed.age(ORDERS).orElseThrow();

    scheduler.virtualClock().jumpWall(Duration.ofDays(days));
    scheduler.advance(Duration.ofSeconds(1));

    assertThat(followed.age(ORDERS)).contains(before.plusSeconds(1));
    assertThat(meters.get("holdfast.endpoints.age").gauge().value()).isBetween(180.0, 190.0);
    assertThat(followed.current(ORDERS)).contains(EndpointSet.of(ONE));
  }

  @ParameterizedTest
  @CsvSource({"1, 86400", "-1, 0"})
  void aListOnDiskIsADayOldAfterAJumpForwardAndNewAfterOneBack(long days, long seconds) {
    InMemoryStore store = new InMemoryStore(scheduler, Duration.ofSeconds(5));
    store.put(ORDERS, ONE);
    EndpointDirectory before = follow(store);
    scheduler.advance(EndpointSnapshotFile.WRITE_INTERVAL);
    Awaitility.await().until(() -> files().anyMatch(f -> f.toString().endsWith(".endpoints")));
    before.close();
    store.stop();

    scheduler.virtualClock().jumpWall(Duration.ofDays(days));
    EndpointDirectory after = follow(store);

    Awaitility.await()
        .untilAsserted(
            () -> {
              scheduler.runUntilIdle();
              assertThat(after.current(ORDERS)).contains(EndpointSet.of(ONE));
            });
    assertThat(after.age(ORDERS).orElseThrow())
        .isBetween(Duration.ofSeconds(seconds), Duration.ofSeconds(seconds + 30));
    assertThat(meters.get("holdfast.endpoints.age").gauge().value())
        .isBetween((double) seconds, seconds + 30.0);
    store.start();
    scheduler.advance(Duration.ofSeconds(1));
    assertThat(after.age(ORDERS).orElseThrow()).isLessThan(Duration.ofSeconds(5));
  }

  private EndpointDirectory follow(InMemoryStore store) {
    InMemoryRegistry registry = store.connect(context);
    EndpointDirectory followed =
        EndpointDirectory.over(
            registry, context, LastKnownGoodOptions.forTtl(Duration.ofSeconds(5)));
    followed.subscribe(ORDERS, endpoints -> {});
    scheduler.runUntilIdle();
    return followed;
  }

  private Stream<Path> files() throws IOException {
    try (Stream<Path> children = Files.list(directory)) {
      return children.toList().stream();
    }
  }

  private void write(EndpointSet list) {
    new EndpointSnapshotFile(path, context, Runnable::run).write(list);
    scheduler.advance(EndpointSnapshotFile.WRITE_INTERVAL);
  }

  private Optional<EndpointSnapshotFile.StoredEndpoints> read() {
    return new EndpointSnapshotFile(path, context, Runnable::run)
        .read()
        .toCompletableFuture()
        .join();
  }

  private double failures(String operation) {
    return meters
        .get("holdfast.snapshot.file.failures")
        .tag("operation", operation)
        .counter()
        .count();
  }

  private static byte[] crafted(String body) {
    CRC32 crc = new CRC32();
    crc.update(body.getBytes(StandardCharsets.UTF_8));
    return (body + "crc32 " + Long.toHexString(crc.getValue()) + "\n")
        .getBytes(StandardCharsets.UTF_8);
  }
}
