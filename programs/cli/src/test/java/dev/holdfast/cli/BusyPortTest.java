package dev.holdfast.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.SocketTimeoutException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Servers whose port is taken say so before they wait for a registry, which here never answers. */
class BusyPortTest {
  @TempDir Path folder;
  private ServerSocket registry;
  private ServerSocket taken;

  @BeforeEach
  void open() throws IOException {
    registry = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    taken = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
  }

  @AfterEach
  void close() throws IOException {
    registry.close();
    taken.close();
  }

  @ParameterizedTest
  @CsvSource({
    "gateway, listen, --listen BUSY --admin none",
    "gateway, admin, --listen 0 --admin BUSY",
    "control, listen, --listen BUSY --admin 0",
    "control, admin, --listen 0 --admin BUSY",
    "console, listen, --listen BUSY"
  })
  void theSettingIsNamedAndNobodyIsAskedBefore(String command, String setting, String options)
      throws IOException {
    String words =
        command
            + " --registry etcd://127.0.0.1:"
            + registry.getLocalPort()
            + "/prod "
            + options.replace("BUSY", Integer.toString(taken.getLocalPort()));
    assertRefused(setting, words.split(" "));
  }

  @Test
  void theListenerOfAFileIsNamedByItsPlace() throws IOException {
    Path file =
        Files.writeString(
            folder.resolve("gateway.yaml"),
            "registry: etcd://127.0.0.1:%d/prod\nlisteners: [{address: \"127.0.0.1:%d\"}]\n"
                .formatted(registry.getLocalPort(), taken.getLocalPort()));
    assertRefused("listeners[0].address", "gateway", "--config", file.toString());
  }

  private void assertRefused(String setting, String... words) throws IOException {
    CommandRun run = CommandRun.of(words);
    assertThat(run.code()).isEqualTo(ExitCode.FAILED);
    assertThat(run.err())
        .startsWith(
            "holdfast: %s: 127.0.0.1:%d: address already in use (expected: "
                .formatted(setting, taken.getLocalPort()));
    registry.setSoTimeout(1);
    assertThatThrownBy(registry::accept)
        .as("nobody has connected to the registry")
        .isInstanceOf(SocketTimeoutException.class);
  }
}
