package dev.holdfast.testrunner;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TestClassPathTest {
  @TempDir Path folder;
  private Path root;
  private Path build;
  private Path jar;

  @BeforeEach
  void modules() throws IOException {
    root = folder.resolve("root");
    build = root.resolve("b/target");
    Files.createDirectories(build.resolve("classes"));
    Files.createDirectories(build.resolve("test-classes"));
    Files.createDirectories(root.resolve("a/target/classes"));
    Files.createDirectories(root.resolve("a/target/test-classes"));
    jar = Files.createFile(folder.resolve("third-1.jar"));
  }

  private void dependencies(Object... entries) throws IOException {
    StringBuilder text = new StringBuilder();
    for (Object entry : entries) {
      text.append(text.isEmpty() ? "" : ":").append(entry);
    }
    Files.writeString(build.resolve("test-classpath"), text);
  }

  @Test
  void jarsOfModulesAreTheirFolders() throws IOException {
    dependencies(root.resolve("a/target/a-1.jar"), jar, root.resolve("a/target/a-1-tests.jar"));

    assertThat(TestClassPath.of(root, build))
        .containsExactly(
            build.resolve("test-classes"),
            build.resolve("classes"),
            root.resolve("a/target/classes"),
            jar,
            root.resolve("a/target/test-classes"));
  }

  @Test
  void moduleWithoutDependenciesHasItsOwnClasses() throws IOException {
    dependencies();

    assertThat(TestClassPath.of(root, build))
        .containsExactly(build.resolve("test-classes"), build.resolve("classes"));
  }

  @Test
  void dependencyThatIsNotThereIsNamed() throws IOException {
    dependencies(folder.resolve("gone.jar"));

    assertThatIllegalStateException()
        .isThrownBy(() -> TestClassPath.of(root, build))
        .withMessageContaining("gone.jar (expected: a file or folder)");
  }

  @Test
  void moduleThatWasNotCompiledIsNamed() {
    assertThatIllegalStateException()
        .isThrownBy(() -> TestClassPath.of(root, build))
        .withMessageContaining("test-classpath: missing (expected: written by the compile step)");
  }
}
