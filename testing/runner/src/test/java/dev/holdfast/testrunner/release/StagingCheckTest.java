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
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests of the check of a staging folder: each thing that Central asks for is missed. */
class StagingCheckTest {
  private static final String CORE = "holdfast-core";
  private static final String GRPC = "holdfast-grpc";

  @TempDir private Path folder;
  private StagingFolder staging;

  @BeforeEach
  void stage() throws IOException {
    staging = new StagingFolder(folder);
    staging.stage(CORE, GRPC);
  }

  @Test
  void completeFolderPasses() {
    assertThat(check()).isEqualTo("0 RESULT artifacts=3 files=13 missing=0");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        ".pom.asc",
        ".jar",
        ".jar.asc",
        ".jar.md5",
        ".jar.sha1",
        "-sources.jar",
        "-sources.jar.asc",
        "-javadoc.jar",
        "-javadoc.jar.sha1",
        "-cyclonedx.json",
        ".pom"
      })
  void missingFileIsNamed(String ending) throws IOException {
    Path file = staging.file(GRPC, ending);
    Files.delete(file);

    assertThat(check()).startsWith("1 ").contains(file.getFileName() + ": missing");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "name",
        "description",
        "url",
        "licenses/license/url",
        "developers/developer/name",
        "scm/connection",
        "scm/url"
      })
  void missingElementIsNamed(String element) throws IOException {
    String name = element.substring(element.lastIndexOf('/') + 1);
    String parent = element.contains("/") ? element.split("/", -1)[0] : "version";
    String pom = StagingFolder.pom(GRPC, "jar", "");
    int from = pom.indexOf("<" + name + ">", pom.indexOf("<" + parent + ">"));
    int to = pom.indexOf("</" + name + ">", from) + name.length() + 3;
    staging.write(GRPC, ".pom", pom.substring(0, from) + pom.substring(to));

    assertThat(check())
        .isEqualTo("1 " + GRPC + ": pom: no " + element + " (expected: one)\n" + result(1));
  }

  @Test
  void wrongChecksumIsNamed() throws IOException {
    Files.writeString(staging.file(CORE, ".jar.sha1"), "0".repeat(40));

    assertThat(check()).startsWith("1 holdfast-core: holdfast-core-0.1.0.jar.sha1: 000");
  }

  @Test
  void textThatIsNoSignatureIsNamed() throws IOException {
    Files.writeString(staging.file(CORE, ".jar.asc"), "signed");

    assertThat(check()).contains("holdfast-core-0.1.0.jar.asc: no PGP signature");
  }

  @Test
  void snapshotDependencyIsNamed() throws IOException {
    staging.write(
        GRPC, ".pom", StagingFolder.pom(GRPC, "jar", dependency("io.grpc", "a", "1-SNAPSHOT")));

    assertThat(check())
        .contains("dependency io.grpc:a 1-SNAPSHOT (expected: the version of a release)");
  }

  @Test
  void dependencyOnAnArtifactThatIsNotPublishedIsNamed() throws IOException {
    staging.write(
        GRPC,
        ".pom",
        StagingFolder.pom(GRPC, "jar", dependency("dev.holdfast", "holdfast-lab", "0.1.0")));

    assertThat(check()).contains("dependency dev.holdfast:holdfast-lab is not staged");
  }

  @Test
  void artifactOfTheBomThatIsNotStagedIsNamed() throws IOException {
    staging.write(
        "holdfast-bom",
        ".pom",
        StagingFolder.pom(
            "holdfast-bom",
            "pom",
            "<dependencyManagement>"
                + dependency("dev.holdfast", CORE, "0.1.0")
                    .replace(
                        "</dependencies>",
                        entry("dev.holdfast", "holdfast-file", "0.1.0") + "</dependencies>")
                + "</dependencyManagement>"));

    assertThat(check())
        .contains("holdfast-file: in the BOM only (expected: staged)")
        .contains("holdfast-grpc: not in the BOM (expected: in it)");
  }

  @Test
  void managementOfOthersIsNamed() throws IOException {
    staging.write(
        GRPC,
        ".pom",
        StagingFolder.pom(
            GRPC,
            "jar",
            "<dependencyManagement>"
                + dependency("io.netty", "netty-bom", "4.2.18.Final")
                + "</dependencyManagement>"));

    assertThat(check()).contains("pom: manages io.netty (expected: nothing but dev.holdfast)");
  }

  @Test
  void moduleNamesAndPackagesBelongToOneArtifact() throws IOException {
    staging.stageJars(GRPC, "dev.holdfast.core", "holdfast/core");

    assertThat(check())
        .contains("Automatic-Module-Name: dev.holdfast.core is that of holdfast-core")
        .contains("package holdfast.core is in holdfast-core too");
  }

  @Test
  void relocatedArtifactHasThePackagesOfOthersAndAPageForItsSources() throws IOException {
    String relocated = "holdfast-grpc-netty-shaded";
    staging.stage(CORE, GRPC, relocated);
    staging.stageJars(relocated, "dev.holdfast.relocated", "holdfast/grpc");
    staging.jar(relocated, "-sources.jar", new java.util.jar.Manifest(), "README.txt");

    assertThat(check()).isEqualTo("0 RESULT artifacts=4 files=19 missing=0");
  }

  @Test
  void expressionIsNoModuleName() throws IOException {
    staging.stageJars(GRPC, "${holdfast.module}", "a");

    assertThat(check())
        .contains("Automatic-Module-Name: ${holdfast.module} (expected: a module name)");
  }

  @Test
  void sourcesWithoutSourcesAreNamed() throws IOException {
    staging.jar(GRPC, "-sources.jar", new java.util.jar.Manifest(), "README");

    assertThat(check()).contains("holdfast-grpc-0.1.0-sources.jar: without content");
  }

  @Test
  void emptyFolderIsNoSuccess(@TempDir Path empty) {
    assertThat(run("--staging", empty.toString(), "--version", "0.1.0"))
        .startsWith("1 holdfast-bom: holdfast-bom-0.1.0.pom is missing");
  }

  @Test
  void pomThatIsNoXmlIsNamed() throws IOException {
    staging.write(GRPC, ".pom", "<project>");

    assertThat(check()).startsWith("1 staging: ").contains("holdfast-grpc-0.1.0.pom: ");
  }

  @Test
  void wrongArgumentsAreNamed() {
    assertThat(run("--staging")).startsWith("2 staging: --staging: no value (expected: one)");
    assertThat(run("--colour", "red")).contains("--colour: unknown (expected: an option)");
    assertThat(run()).contains("--staging and --version: missing (expected: given)");
    assertThat(run("--staging", folder + "/none", "--version", "1"))
        .contains("(expected: a folder)");
    assertThat(run("--help")).startsWith("0 Usage:");
  }

  private static String dependency(String group, String artifact, String version) {
    return "<dependencies>" + entry(group, artifact, version) + "</dependencies>";
  }

  private static String entry(String group, String artifact, String version) {
    return "<dependency><groupId>%s</groupId><artifactId>%s</artifactId><version>%s</version></dependency>"
        .formatted(group, artifact, version);
  }

  private static String result(int missing) {
    return "RESULT artifacts=3 files=13 missing=" + missing;
  }

  private String check() {
    return run("--staging", folder.toString(), "--version", StagingFolder.VERSION);
  }

  private static String run(String... args) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    int status =
        StagingCheck.run(List.of(args), new PrintStream(out, true, StandardCharsets.UTF_8));
    return status + " " + out.toString(StandardCharsets.UTF_8).strip();
  }
}
