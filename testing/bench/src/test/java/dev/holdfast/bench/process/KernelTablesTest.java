package dev.holdfast.bench.process;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.NoSuchFileException;
import org.assertj.core.api.Assertions;
import org.junit.jupiter.api.Test;

class KernelTablesTest {
  private static final String TCP =
      """
        sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
         0: 0100007F:1F90 0100007F:C3D2 06 00000000:00000000 03:000016F8 00000000     0        0 0 3 0000000000000000
         1: 0100007F:C3D4 0100007F:1F90 06 00000000:00000000 03:000016F8 00000000     0        0 0 3 0000000000000000
         2: 0100007F:C3D6 0100007F:1F90 01 00000000:00000000 00:00000000 00000000     0        0 7 1 0000000000000000
         3: 0100007F:1F91 0100007F:C3D8 06 00000000:00000000 03:000016F8 00000000     0        0 0 3 0000000000000000
      """;

  @Test
  void countsTimeWaitOfOnePortAtEitherEnd() {
    assertThat(KernelTables.timeWait(TCP, 8080)).isEqualTo(2);
    assertThat(KernelTables.timeWait(TCP, 8081)).isEqualTo(1);
    assertThat(KernelTables.timeWait(TCP, 8082)).isZero();
  }

  @Test
  void addsUserAndSystemTimeWhateverTheNameOfTheProgram() {
    String stat = "42 (a) b (c) S 1 2 3 4 5 6 7 8 9 10 150 25 1000 1000 20 0 1 0";

    assertThat(KernelTables.cpuMicros(stat)).isEqualTo(1_750_000);
  }

  @Test
  void readsTheTimeOfAThreadFromItsStatistics() {
    assertThat(KernelTables.schedulerMicros("1234567 89 10\n")).isEqualTo(1_234.567);
  }

  @Test
  void readsTheRealTables() throws IOException {
    assertThat(KernelTables.schedulerMicros(ProcessHandle.current().pid())).isPositive();
    assertThat(KernelTables.cpuMicros(ProcessHandle.current().pid())).isPositive();
    assertThat(KernelTables.timeWait(1)).isZero();
    Assertions.assertThatThrownBy(() -> KernelTables.cpuMicros(Integer.MAX_VALUE))
        .isInstanceOf(NoSuchFileException.class);
  }
}
