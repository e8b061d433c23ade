package dev.holdfast.testrunner;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The load of the cores, of times that the test writes and of this machine's. */
class CpuLoadTest {
  @TempDir private Path folder;

  @Test
  void loadIsThatSinceTheLastLook() throws IOException {
    Path stat = folder.resolve("stat");
    CpuLoad load = new CpuLoad(stat);
    Files.writeString(stat, "cpu  1000 0 500 9000 0 0 0 0 0 0\ncpu0 1 2 3 4\n");
    assertThat(load.getAsDouble()).as("nothing before").isNaN();

    // Used: 20 user, 5 system, 3 softirq, 2 taken by the host. Idle: 60, and 10 for the disk.
    Files.writeString(stat, "cpu  1020 0 505 9060 10 0 3 2 999 0\n");
    assertThat(load.getAsDouble()).isEqualTo(0.3);

    Files.writeString(stat, "cpu  1020 0 505 9160 10 0 3 2 999 0\n");
    assertThat(load.getAsDouble()).isZero();
  }

  @Test
  void loadIsNotKnownWithoutTheFile() {
    assertThat(new CpuLoad(folder.resolve("none")).getAsDouble()).isNaN();
  }

  @Test
  void thisMachineTellsItsLoad() {
    CpuLoad load = new CpuLoad();
    assertThat(load.getAsDouble()).isNaN();
    double second = load.getAsDouble();
    while (Double.isNaN(second)) {
      // No tick of the kernel's clock since.
      Thread.onSpinWait();
      second = load.getAsDouble();
    }
    assertThat(second).isBetween(0.0, 1.0);
  }
}
