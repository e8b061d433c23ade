package dev.holdfast.cli.house;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import dev.holdfast.cli.house.fixture.ImpureCores;
import dev.holdfast.cli.house.frontend.NosyFrontends;
import dev.holdfast.core.annotation.PureCore;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Holds the room table and the purity of the cores; each rule is also shown to fail. */
class ArchitectureTest {
  private static final Pattern ARTIFACT =
      Pattern.compile("</parent>\\s*<artifactId>holdfast-([a-z-]+)</artifactId>");
  private static final JavaClasses MAIN = HouseClasses.main();

  static List<Room> rooms() {
    return Room.HOUSE;
  }

  @ParameterizedTest
  @MethodSource("rooms")
  void roomUsesOnlyItsNeighbours(Room room) {
    HouseRules.onlyItsNeighbours(room).check(MAIN);
  }

  @ParameterizedTest
  @MethodSource("rooms")
  void packagesOfARoomHaveNoCycle(Room room) {
    HouseRules.noCycleOfPackages(room).check(MAIN);
  }

  @Test
  void everyRoomHasClassesThatTheRulesSee() {
    Set<String> seen =
        MAIN.stream().map(type -> type.getPackageName() + ".").collect(Collectors.toSet());
    Stream<String> packages =
        Stream.concat(
            Room.HOUSE.stream().map(Room::packageName),
            Room.KNOW_ALL_ROOMS.stream().map(name -> "dev.holdfast." + name));
    assertThat(packages)
        .as("packages with a class on the class path of these tests (programs/cli/pom.xml)")
        .allMatch(room -> seen.stream().anyMatch(name -> name.startsWith(room + ".")));
  }

  @Test
  void ruleThatSeesNoClassIsCaught() {
    Room unseen = new Room("unseen", "dev.holdfast.unseen", List.of(), List.of());
    assertThatThrownBy(() -> HouseRules.onlyItsNeighbours(unseen).check(MAIN))
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("failed to check any classes");
    assertThatThrownBy(() -> HouseRules.noCycleOfPackages(unseen).check(MAIN))
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("failed to check any classes");
  }

  @Test
  void cycleOfPackagesIsCaught() {
    Room fixture = new Room("fixture", "dev.holdfast.cli.house.cycle", List.of("core"), List.of());
    JavaClasses cycle = new ClassFileImporter().importPackages("dev.holdfast.cli.house.cycle");
    assertThat(HouseRules.noCycleOfPackages(fixture).evaluate(cycle).hasViolation()).isTrue();
  }

  @Test
  void benchmarksAreUsedByNobody() {
    HouseRules.usedByItselfOnly("dev.holdfast.bench").check(MAIN);
  }

  /** Its class path has no grpc-api, without which classes of the binding can't be loaded. */
  @Test
  void gatewayUsesOfStreamsOnlyWhatNeedsNoGrpcJava() {
    HouseRules.noUseOf("dev.holdfast.gateway", "dev.holdfast.streams.grpc").check(MAIN);
  }

  @Test
  void userOfTheBindingOfStreamsIsCaught() {
    assertThat(
            HouseRules.noUseOf("dev.holdfast.cli", "dev.holdfast.streams.grpc")
                .evaluate(MAIN)
                .hasViolation())
        .isTrue();
  }

  @Test
  void frontendsUseNoConnectionAndNoCodec() {
    HouseRules.noConnectionAndNoCodec("dev.holdfast.gateway.frontend").check(MAIN);
  }

  @Test
  void http1UsesNoConnectionAndNoCodecOfHttp2() {
    HouseRules.noConnectionAndNoCodecOfHttp2("dev.holdfast.gateway.http1").check(MAIN);
  }

  @ParameterizedTest
  @ValueSource(
      classes = {
        NosyFrontends.HoldsUpstreamConnection.class,
        NosyFrontends.HoldsDownstreamConnection.class,
        NosyFrontends.PassesConnectionsOfHttp1.class,
        NosyFrontends.HoldsConnectionOfPool.class,
        NosyFrontends.IsClientConnection.class,
        NosyFrontends.AsksStream.class,
        NosyFrontends.AsksChannel.class,
        NosyFrontends.ReadsNettysHttp1.class,
        NosyFrontends.SendsSettings.class
      })
  void frontendThatUsesAConnectionOrACodecIsCaught(Class<?> frontend) {
    assertThat(knowsConnections(frontend)).isTrue();
  }

  @Test
  void frontendThatUsesHeadersTimersAndClustersPasses() {
    assertThat(knowsConnections(NosyFrontends.MindsItsBusiness.class)).isFalse();
  }

