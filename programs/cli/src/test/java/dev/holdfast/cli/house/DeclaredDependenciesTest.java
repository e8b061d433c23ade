package dev.holdfast.cli.house;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/**
 * Tests that poms declare what main classes use. The libraries of integrations and benchmarks are
 * not on this class path, and what is named at run time alone (a ServiceLoader's files, native
 * libraries) has the scope runtime.
 */
class DeclaredDependenciesTest {
  /**
   * The parent pom's; Guava, of which generated stubs of gRPC have ListenableFuture; and the jar of
   * the xDS messages, which has copies of google.api and stands first on this class path.
   */
  private static final Set<String> COMMON = Set.of("jspecify", "guava", "api");

  /** Methods of lettuce have a type of Netty in their signature, which the compiler reads. */
  private static final String IN_SIGNATURES = "holdfast-streams-redis: netty-common";

  /** Modules whose classes are on this class path, and whose libraries are not. */
  private static final Set<String> WITHOUT_LIBRARIES =
      Set.of(
          "holdfast-spring-boot-starter", "holdfast-stork", "holdfast-micronaut", "holdfast-bench");

  private static final Pattern LIBRARY = Pattern.compile("(libraries|registries|stores)/.*");

  @Test
  void declaredDependenciesAreUsed() throws IOException {
    List<SourceTree.File> poms = poms();
    assertThat(DeclaredDependencies.of(poms).unused(used(poms)))
        .as("scope compile and no class uses it (expected: another scope, or no declaration)")
        .isSubsetOf(IN_SIGNATURES);
  }

  @Test
  void dependenciesOfLibrariesAreDeclared() throws IOException {
    List<SourceTree.File> poms = poms();
    List<SourceTree.File> libraries =
        poms.stream().filter(pom -> LIBRARY.matcher(pom.path()).matches()).toList();
    assertThat(DeclaredDependencies.of(libraries).undeclared(used(poms), COMMON))
        .as("used by a library that does not declare it")
        .isEmpty();
  }

  @Test
  void wrongDeclarationsAreCaught() {
    DeclaredDependencies declared =
        DeclaredDependencies.of(
            List.of(
                new SourceTree.File(
                    "libraries/a/pom.xml",
                    """
                    <parent><artifactId>p</artifactId></parent>
                    <artifactId>a</artifactId>
                    <dependencies>
                      <dependency><artifactId>b</artifactId></dependency>
                      <dependency><artifactId>c</artifactId></dependency>
                      <dependency><artifactId>d</artifactId><scope>runtime</scope></dependency>
                    </dependencies>
                    """)));
    Map<String, Set<String>> used = Map.of("a", Set.of("a", "b", "e", "common"));

    assertThat(declared.unused(used)).containsExactly("a: c");
    assertThat(declared.undeclared(used, Set.of("common"))).containsExactly("a: e");
  }

  @Test
  void usedArtifactsAreFoundByThePlacesOfClasses() throws IOException {
    assertThat(used(poms()).get("holdfast-core")).contains("holdfast-core", "slf4j-api");
  }

  private static Map<String, Set<String>> used(List<SourceTree.File> poms) {
    Map<String, String> artifacts = new HashMap<>();
    for (SourceTree.File pom : poms) {
      DeclaredDependencies.of(List.of(pom))
          .compile()
          .keySet()
          .forEach(artifact -> artifacts.put(pom.path().replace("/pom.xml", ""), artifact));
    }
    Map<String, Set<String>> used = DeclaredDependencies.usedBy(HouseClasses.main(), artifacts);
    used.keySet().removeAll(WITHOUT_LIBRARIES);
    return used;
  }

  private static List<SourceTree.File> poms() throws IOException {
    return SourceTree.read().stream().filter(file -> file.path().endsWith("/pom.xml")).toList();
  }
}
