package dev.holdfast.cli.house;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import dev.holdfast.transcoding.internal.route.PathTemplate;
import java.io.IOException;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/**
 * Tests that public types have users outside of their room; {@link GeneratedDocsTest} holds the
 * list of them. The gateway and the cli are programs: applications embed the gateway by inprocess
 * alone, so that its API is what the signatures there have.
 */
class PublicApiTest {
  private static final Pattern EMBEDDED =
      Pattern.compile("(libraries|registries|stores|programs/(control|doctor|lab))/.*");

  @Test
  void publicTypesHaveUsersInOtherRooms() throws IOException {
    List<SourceTree.File> tree = SourceTree.read();
    PublicApi api = PublicApi.of(tree, EMBEDDED.asMatchPredicate());

    assertThat(api.unused(tree, HouseClasses.all(), PublicApi.providers()))
        .as("public types without a user outside of their room (expected: not public, or internal)")
        .isEmpty();
  }

  @Test
  void signaturesHaveNoInternalTypes() throws IOException {
    PublicApi api = PublicApi.ofLibraries(SourceTree.read(), HouseClasses.all());
    assertThat(api.types()).hasSizeGreaterThan(100);
    assertThat(api.internalInSignatures(HouseClasses.all()))
        .as("signatures of a library with a type that is for the library alone")
        .isEmpty();
  }

  @Test
  void internalTypeInASignatureIsCaught() {
    SourceTree.File file =
        new SourceTree.File(
            "libraries/core/src/main/java/dev/holdfast/cli/house/PublicApiTest.java",
            "public interface PublicApiTest");
    PublicApi api = PublicApi.of(List.of(file), path -> path.startsWith("libraries/core/"));
    JavaClasses classes =
        new ClassFileImporter().importClasses(PublicApiTest.class, PublicApiTest.Leaking.class);

    assertThat(api.internalInSignatures(classes))
        .containsExactly(
            Leaking.class.getName()
                + ".template: dev.holdfast.transcoding.internal.route.PathTemplate");
  }

  /** A type for {@link #internalTypeInASignatureIsCaught}. */
  public static final class Leaking {
    private Leaking() {}

    public static List<PathTemplate> template() {
      return List.of();
    }

    static PathTemplate own() {
      return PathTemplate.parse("/a");
    }
  }

  @Test
  void publicTypeWithoutAUserIsCaught() {
    List<SourceTree.File> tree =
        List.of(
            source("libraries/core/src/main/java/dev/holdfast/core/Alone.java", "class Alone {}"),
            source("libraries/core/src/main/java/dev/holdfast/core/Used.java", "class Used {}"),
            source(
                "libraries/core/src/main/java/dev/holdfast/core/internal/Own.java", "class Own {}"),
            source(
                "libraries/grpc/src/main/java/dev/holdfast/grpc/User.java",
                "class User extends dev.holdfast.core.Used {}"));
    PublicApi api = PublicApi.of(tree, path -> path.startsWith("libraries/core/"));

    assertThat(api.unused(tree, new ClassFileImporter().importClasses(), Set.of()))
        .containsExactly("dev.holdfast.core.Alone");
  }

  @Test
  void typeForASimulationIsNoPartOfTheApi() {
    List<SourceTree.File> tree =
        List.of(
            source("libraries/core/src/main/java/dev/holdfast/core/Alone.java", "class Alone {}"),
            source("libraries/core/src/main/java/dev/holdfast/core/Used.java", "class Used {}"),
            source(
                "testing/simulation/src/main/java/dev/holdfast/simulation/A.java",
                "class A extends dev.holdfast.core.Alone {}"),
            source(
                "libraries/grpc/src/main/java/dev/holdfast/grpc/User.java",
                "class User extends dev.holdfast.core.Used {}"));
    PublicApi api = PublicApi.of(tree, path -> path.startsWith("libraries/core/"));
    JavaClasses none = new ClassFileImporter().importClasses();

    assertThat(api.unused(tree, none, Set.of())).isEmpty();
    Set<String> inside = api.insideOfArtifacts(tree, none, Set.of());
    assertThat(inside).containsExactly("dev.holdfast.core.Alone");
    assertThat(api.text(inside))
        .contains("| `Used` | A type |", "No part of the API: `Alone`.")
        .doesNotContain("| `Alone`");
  }

  @Test
  void typeInASignatureHasAUser() {
    List<SourceTree.File> tree =
        List.of(
            new SourceTree.File(
                "libraries/core/src/main/java/dev/holdfast/cli/house/PublicApiTest.java",
                "public interface PublicApiTest"),
            new SourceTree.File(
                "libraries/core/src/main/java/dev/holdfast/cli/house/TidyRule.java",
                "public interface TidyRule"),
            source(
                "libraries/grpc/src/main/java/dev/holdfast/grpc/User.java",
                "class User { dev.holdfast.cli.house.PublicApiTest test; }"));
    PublicApi api = PublicApi.of(tree, path -> path.startsWith("libraries/core/"));

    assertThat(
            api.unused(tree, new ClassFileImporter().importClasses(PublicApiTest.class), Set.of()))
        .isEmpty();
  }

  /** A signature for {@link #typeInASignatureHasAUser}. */
  public List<? super TidyRule> signature() {
    return List.of();
  }

  @Test
  void firstSentenceIsACellOfMarkdown() {
    assertThat(
            PublicApi.firstSentence(
                new SourceTree.File(
                    "libraries/core/src/main/java/dev/holdfast/core/Pair.java",
                    """
                    /**
                     * A pair of {@link Left#half} and
                     * {@code a|b}, or 1.5 of it. More.
                     *
                     * <p>And more.
                     */
                    @Deprecated
                    public final class Pair {}
                    """)))
        .isEqualTo("A pair of `Left.half` and `a\\|b`, or 1.5 of it");
  }

  private static SourceTree.File source(String path, String type) {
    return new SourceTree.File(path, "package x;\n\n/** A type. */\npublic " + type + "\n");
  }
}
