package dev.holdfast.core.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** With a shell for a server; what real ones do is tested where they live. */
class LocalServerTest {
  @TempDir Path folder;

  @Test
  void oneThatDoesNotRunCanNotBePaused() throws IOException {
    try (Shell server = new Shell("exec sleep 60")) {
      assertThatIllegalStateException().isThrownBy(server::pause);
      server.launch();
      server.pause();
      server.resume();
      server.kill();
      assertThatIllegalStateException().isThrownBy(server::pause);
    }
  }

  @Test
  void oneThatRunsIsNotWiped() throws IOException {
    try (Shell server = new Shell("exec sleep 60")) {
      Files.createDirectories(server.dataFolder().resolve("deep"));
      server.launch();
      assertThatIllegalStateException()
          .isThrownBy(server::wipe)
          .withMessage("shell is running (expected: stopped)");
      server.kill();
      server.wipe();
      assertThat(server.dataFolder()).doesNotExist();
    }
  }

  @Test
  void whatItLoggedLastIsToldWhenItEndsAtOnce() throws IOException {
    try (Shell server = new Shell("echo no disk; exit 1")) {
      server.launch();
      assertThatIOException()
          .isThrownBy(server::awaitServing)
          .withMessage("shell ended at once:\nno disk");
    }
  }

  @Test
  void itIsStartedAgainOnOtherPortsOnlyWhenOneWasTaken() throws IOException {
    List<String> scripts = List.of("echo bind: Address already in use", "echo no disk", "never");
    int[] made = {0};
    assertThatIOException()
        .isThrownBy(() -> LocalServer.startOnFreePorts(() -> new Shell(scripts.get(made[0]++))))
        .withMessageEndingWith("no disk");
    assertThat(made[0]).isEqualTo(2);
  }

  @Test
  void whatIsNotInstalledIsNamedWithItsPackage() {
    LocalServer.ServerExecutable missing =
        new LocalServer.ServerExecutable("no-such-program", "a-package", "none");
    assertThat(missing.isInstalled()).isFalse();
    assertThatIOException()
        .isThrownBy(new Shell(missing, "")::launch)
        .withMessage(
            "no-such-program: not found on the PATH"
                + " (expected: installed, as by: apt-get install a-package)");
  }

  /** Never serves. */
  private final class Shell extends LocalServer {
    private final String script;

    Shell(String script) {
      this(new ServerExecutable("sh", "dash", "shell"), script);
    }

    Shell(ServerExecutable serverExecutable, String script) {
      super(serverExecutable, "shell", folder);
      this.script = script;
    }

    @Override
    protected List<String> command() {
      return List.of("sh", "-c", script);
    }

    @Override
    protected boolean serves() {
      return false;
    }
  }
}
