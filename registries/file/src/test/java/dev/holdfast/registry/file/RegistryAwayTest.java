package dev.holdfast.registry.file;

import static dev.holdfast.registry.file.FileRegistryFixture.soon;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.holdfast.core.Endpoint;
import dev.holdfast.core.Registry;
import dev.holdfast.core.RegistryException;
import dev.holdfast.core.RegistryException.RegistryErrorKind;
import dev.holdfast.core.ServiceName;
import dev.holdfast.core.testkit.RecordedAnnouncement;
import dev.holdfast.core.testkit.RecordedWatch;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The directory is moved away, deleted, or not to be written. */
class RegistryAwayTest {
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
  void aDirectoryThatIsMovedAwayAndBackFailsTheWatchAndThenShowsEverything() throws Exception {
    Registry registry = fixture.open("?poll=50ms");
    FileRegistryFixture.Announced announced =
        fixture.announce(registry, Endpoint.of(ADDRESS).withInstance("a"));
    RecordedWatch watch = fixture.watch(fixture.open("?poll=50ms"));
    fixture.awaitAddresses(watch, ADDRESS);
    Path away = scratch.resolve("away");

    Files.move(fixture.namespace(), away);
    soon().until(() -> watch.failures().size() == 1);
    assertThat(watch.failures().get(0).kind()).isEqualTo(RegistryErrorKind.UNAVAILABLE);
    assertThat(watch.failures().get(0))
        .hasMessage(
            "registry directory %s is missing (expected: a directory)", fixture.namespace());
    int snapshots = watch.snapshots().size();
    Files.move(away, fixture.namespace());

    soon().until(() -> watch.snapshots().size() == snapshots + 1);
    assertThat(watch.snapshots().get(snapshots)).isEqualTo(watch.snapshots().get(snapshots - 1));
    assertThat(announced.record().end()).isEmpty();
    // It goes on listening to the right directory: a change arrives.
    fixture.announce(registry, Endpoint.of("127.0.0.1:50052").withInstance("b"));
    fixture.awaitAddresses(watch, ADDRESS, "127.0.0.1:50052");
  }

  @Test
  void nobodyMakesADirectoryThatIsOnlyAway() throws Exception {
    Registry registry = fixture.open("?poll=50ms");
    fixture.announce(registry, Endpoint.of(ADDRESS).withInstance("a"));
    Path away = scratch.resolve("away");
    Files.move(fixture.namespace(), away);

    RecordedAnnouncement second = new RecordedAnnouncement(fixture.scheduler());
    var unused = registry.announce(fixture.orders(), Endpoint.of("127.0.0.1:50052"), second);
    soon().until(() -> second.end().isPresent());

    assertThat(second.end().orElseThrow().kind()).isEqualTo(RegistryErrorKind.UNAVAILABLE);
    assertThat(fixture.namespace()).doesNotExist();
    Files.move(away, fixture.namespace());
  }

  @Test
  void aDeletedDirectoryIsMadeAgainOnceItWasMissingForThreeTimesTheTtl() throws Exception {
    Registry registry = fixture.open("?poll=50ms&ttl=1s");
    FileRegistryFixture.Announced announced =
        fixture.announce(registry, Endpoint.of(ADDRESS).withInstance("a"));
    RecordedWatch watch = fixture.watch(fixture.open("?poll=50ms&ttl=1s"));
    fixture.awaitAddresses(watch, ADDRESS);
    long epoch = fixture.read(registry).epoch();
    delete(fixture.namespace());

    soon().until(() -> announced.record().end().isPresent());
    assertThat(announced.record().end().orElseThrow().kind())
        .isEqualTo(RegistryErrorKind.UNAVAILABLE);
    fixture.announce(registry, Endpoint.of(ADDRESS).withInstance("a"));

    soon().until(() -> watch.snapshots().size() >= 2);
    fixture.awaitAddresses(watch, ADDRESS);
    assertThat(fixture.read(registry).epoch()).isGreaterThan(epoch);
  }

  @Test
  void aDeletedServiceDirectoryEndsTheAnnouncementAndIsAnotherEpoch() throws Exception {
    Registry registry = fixture.open("?poll=50ms");
    FileRegistryFixture.Announced announced =
        fixture.announce(registry, Endpoint.of(ADDRESS).withInstance("a"));
    RecordedWatch watch = fixture.watch(registry);
    fixture.awaitAddresses(watch, ADDRESS);
    delete(fixture.directory());

    soon().until(() -> announced.record().end().isPresent());
    assertThat(announced.record().end().orElseThrow().kind())
        .isEqualTo(RegistryErrorKind.RECORD_DELETED);
    fixture.announce(registry, Endpoint.of(ADDRESS).withInstance("a"));
    long epoch = watch.snapshots().get(0).epoch();
    soon().until(() -> watch.snapshots().get(watch.snapshots().size() - 1).epoch() > epoch);
    fixture.awaitAddresses(watch, ADDRESS);
  }

  @Test
  void aDeletedRecordEndsTheAnnouncement() throws Exception {
    Registry registry = fixture.open("?poll=50ms");
    FileRegistryFixture.Announced announced =
        fixture.announce(registry, Endpoint.of(ADDRESS).withInstance("a"));
    Files.delete(fixture.file("127.0.0.1_50051.json"));

    soon().until(() -> announced.record().end().isPresent());
    assertThat(announced.record().end().orElseThrow().kind())
        .isEqualTo(RegistryErrorKind.RECORD_DELETED);
  }

  @Test
  void aRegistryWhoseParentIsMissingIsNotTakenForEmpty() {
    Registry registry = fixture.open("");

    assertThatThrownBy(
            () ->
                registry
                    .read(ServiceName.parse(scratch.toString().substring(1) + "/tpyo/prod/orders"))
                    .toCompletableFuture()
                    .get())
        .hasCauseInstanceOf(RegistryException.class)
        .hasMessageContaining("/tpyo/prod is missing (expected: a directory)");
  }

  @Test
  void aFileWhereADirectoryShouldBeIsNamedInTheError() throws Exception {
    Files.writeString(fixture.directory(), "not a directory");
    Registry registry = fixture.open("");
    RecordedAnnouncement record = new RecordedAnnouncement(fixture.scheduler());
    var unused = registry.announce(fixture.orders(), Endpoint.of(ADDRESS), record);

    soon().until(() -> record.end().isPresent());
    assertThat(record.end().orElseThrow()).hasMessageContaining(fixture.directory().toString());
    RecordedWatch watch = fixture.watch(registry);
    soon().until(() -> !watch.failures().isEmpty());
  }

  @Test
  void aDirectoryWithoutThePermissionToWriteIsPermissionDenied() throws Exception {
    IOException denied = new AccessDeniedException("/x/orders");

    assertThat(FileFailure.of("write", Path.of("/x/orders"), denied))
        .hasMessage("can't write /x/orders: permission denied")
        .extracting(RegistryException::kind)
        .isEqualTo(RegistryErrorKind.PERMISSION_DENIED);
  }

  /** In one step, as file after file would show a poll in between a directory without records. */
  private void delete(Path directory) throws IOException {
    Files.move(directory, scratch.resolve("deleted"));
  }
}
