package dev.holdfast.cli.demo;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EffectLogTest {
  @TempDir private Path folder;

  @Test
  void addsUpWhatAllServersDidForADevice() throws IOException {
    try (EffectLog one = new EffectLog(folder.resolve("a" + EffectLog.SUFFIX));
        EffectLog other = new EffectLog(folder.resolve("b" + EffectLog.SUFFIX))) {
      one.append("d1", 1);
      one.append("d1", 2);
      other.append("d1", 2);
      other.append("d2", 7);
    }

    assertThat(EffectLog.read(folder))
        .containsEntry("d1", new EffectLog.Effects(2, 1))
        .containsEntry("d2", new EffectLog.Effects(1, 0))
        .hasSize(2);
  }

  @Test
  void lineThatAKillCutOffDoesNotCount() throws IOException {
    Path log = folder.resolve("a" + EffectLog.SUFFIX);
    try (EffectLog effects = new EffectLog(log)) {
      effects.append("d1", 1);
    }
    Files.writeString(log, "d1 2", StandardOpenOption.APPEND);

    assertThat(EffectLog.read(folder)).containsEntry("d1", new EffectLog.Effects(1, 0));
  }
}
