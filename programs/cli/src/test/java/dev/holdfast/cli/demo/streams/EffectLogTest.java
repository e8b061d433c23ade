package dev.holdfast.cli.demo.streams;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.streams.grpc.StreamPosition;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EffectLogTest {
  @TempDir private Path folder;

  @Test
  void addsUpWhatAllServersDidForADevice() throws IOException {
    try (EffectLog one = new EffectLog(folder.resolve("a" + EffectLog.SUFFIX));
        EffectLog other = new EffectLog(folder.resolve("b" + EffectLog.SUFFIX))) {
      one.append("d1", 1, name("a", 1));
      one.append("d1", 2, name("a", 2));
      other.append("d1", 2, name("a", 2));
      other.append("d2", 7, Optional.empty());
    }

    assertThat(EffectLog.read(folder))
        .containsEntry("d1", new EffectLog.Effects(2, 1, 0))
        .containsEntry("d2", new EffectLog.Effects(1, 0, 0))
        .hasSize(2);
  }

  @Test
  void readingThatComesAgainUnderAnotherNameIsNotRecognised() throws IOException {
    try (EffectLog effects = new EffectLog(folder.resolve("a" + EffectLog.SUFFIX))) {
      effects.append("d1", 1, name("a", 1));
      effects.append("d1", 1, name("a", 2));
      effects.append("d1", 1, name("b", 1));
      effects.append("d1", 1, Optional.empty());
    }

    assertThat(EffectLog.read(folder)).containsEntry("d1", new EffectLog.Effects(1, 3, 3));
  }

  @Test
  void lineThatAKillCutOffDoesNotCount() throws IOException {
    Path log = folder.resolve("a" + EffectLog.SUFFIX);
    try (EffectLog effects = new EffectLog(log)) {
      effects.append("d1", 1, name("a", 1));
    }
    Files.writeString(log, "d1 2 a:2", StandardOpenOption.APPEND);

    assertThat(EffectLog.read(folder)).containsEntry("d1", new EffectLog.Effects(1, 0, 0));
  }

  private static Optional<StreamPosition> name(String session, long number) {
    return Optional.of(new StreamPosition(session, number));
  }
}
