package dev.holdfast.registry.etcd.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.holdfast.core.local.FreePort;
import dev.holdfast.lab.process.RecordedJvm;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Iterator;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

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

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void itNeverOutlivesAJvmThatIsKilled(boolean paused) throws Exception {
    String[] arguments =
        paused ? new String[] {folder.toString(), "paused"} : new String[] {folder.toString()};
    try (RecordedJvm starter = RecordedJvm.start(EtcdStartingProgram.class, arguments)) {
      await().atMost(Duration.ofSeconds(40)).until(() -> starter.countOf("port ") == 1);
      int port = Integer.parseInt(lastWord(starter));
      assertThat(accepts(port)).isTrue();

      starter.kill();

      await().atMost(Duration.ofSeconds(60)).until(() -> !accepts(port));
    }
  }

  @Test
  void otherPortsAreTriedWhenSomebodyTookOne() throws IOException {
    try (ServerSocket taken = FreePort.bind()) {
      EtcdProcess.Ports free = EtcdProcess.Ports.free();
      Iterator<EtcdProcess.Ports> choices =
          List.of(
                  new EtcdProcess.Ports(free.client(), taken.getLocalPort(), free.metrics()),
                  EtcdProcess.Ports.free())
              .iterator();
      try (EtcdProcess etcd = EtcdProcess.start(folder, List.of(), choices::next)) {
        assertThat(etcd.isHealthy()).isTrue();
        assertThat(choices.hasNext()).isFalse();
      }
    }
  }

  private static String lastWord(RecordedJvm starter) {
    String line =
        starter.lines().stream().filter(l -> l.startsWith("port ")).findFirst().orElseThrow();
    return line.substring("port ".length());
  }

  private static boolean accepts(int port) {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
      return socket.isConnected();
    } catch (IOException e) {
      return false;
    }
  }
}
