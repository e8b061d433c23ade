package dev.holdfast.testrunner.release;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tests of the class paths that a program gets with an artifact. */
class ClassPathCheckTest {
  private static final String NETTY =
      "/m2/io/netty/netty-common/4.2.17.Final/netty-common-4.2.17.Final.jar";

  @TempDir private Path folder;
  private Path classPaths;
  private Path lists;

  @BeforeEach
  void makeFolders() throws IOException {
    classPaths = Files.createDirectory(folder.resolve("class-paths"));
    lists = Files.createDirectory(folder.resolve("lists"));
  }

  @Test
  void listedClassPathPasses() throws IOException {
    given(
        "a",
        NETTY + ":/m2/x/netty-epoll-4.2.17.Final-linux-x86_64.jar",
        "netty-common\nnetty-epoll:linux-x86_64\n");

    assertThat(check()).isEqualTo("0 RESULT class_paths=1 faults=0");
  }

  @Test
  void newJarFails() throws IOException {
    given("a", NETTY + ":/m2/x/guava-33.6.0-jre.jar", "netty-common\n");

    assertThat(check())
        .isEqualTo(
            "1 a.txt: guava (expected: not on the class path, or in the list)\n"
                + "RESULT class_paths=1 faults=1");
  }

  @Test
  void jarThatIsGoneFails() throws IOException {
    given("a", NETTY, "netty-common\nslf4j-api\n");

    assertThat(check()).contains("slf4j-api is in the list only");
  }

  @Test
  void twoVersionsOfAFamilyFail() throws IOException {
    given(
        "a",
        NETTY + ":/m2/x/netty-codec-http2-4.2.18.Final.jar",
        "netty-codec-http2\nnetty-common\n");

    assertThat(check())
        .contains("Netty: {4.2.17.Final=[netty-common], 4.2.18.Final=[netty-codec-http2]}");
  }

  @Test
  void tcnativeHasAVersionOfItsOwn() throws IOException {
    given(
        "a",
        NETTY + ":/m2/x/netty-tcnative-boringssl-static-2.0.74.Final-linux-x86_64.jar",
        "netty-common\nnetty-tcnative-boringssl-static:linux-x86_64\n");

    assertThat(check()).startsWith("0 ");
  }

  @Test
  void allTogetherHaveNoListAndMixNothing() throws IOException {
    Files.writeString(
        classPaths.resolve("all.txt"),
        "/x/protobuf-java-4.36.2.jar:/x/protobuf-java-util-3.25.9.jar");

    assertThat(check()).startsWith("1 all.txt: protobuf: {3.25.9=").endsWith("faults=1");
  }

  @Test
  void artifactWithoutListAndListWithoutArtifactFail() throws IOException {
    Files.writeString(classPaths.resolve("a.txt"), NETTY);
    Files.writeString(lists.resolve("b.txt"), "netty-common\n");

    assertThat(check()).contains("a.txt: no list").contains("b.txt: a list without a class path");
  }

  @Test
  void writtenListsPass() throws IOException {
    Files.writeString(classPaths.resolve("a.txt"), NETTY);

    assertThat(check("--write")).startsWith("0 ");
    assertThat(lists.resolve("a.txt")).hasContent("netty-common\n");
    assertThat(check()).startsWith("0 ");
  }

  @Test
  void noClassPathsAreNoSuccess() {
    assertThat(check()).startsWith("1 ");
  }

  @Test
  void wrongArgumentsAreNamed() {
    assertThat(run("--lists")).startsWith("2 class-paths: --lists: no value (expected: a folder)");
    assertThat(run("--lists", folder + "/none")).contains("none (expected: a folder)");
    assertThat(run("--colour")).contains("--colour: unknown (expected: an option)");
    assertThat(run()).contains("--class-paths and --lists: missing (expected: given)");
    assertThat(run("--help")).startsWith("0 Usage:");
  }

  @Test
  void entryThatIsNoJarIsRefused() throws IOException {
    given("a", "/x/target/classes", "");

    assertThat(check()).contains("class path: classes (expected: ARTIFACT-VERSION.jar)");
  }

  private void given(String artifact, String classPath, String list) throws IOException {
    Files.writeString(classPaths.resolve(artifact + ".txt"), classPath);
    Files.writeString(lists.resolve(artifact + ".txt"), list);
  }

  private String check(String... more) {
    String[] args = new String[4 + more.length];
    System.arraycopy(more, 0, args, 4, more.length);
    args[0] = "--class-paths";
    args[1] = classPaths.toString();
    args[2] = "--lists";
    args[3] = lists.toString();
    return run(args);
  }

  private static String run(String... args) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    int status =
        ClassPathCheck.run(List.of(args), new PrintStream(out, true, StandardCharsets.UTF_8));
    return status + " " + out.toString(StandardCharsets.UTF_8).strip();
  }
}
