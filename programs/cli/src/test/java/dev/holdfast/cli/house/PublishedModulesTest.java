package dev.holdfast.cli.house;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * Tests of what is published: the poms, the BOM, the class path lists and docs/releasing.md name
 * the same artifacts.
 */
class PublishedModulesTest {
  @Test
  void everythingThatProgramsEmbedIsPublished() throws IOException {
    assertThat(PublishedModules.of(SourceTree.read()).unpublished())
        .as("<maven.deploy.skip>false</maven.deploy.skip> is missing in the poms of")
        .isEmpty();
  }

  @Test
  void bomHasThePublishedArtifactsAndNoOther() throws IOException {
    assertThat(PublishedModules.of(SourceTree.read()).missingInBom()).isEmpty();
  }

  @Test
  void moduleNamesArePackagesOfOneArtifact() throws IOException {
    List<SourceTree.File> tree = SourceTree.read();
    PublishedModules modules = PublishedModules.of(tree);

    assertThat(modules.withJar()).hasSizeGreaterThan(10);
    assertThat(modules.wrongModuleNames()).isEmpty();
    assertThat(modules.splitPackages(tree)).isEmpty();
  }

  @Test
  void everyClassPathIsListed() throws IOException {
    Path folder = SourceTree.root().resolve("integrations/bom/class-paths");
    try (Stream<Path> files = Files.list(folder)) {
      Set<String> lists =
          files
              .map(file -> file.getFileName().toString().replace(".txt", ""))
              .collect(Collectors.toSet());
      assertThat(PublishedModules.of(SourceTree.read()).missingLists(lists))
          .as("written by: scripts/class-paths --write")
          .isEmpty();
    }
  }

  @Test
  void docsNameThePublishedArtifacts() throws IOException {
    String page = Files.readString(SourceTree.root().resolve("docs/releasing.md"));

    assertThat(PublishedModules.of(SourceTree.read()).unnamed(page)).isEmpty();
  }

  @Test
  void mistakesAreCaught() {
    String dependency =
        "<dependencies><dependency><artifactId>holdfast-gateway</artifactId></dependency></dependencies>";
    List<SourceTree.File> tree =
        List.of(
            pom(
                "libraries/a",
                "holdfast-a",
                "<maven.deploy.skip>false</maven.deploy.skip>" + dependency),
            pom("programs/gateway", "holdfast-gateway", ""),
            pom("integrations/new-one", "holdfast-new-one", ""),
            pom(
                "libraries/b",
                "holdfast-b",
                "<maven.deploy.skip>false</maven.deploy.skip><holdfast.module>dev.holdfast.b</holdfast.module>"),
            pom(
                "integrations/bom",
                "holdfast-bom",
                "<maven.deploy.skip>false</maven.deploy.skip><dependencyManagement>"
                    + dependency
                    + "</dependencyManagement>"),
            new SourceTree.File("libraries/a/src/main/java/dev/x/A.java", ""),
            new SourceTree.File("libraries/b/src/main/java/dev/x/B.java", ""));
    PublishedModules modules = PublishedModules.of(tree);

    assertThat(modules.unpublished()).containsExactly("holdfast-gateway", "holdfast-new-one");
    assertThat(modules.missingInBom())
        .containsExactly(
            "holdfast-a: published, and not in the BOM",
            "holdfast-b: published, and not in the BOM",
            "holdfast-gateway: in the BOM, and not published");
    assertThat(modules.wrongModuleNames())
        .containsExactly("holdfast-a: <holdfast.module> none (expected: dev.holdfast.a)");
    assertThat(modules.splitPackages(tree)).containsExactly("dev/x=[holdfast-a, holdfast-b]");
    assertThat(modules.missingLists(Set.of("holdfast-a"))).hasSize(1);
    assertThat(modules.unnamed("`holdfast-a`")).containsExactly("holdfast-b", "holdfast-bom");
  }

  private static SourceTree.File pom(String folder, String artifact, String rest) {
    return new SourceTree.File(
        folder + "/pom.xml", "<parent></parent><artifactId>" + artifact + "</artifactId>" + rest);
  }
}