  @ParameterizedTest
  @ValueSource(
      classes = {
        NosyFrontends.HoldsUpstreamConnection.class,
        NosyFrontends.HoldsDownstreamConnection.class,
        NosyFrontends.AsksStream.class,
        NosyFrontends.SendsSettings.class
      })
  void userOfHttp2InHttp1IsCaught(Class<?> nosy) {
    assertThat(knowsHttp2(nosy)).isTrue();
  }

  @ParameterizedTest
  @ValueSource(
      classes = {
        NosyFrontends.PassesConnectionsOfHttp1.class,
        NosyFrontends.AsksChannel.class,
        NosyFrontends.ReadsNettysHttp1.class,
        NosyFrontends.MindsItsBusiness.class
      })
  void userOfItsOwnCodecInHttp1Passes(Class<?> own) {
    assertThat(knowsHttp2(own)).isFalse();
  }

  @Test
  void pureCoresTouchNoClockThreadSocketOrChance() {
    HouseRules.pureCoresArePure(PureCore.class.getName()).check(MAIN);
  }

  @Test
  void everyModuleIsARoomOfTheTable() throws IOException {
    TreeSet<String> known = new TreeSet<>(Room.KNOW_ALL_ROOMS);
    Room.HOUSE.forEach(room -> known.add(room.name()));
    TreeSet<String> modules = new TreeSet<>();
    for (Path pom : SourceTree.poms()) {
      String text = Files.readString(pom);
      if (text.contains("<packaging>pom</packaging>") || text.contains("maven-shade-plugin")) {
        continue; // The BOM and relocated classes of rooms: no code, no room.
      }
      Matcher artifact = ARTIFACT.matcher(text);
      assertThat(artifact.find()).as("%s: artifactId of the module", pom).isTrue();
      modules.add(artifact.group(1));
    }
    assertThat(known).isEqualTo(modules);
  }

  @Test
  void importsTheMainClassesOfOtherRoomsAndNoTests() {
    assertThat(MAIN)
        .extracting(JavaClass::getName)
        .contains("dev.holdfast.core.ServiceName")
        .doesNotContain(ArchitectureTest.class.getName());
  }

  @Test
  void roomThatUsesAnotherLibraryIsCaught() {
    Room fixture =
        new Room("fixture", "dev.holdfast.cli.house.fixture", List.of("core"), List.of());
    JavaClasses nosy = new ClassFileImporter().importPackages("dev.holdfast.cli.house.fixture");
    assertThat(HouseRules.onlyItsNeighbours(fixture).evaluate(nosy).getFailureReport().getDetails())
        .isNotEmpty()
        .allMatch(detail -> detail.contains("UndeclaredDependency"));
  }

  @Test
  void userOfAPackageThatIsUsedByItselfOnlyIsCaught() {
    JavaClasses nosy = new ClassFileImporter().importPackages("dev.holdfast.cli.house.fixture");
    assertThat(
            HouseRules.usedByItselfOnly("picocli").evaluate(nosy).getFailureReport().getDetails())
        .isNotEmpty()
        .allMatch(detail -> detail.contains("UndeclaredDependency"));
  }

  @ParameterizedTest
  @ValueSource(
      classes = {
        ImpureCores.ReadsNanoTime.class,
        ImpureCores.ReadsTimeOfDay.class,
        ImpureCores.RollsDice.class,
        ImpureCores.HoldsThread.class,
        ImpureCores.HidesExecutor.class,
        ImpureCores.OpensSocket.class
      })
  void impureCoreIsCaught(Class<?> core) {
    assertThat(isPure(core)).isFalse();
  }

  @Test
  void pureCorePasses() {
    assertThat(isPure(ImpureCores.Pure.class)).isTrue();
  }

  private static boolean knowsConnections(Class<?> frontend) {
    return HouseRules.noConnectionAndNoCodec(frontend.getPackageName())
        .evaluate(new ClassFileImporter().importClasses(frontend))
        .hasViolation();
  }

  private static boolean knowsHttp2(Class<?> nosy) {
    return HouseRules.noConnectionAndNoCodecOfHttp2(nosy.getPackageName())
        .evaluate(new ClassFileImporter().importClasses(nosy))
        .hasViolation();
  }

  private static boolean isPure(Class<?> core) {
    Class<?>[] withNested =
        Stream.concat(Stream.of(core), Stream.of(core.getDeclaredClasses()))
            .toArray(Class<?>[]::new);
    return !HouseRules.pureCoresArePure(PureCore.class.getName())
        .evaluate(new ClassFileImporter().importClasses(withNested))
        .hasViolation();
  }
}
