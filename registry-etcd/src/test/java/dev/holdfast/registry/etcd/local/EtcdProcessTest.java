package dev.holdfast.registry.etcd.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EtcdProcessTest {
  @TempDir Path folder;

  @Test
  void theProcessIdIsThatOfTheServerThatRunsNow() throws IOException {
    try (EtcdProcess etcd = EtcdProcess.start(folder)) {
      long first = etcd.pid();
      assertThat(ProcessHandle.of(first)).isPresent();
      etcd.kill();
      etcd.start();
      assertThat(etcd.pid()).isNotEqualTo(first);
      assertThat(ProcessHandle.of(etcd.pid())).isPresent();
    }
  }

  @Test
  void thereIsNoProcessIdBeforeTheFirstStart() {
    EtcdProcess etcd = new EtcdProcess("a", folder, EtcdProcess.Ports.free(), List.of());
    assertThatThrownBy(etcd::pid).isInstanceOf(IllegalStateException.class);
  }
}
