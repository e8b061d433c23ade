package dev.holdfast.registry.file;

import static dev.holdfast.registry.file.FileRegistryFixture.soon;
import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.core.RegistryException;
import dev.holdfast.core.RegistryException.RegistryErrorKind;
import dev.holdfast.core.SystemScheduler;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What waits while the file system hangs. */
class FileIoTest {
  private final SystemScheduler scheduler = SystemScheduler.create("file-io-test");
  private final FileIo io = new FileIo(scheduler);
  private final CountDownLatch hang = new CountDownLatch(1);
  private final AtomicInteger done = new AtomicInteger();
  private final List<RegistryException> failures = new CopyOnWriteArrayList<>();

  @AfterEach
  void close() {
    hang.countDown();
    io.close();
    scheduler.execute(scheduler::close);
  }

  @Test
  void workIsRefusedWithAClearErrorWhenTooMuchWaitsForAFileSystemThatHangs() throws Exception {
    hangTheFileSystem();
    for (int i = 0; i < FileIo.MAX_WAITING; i++) {
      assertThat(ask("write x")).isTrue();
    }

    assertThat(ask("write y")).isFalse();

    soon().until(() -> failures.stream().anyMatch(f -> f.toString().contains("write y")));
    assertThat(failures)
        .filteredOn(f -> f.toString().contains("write y"))
        .singleElement()
        .satisfies(f -> assertThat(f.kind()).isEqualTo(RegistryErrorKind.UNAVAILABLE))
        .extracting(RegistryException::getMessage)
        .isEqualTo(
            "write y: the file system does not answer; 65536 operations wait for it already"
                + " (expected: fewer)");
    AtomicBoolean cleaned = new AtomicBoolean();
    io.run("stop listening", () -> cleaned.set(true));
    hang.countDown();
    soon().until(cleaned::get);
    assertThat(done).hasValue(FileIo.MAX_WAITING);
    assertThat(ask("write z")).isTrue();
    soon().until(() -> done.get() == FileIo.MAX_WAITING + 1);
  }

  private void hangTheFileSystem() throws InterruptedException {
    CountDownLatch begun = new CountDownLatch(1);
    io.run(
        "hang",
        () -> {
          begun.countDown();
          try {
            hang.await();
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
        });
    assertThat(begun.await(60, TimeUnit.SECONDS)).isTrue();
  }

  private boolean ask(String what) {
    return io.submit(what, done::incrementAndGet, result -> {}, failures::add);
  }
}
