package dev.holdfast.gateway.admin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AdminTokenTest {
  private static final String TOKEN = "a-token-of-this-test";

  @TempDir private Path directory;

  @Test
  void withoutATokenThereAreNoActionsAndNoOtherMachines() {
    AdminToken none = new AdminToken(true, Optional.empty());
    assertThat(none.refusal(false, "")).isEmpty();
    assertThat(none.refusal(true, "Bearer " + TOKEN))
        .hasValueSatisfying(refusal -> assertThat(refusal.status().code()).isEqualTo(403));
    assertThatThrownBy(() -> new AdminToken(false, Optional.empty()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("beyond loopback without a token");
  }

  @Test
  void beyondLoopbackReadingNeedsItToo() throws IOException {
    Path file = Files.writeString(directory.resolve("token"), TOKEN + "\n");
    AdminToken token = new AdminToken(false, Optional.of(file));
    for (boolean action : new boolean[] {false, true}) {
      assertThat(token.refusal(action, "Bearer " + TOKEN)).isEmpty();
      for (String wrong : new String[] {"", "Bearer ", TOKEN, "Bearer " + TOKEN + "x"}) {
        assertThat(token.refusal(action, wrong))
            .as(wrong)
            .hasValueSatisfying(refusal -> assertThat(refusal.status().code()).isEqualTo(401));
      }
    }
    Files.writeString(file, "");
    assertThat(token.refusal(false, "Bearer ")).isPresent();
  }
}
