package dev.holdfast.registry.file;

import static dev.holdfast.registry.file.FileRegistryFixture.soon;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.holdfast.core.Endpoint;
import dev.holdfast.core.Registry;
import dev.holdfast.core.testkit.RecordedWatch;
import dev.holdfast.lab.process.RecordedJvm;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Records live as long as their owners, whatever happens to processes, numbers and clocks. */
class OwnerLivenessTest {
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
  void theRecordOfAKilledProcessGoesLongBeforeItsTimeToLive() throws Exception {
    RecordedWatch watch = fixture.watch(fixture.open("?ttl=1h"));
    try (RecordedJvm child = child("?ttl=1h", ADDRESS)) {
      fixture.awaitAddresses(watch, ADDRESS);
      child.kill();

      fixture.awaitAddresses(watch);
      soon().until(() -> !Files.exists(fixture.file("127.0.0.1_50051.json")));
      assertThat(fixture.strayFiles()).isEmpty();
    }
  }

  @Test
  void aReaderThatComesLaterNeverSeesTheRecordOfAKilledProcess() throws Exception {
    try (RecordedJvm child = child()) {
      soon().until(() -> child.countOf("published") > 0);
      child.kill();
      soon().until(() -> !ProcessHandle.of(child.pid()).map(ProcessHandle::isAlive).orElse(false));
    }
    assertThat(fixture.read(fixture.open("")).endpoints().isEmpty()).isTrue();
  }

  @Test
  void theRecordOfAStoppedProcessStays() throws Exception {
    RecordedWatch watch = fixture.watch(fixture.open("?ttl=1s&poll=50ms"));
    try (RecordedJvm child = child()) {
      fixture.awaitAddresses(watch, ADDRESS);
      child.pause();
      await().pollDelay(Duration.ofSeconds(3)).until(() -> true);

      assertThat(FileRegistryFixture.addresses(watch)).containsExactly(ADDRESS);
      assertThat(fixture.file("127.0.0.1_50051.json")).exists();
      child.resume();
    }
  }

  @Test
  void aProcessThatGotTheNumberOfADeadOwnerDoesNotKeepItsRecord() throws Exception {
    try (RecordedJvm other = child("127.0.0.1:50099")) {
      soon().until(() -> other.countOf("published") > 0);
      RecordOwner self = LocalProcesses.system().self(Duration.ofHours(1));
      long otherStart = startOf("127.0.0.1_50099.json");
      plant(
          "127.0.0.1_50051.json",
          new RecordOwner(
              other.pid(), otherStart - 1, self.bootId(), self.namespaceIds(), 3_600_000));
      RecordedWatch watch = fixture.watch(fixture.open(""));

      fixture.awaitAddresses(watch, "127.0.0.1:50099");
      assertThat(fixture.file("127.0.0.1_50051.json")).doesNotExist();
    }
  }

  @Test
  void theRecordOfALiveOwnerSurvivesAClockThatJumpsADay() throws Exception {
    Registry registry = fixture.open("?ttl=1s&poll=50ms");
    RecordedWatch watch = fixture.watch(fixture.open("?ttl=1s&poll=50ms"));
    FileRegistryFixture.Announced announced =
        fixture.announce(registry, Endpoint.of(ADDRESS).withInstance("a"));
    Path file = fixture.file("127.0.0.1_50051.json");
    for (Duration jump : List.of(Duration.ofDays(-1), Duration.ofDays(1))) {
      Files.setLastModifiedTime(file, FileTime.from(Instant.now().plus(jump)));
      await().pollDelay(Duration.ofMillis(600)).until(() -> true);
    }
    assertThat(FileRegistryFixture.addresses(watch)).containsExactly(ADDRESS);
    assertThat(announced.record().end()).isEmpty();
  }

  @Test
  void anOwnerElsewhereLivesByItsHeartbeatWhateverItsClockSays() throws Exception {
    // Beats come five times as often as they must, for a machine that is busy.
    plant("127.0.0.1_50051.json", new RecordOwner(1, 1, "another-boot", "pid:[1]", 2_000));
    Path file = fixture.file("127.0.0.1_50051.json");
    RecordedWatch watch = fixture.watch(fixture.open("?poll=50ms"));
    fixture.awaitAddresses(watch, ADDRESS);

    // Its clock is years off, and even goes backwards: a change is a change.
    for (int beat = 0; beat < 8; beat++) { // 3.2 s in all
      Files.setLastModifiedTime(file, FileTime.from(Instant.EPOCH.plusSeconds(1_000 - beat)));
      await().pollDelay(Duration.ofMillis(400)).until(() -> true);
      assertThat(FileRegistryFixture.addresses(watch)).containsExactly(ADDRESS);
    }
    long silentNanos = System.nanoTime();
    fixture.awaitAddresses(watch);
    assertThat(Duration.ofNanos(System.nanoTime() - silentNanos))
        .isBetween(Duration.ofSeconds(1), Duration.ofSeconds(12));
    assertThat(file).doesNotExist();
  }

