package dev.holdfast.registry.etcd.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Isolated;

/** Alone in its JVM for that time, since it counts the shells among the children of that. */
@Isolated
class ParentExitWatchdogTest {
  @TempDir Path folder;

  @Test
  void itsGuardGoesWithIt() throws IOException {
    // Those of the tests before it go when they notice.
    await().until(() -> shells() == 0);
    try (EtcdProcess etcd = EtcdProcess.start(folder)) {
      assertThat(shells()).isEqualTo(1);
      etcd.stop();
      await().until(() -> shells() == 0);
      etcd.start();
      assertThat(shells()).isEqualTo(1);
    }
    await().until(() -> shells() == 0);
  }

  private static long shells() {
    return ProcessHandle.current()
        .children()
        .filter(ProcessHandle::isAlive)
        .filter(child -> child.info().command().orElse("").endsWith("sh"))
        .count();
  }
}
