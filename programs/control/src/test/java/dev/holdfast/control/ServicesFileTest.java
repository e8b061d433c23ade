package dev.holdfast.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The list of services on disk is read as it was written, or not at all. */
class ServicesFileTest {
  private static final Map<String, Integer> SERVICES = Map.of("orders", 3, "users:grpc", 0);

  @TempDir Path folder;

  @Test
  void whatIsWrittenIsRead() {
    ServicesFile file = ServicesFile.of(folder.resolve("new"), "file:///r", "prod/eu");
    assertThat(file.read()).isEmpty();
    file.write(SERVICES);
    file.write(Map.of("orders", 4));

    assertThat(ServicesFile.of(folder.resolve("new"), "file:///r", "prod/eu").read())
        .contains(Map.of("orders", 4));
    assertThat(folder.resolve("new")).isDirectoryNotContaining("glob:**.new");
  }

  @Test
  void halfAFileIsNone() throws Exception {
    Path path = folder.resolve("x.services");
    String whole = ServicesFile.format(SERVICES);
    for (int length = 0; length < whole.length(); length++) {
      Files.writeString(path, whole.substring(0, length));
      assertThat(new ServicesFile(path).read()).as("%d characters", length).isEmpty();
    }
  }

  @Test
  void aFileThatSomebodyChangedIsNone() {
    String changed = ServicesFile.format(SERVICES).replace("orders", "orderz");
    assertThatIllegalArgumentException().isThrownBy(() -> ServicesFile.parse(changed));
  }

  @Test
  void aDiskThatTakesNothingIsSurvived() throws Exception {
    Path occupied = Files.writeString(folder.resolve("occupied"), "a file");
    ServicesFile file = ServicesFile.of(occupied, "file:///r", "prod");
    file.write(SERVICES);
    assertThat(file.read()).isEmpty();
  }

  @Test
  void namespacesAndRegistriesHaveFilesOfTheirOwn() {
    ServicesFile.of(folder, "file:///r", "prod").write(SERVICES);
    assertThat(ServicesFile.of(folder, "file:///r", "test").read()).isEmpty();
    assertThat(ServicesFile.of(folder, "file:///q", "prod").read()).isEmpty();
  }
}