  @Test
  void anOwnerInAnotherContainerIsNotLookedUpInOurProcessTable() {
    LocalProcesses processes = LocalProcesses.system();
    RecordOwner self = processes.self(Duration.ofSeconds(10));
    RecordOwner elsewhere =
        new RecordOwner(4_000_000, self.started(), self.bootId(), "pid:[1] time:[1]", 10_000);

    assertThat(processes.stateOf(elsewhere)).isEqualTo(LocalProcesses.ProcessState.UNKNOWN);
    assertThat(processes.stateOf(self)).isEqualTo(LocalProcesses.ProcessState.ALIVE);
  }

  @Test
  void aZombieIsDeadEvenThoughItsNumberIsTaken() throws Exception {
    // The shell keeps its killed child unreaped: it does not wait for it.
    Process shell = new ProcessBuilder("sh", "-c", "sleep 60 & echo $!; exec sleep 60").start();
    try {
      long pid = Long.parseLong(shell.inputReader().readLine().strip());
      Path stat = Path.of("/proc/" + pid + "/stat");
      String[] fields = Files.readString(stat).strip().split(" ", -1);
      RecordOwner self = LocalProcesses.system().self(Duration.ofSeconds(10));
      RecordOwner recordOwner =
          new RecordOwner(
              pid, Long.parseLong(fields[21]), self.bootId(), self.namespaceIds(), 10_000);
      assertThat(LocalProcesses.system().stateOf(recordOwner))
          .isEqualTo(LocalProcesses.ProcessState.ALIVE);
      new ProcessBuilder("kill", "-KILL", Long.toString(pid)).start().waitFor();

      soon().until(() -> Files.readString(stat).contains(") Z "));
      assertThat(LocalProcesses.system().stateOf(recordOwner))
          .isEqualTo(LocalProcesses.ProcessState.DEAD);
    } finally {
      shell.destroyForcibly();
    }
  }

  @Test
  void aProcessTableThatHidesProcessesGivesNoVerdict() throws Exception {
    Path proc = Files.createDirectories(scratch.resolve("proc"));
    Files.createDirectories(proc.resolve("self/ns"));
    Files.createDirectories(proc.resolve("sys/kernel/random"));
    Files.copy(Path.of("/proc/self/stat"), proc.resolve("self/stat"));
    Files.writeString(proc.resolve("sys/kernel/random/boot_id"), "boot\n");
    Files.createSymbolicLink(proc.resolve("self/ns/pid"), Path.of("pid:[7]"));
    RecordOwner gone = new RecordOwner(4_000_000, 5, "boot", "pid:[7]", 10_000);

    Files.writeString(proc.resolve("self/mounts"), "proc /proc proc rw,nosuid 0 0\n");
    assertThat(new LocalProcesses(proc).stateOf(gone)).isEqualTo(LocalProcesses.ProcessState.DEAD);
    Files.writeString(proc.resolve("self/mounts"), "proc /proc proc rw,hidepid=2,gid=4 0 0\n");
    assertThat(new LocalProcesses(proc).stateOf(gone))
        .isEqualTo(LocalProcesses.ProcessState.UNKNOWN);
    Files.writeString(proc.resolve("self/mounts"), "proc /proc proc rw,hidepid=0 0 0\n");
    assertThat(new LocalProcesses(proc).stateOf(gone)).isEqualTo(LocalProcesses.ProcessState.DEAD);
  }

  @Test
  void aRecordWithoutLeaseOutlivesItsWriter() throws Exception {
    Registry writer = fixture.open("?lease=none");
    FileRegistryFixture.Announced announced =
        fixture.announce(writer, Endpoint.of(ADDRESS).withInstance("static"));
    writer.close();

    Registry reader = fixture.open("");
    assertThat(fixture.read(reader).endpoints().size()).isEqualTo(1);
    assertThat(announced.record().end()).isEmpty();
  }

  @Test
  void aRecordWithoutLeaseGoesWhenItIsWithdrawn() throws Exception {
    Registry writer = fixture.open("?lease=none");
    FileRegistryFixture.Announced announced = fixture.announce(writer, Endpoint.of(ADDRESS));
    announced.announcement().withdraw().toCompletableFuture().get();

    assertThat(fixture.file("127.0.0.1_50051.json")).doesNotExist();
  }

  private RecordedJvm child() throws IOException {
    return child(ADDRESS);
  }

  private RecordedJvm child(String address) throws IOException {
    return child("", address);
  }

  private RecordedJvm child(String settings, String address) throws IOException {
    return RecordedJvm.start(
        AnnouncingProgram.class, fixture.uri(settings), fixture.orders().toString(), address);
  }

  private long startOf(String name) throws Exception {
    RecordOwner recordOwner = RecordJson.read(Files.readAllBytes(fixture.file(name))).owner();
    return Objects.requireNonNull(recordOwner).started();
  }

  private void plant(String name, RecordOwner recordOwner) throws IOException {
    FileRecord record = new FileRecord(Endpoint.of(ADDRESS).withInstance("x"), 1, recordOwner);
    Files.write(fixture.file(name), RecordJson.write(record, Instant.EPOCH));
  }
}
