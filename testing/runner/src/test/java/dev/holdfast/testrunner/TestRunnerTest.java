package dev.holdfast.testrunner;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BrokenBarrierException;
import java.util.concurrent.CyclicBarrier;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The whole program, on a small repository and with JVMs that are none. */
class TestRunnerTest {
  private static final String ONE = "Tests run: 1, Failures: 0, Errors: 0, Skipped: 0";

  @TempDir Path folder;
  private SmallRepository repository;
  private final FakeJvms jvms = new FakeJvms();
  private final Map<String, String> environment = new HashMap<>();
  private String said = "";

  // Busy, so that no room begins but by the other lanes.
  private double cpuLoad = 1;
  private final SpareLanes spareLanes =
      new SpareLanes(1, () -> cpuLoad, millis -> Thread.onSpinWait());

  @BeforeEach
  void repository() throws IOException {
    repository = new SmallRepository(folder);
    repository.room("a", "yes", "-");
    repository.room("b", "no", "docs/**");
  }

  private int run(String... more) throws InterruptedException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    PrintStream out = new PrintStream(bytes, true, StandardCharsets.UTF_8);
    int exit = TestRunner.run(repository.arguments(more), environment, jvms, spareLanes, out);
    said = bytes.toString(StandardCharsets.UTF_8);
    return exit;
  }

  @Test
  void everyRoomIsTested() throws Exception {
    assertThat(run("--at-once", "1")).as(said).isZero();

    assertThat(jvms.started()).containsExactlyInAnyOrder("a on 17", "b on 17");
    assertThat(said)
        .containsPattern("(?m)^a on 17: exit 0, 0 s, 2 s of CPU; " + ONE + "$")
        .containsPattern("(?m)^b on 17: exit 0, 0 s, 2 s of CPU; " + ONE + "$")
        .contains("2 tests ran on 17, 0 skipped\n")
        .endsWith("\nTests run: 2, Failures: 0, Errors: 0, Skipped: 0\n");
  }

  /** The JVM of room c ends once the other lane's first room has begun, and the other way round. */
  @Test
  void roomsThatWaitAreTestedBesideThoseThatCompute() throws Exception {
    repository.room("c", "no", "yes", "-");
    endOnceAllHaveBegun("a", "c");

    assertThat(run("--at-once", "1", "--waiting-at-once", "1")).as(said).isZero();
    assertThat(jvms.started()).containsExactlyInAnyOrder("a on 17", "b on 17", "c on 17");
  }

  /** The JVMs of two rooms that compute end once both have begun. */
  @Test
  void twoRoomsComputeAtOnceWhenNoneThatWaitsIsLeft() throws Exception {
    repository.room("c", "no", "yes", "-");
    endOnceAllHaveBegun("a", "b");

    assertThat(run("--at-once", "1", "--waiting-at-once", "1")).as(said).isZero();
    assertThat(jvms.started()).containsExactlyInAnyOrder("a on 17", "b on 17", "c on 17");
  }

  @Test
  void idleMachineTakesAFurtherRoom() throws Exception {
    cpuLoad = 0.1;
    repository.room("c", "no", "no", "-");
    endOnceAllHaveBegun("a", "b", "c");

    assertThat(run("--at-once", "1", "--waiting-at-once", "1")).as(said).isZero();
    assertThat(jvms.started()).containsExactlyInAnyOrder("a on 17", "b on 17", "c on 17");
  }

  @Test
  void idleMachineTakesARoomThatWaitsFirst() throws Exception {
    cpuLoad = 0.1;
    repository.room("c", "no", "yes", "-");
    repository.room("d", "no", "yes", "-");
    endOnceAllHaveBegun("a", "c", "d");

    assertThat(run("--at-once", "1", "--waiting-at-once", "1")).as(said).isZero();
    assertThat(jvms.started().subList(0, 3))
        .containsExactlyInAnyOrder("a on 17", "c on 17", "d on 17");
  }

  private void endOnceAllHaveBegun(String... rooms) {
    CyclicBarrier all = new CyclicBarrier(rooms.length);
    for (String room : rooms) {
      jvms.behave(
          room,
          (command, report) -> {
            await(all);
            return FakeJvms.PASSES.play(command, report);
          });
    }
  }

  private static void await(CyclicBarrier barrier) {
    try {
      barrier.await();
    } catch (InterruptedException | BrokenBarrierException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void librariesAreTestedOnTheSecondJdkToo() throws Exception {
    String jdk = "25=" + repository.jdk();
    run("--at-once", "1", "--second-jdk", jdk, "--second-property", "schedules=1500");

    assertThat(jvms.started()).containsExactlyInAnyOrder("a on 17", "b on 17", "a on 25");
    assertThat(jvms.words("a on 25")).contains("-Dschedules=1500");
    assertThat(jvms.words("a on 17")).doesNotContain("-Dschedules=1500");
    assertThat(said).contains("2 tests ran on 17, ").contains("1 tests ran on 25, ");
  }

  /** Of three runs of two lanes, both of room a end once both have begun. */
  @Test
  void roomBeginsOnBothJdksBeforeTheNextRoom() throws Exception {
    CyclicBarrier both = new CyclicBarrier(2);
    jvms.behave(
        "a",
        (command, report) -> {
          await(both);
          return FakeJvms.PASSES.play(command, report);
        });

    assertThat(run("--at-once", "1", "--second-jdk", "25=" + repository.jdk())).as(said).isZero();
    assertThat(jvms.started()).hasSize(3).last().isEqualTo("b on 17");
  }

  @Test
  void variantOfARoomIsARunOfItsOwn() throws Exception {
    assertThat(run("--at-once", "1", "--variant", "a:codec=netty")).isZero();

    assertThat(jvms.started()).containsExactlyInAnyOrder("a on 17", "a on 17+netty", "b on 17");
    assertThat(jvms.words("a on 17+netty")).contains("-Dcodec=netty");
    assertThat(jvms.words("a on 17")).doesNotContain("-Dcodec=netty");
    assertThat(said).contains("2 tests ran on 17, ").contains("1 tests ran on 17+netty, ");
  }

  @Test
  void variantIsTheRunOnTheSecondJdk() throws Exception {
    String jdk = "25=" + repository.jdk();

    assertThat(run("--second-jdk", jdk, "--second-property", "few=1", "--variant", "a:codec=netty"))
        .isZero();

    assertThat(jvms.started()).containsExactlyInAnyOrder("a on 17", "b on 17", "a on 25+netty");
    assertThat(jvms.words("a on 25+netty")).contains("-Dcodec=netty").doesNotContain("-Dfew=1");
    assertThat(jvms.words("a on 17")).doesNotContain("-Dcodec=netty");
  }

  @Test
  void variantOfARoomThatIsNotOnTheSecondJdkRunsOnTheFirst() throws Exception {
    String jdk = "25=" + repository.jdk();

    assertThat(run("--second-jdk", jdk, "--variant", "b:codec=netty")).isZero();

    assertThat(jvms.started())
        .containsExactlyInAnyOrder("a on 17", "b on 17", "b on 17+netty", "a on 25");
  }

  @Test
  void variantOfAnUnknownRoomIsRefused() throws Exception {
    assertThat(run("--variant", "c:codec=netty")).isEqualTo(2);
    assertThat(said).contains("--variant: c (expected: a room of ");
  }

  @Test
  void jvmGetsWhatSurefirePasses() throws Exception {
    run();

    assertThat(jvms.words("a on 17"))
        .startsWith(repository.jdk() + "/bin/java", "-cp")
        .contains("-ea", "-Da=b", "-Dholdfast.root=" + repository.root())
        .endsWith("dev.holdfast", "junit.parallel=false", "junit.timeout=120 s");
  }

  @Test
  void unchangedRoomIsLeftOut() throws Exception {
    run();
    repository.write("docs/page.md", "changed");
    jvms.forget();

    assertThat(run()).isZero();

    assertThat(jvms.started()).containsExactlyInAnyOrder("b on 17");
    assertThat(said)
        .containsPattern("(?m)^a on 17: unchanged since the green run of 20[0-9: -]+$")
        .contains("1 of 2 left out: unchanged since a green run\n");
  }

  @Test
  void allRoomsMayBeLeftOut() throws Exception {
    run();
    jvms.forget();

    assertThat(run()).isZero();
    assertThat(jvms.started()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({"--all, '', ''", "'', CI, true", "'', HOLDFAST_NO_SKIPS, 1"})
  void nothingIsLeftOutWhereAllIsToBeTested(String option, String variable, String value)
      throws Exception {
    if (!variable.isEmpty()) {
      environment.put(variable, value);
    }
    run();
    jvms.forget();

    assertThat(option.isEmpty() ? run() : run(option)).isZero();
    assertThat(jvms.started()).hasSize(2);
  }

  @Test
  void redRoomIsTestedAgain() throws Exception {
    jvms.behave("a", FakeJvms.FAILS);
    run();
    jvms.forget();

    assertThat(run()).isOne();
    assertThat(jvms.started()).containsExactlyInAnyOrder("a on 17");
  }

  @Test
  void roomThatChangedMeanwhileIsTestedAgain() throws Exception {
    jvms.behave(
        "b",
        (command, report) -> {
          repository.write("docs/page.md", "written during the test");
          return FakeJvms.PASSES.play(command, report);
        });
    run();
    jvms.forget();
    run();

    assertThat(jvms.started()).containsExactlyInAnyOrder("b on 17");
  }

  @Test
  void roomThatFailsIsNamedWithItsFailures() throws Exception {
    jvms.behave("a", FakeJvms.FAILS);

    assertThat(run()).isOne();
    assertThat(said)
        .containsPattern("(?m)^a on 17: exit 1, .*Tests run: 2, Failures: 1, ")
        .contains("a on 17: failed: ATest.b: wanted 1\n")
        .contains("  log: " + repository.logs().resolve("tests-a-on-17.log"))
        .contains("b on 17: exit 0")
        .endsWith("\nTests run: 3, Failures: 1, Errors: 0, Skipped: 0\n");
  }

  @Test
  void roomThatHangsIsKilledAndNamed() throws Exception {
    jvms.behave("b", FakeJvms.HANGS);

    assertThat(run()).isOne();
    assertThat(jvms.killed()).containsExactly("b on 17");
    assertThat(said)
        .contains("b on 17: killed, ")
        .contains("b on 17: still running after 1200 s (expected: at most that)\n")
        .contains("did not end: ATest.hangs\n")
        .contains("a on 17: exit 0");
  }

  @Test
  void jvmThatEndsEarlyIsRed() throws Exception {
    jvms.behave(
        "a",
        (command, report) -> {
          report.begin("ATest.exits");
          return 0;
        });

    assertThat(run()).isOne();
    assertThat(said)
        .contains("a on 17: exit code 0 before the end of its report (expected: all tests)\n")
        .contains("did not end: ATest.exits\n");
  }

  @Test
  void jvmThatDoesNotStartIsRed() throws Exception {
    jvms.behave(
        "a",
        (command, report) -> {
          throw new IOException("no such java");
        });

    assertThat(run()).isOne();
    assertThat(said).contains("a on 17: java.io.IOException: no such java");
  }

  @Test
  void classThatDidNotRunIsNamed() throws Exception {
    repository.write("rooms/a/src/test/java/dev/holdfast/a/NewTest.java", "class NewTest {}");

    assertThat(run()).isOne();
    assertThat(said)
        .contains("no report of dev.holdfast.a.NewTest (expected: every class named ..Test ran)\n");
  }

  @Test
  void roomWithoutTestsIsRed() throws Exception {
    jvms.behave(
        "a",
        (command, report) -> {
          report.done(java.time.Duration.ZERO);
          return 0;
        });

    assertThat(run()).isOne();
    assertThat(said).contains("a on 17: no test ran (expected: at least one)\n");
  }

  @Test
  void lostBufferIsRed() throws Exception {
    jvms.log("a", "x\nERROR LEAK: ByteBuf.release() was not called before\n  at some.Place\n");

    assertThat(run()).isOne();
    assertThat(said).contains("a Netty buffer was lost (expected: none)").contains("some.Place");
  }

  @Test
  void skippedTestIsNamedAndItsRoomTestedAgain() throws Exception {
    jvms.behave("a", FakeJvms.SKIPS);

    assertThat(run()).isZero();
    assertThat(said).contains("2 tests ran on 17, 1 skipped\n  skipped: ATest.c: no Go\n");
    jvms.forget();
    run();
    assertThat(jvms.started()).containsExactlyInAnyOrder("a on 17");
  }

  @Test
  void skippedTestIsRedWhereNoneMayBe() throws Exception {
    environment.put("HOLDFAST_NO_SKIPS", "1");
    jvms.behave("a", FakeJvms.SKIPS);

    assertThat(run()).isOne();
    assertThat(said).contains("tests were skipped (expected: none, as HOLDFAST_NO_SKIPS=1 says)\n");
  }

  @Test
  void reportOfAnEarlierRunDoesNotCount() throws Exception {
    run();
    jvms.behave("a", (command, report) -> 0);

    assertThat(run("--all")).isOne();
    assertThat(said).contains("a on 17: exit code 0 before the end of its report");
  }

  @Test
  void moduleThatTheListLacksIsNamed() throws Exception {
    repository.write("rooms/c/src/test/java/dev/holdfast/c/CTest.java", "class CTest {}");

    assertThat(run()).isOne();
    assertThat(said).contains("rooms/c: tests (expected: a row in testing/runner/rooms.txt)\n");
  }

  @Test
  void oneRoomMayBeChosen() throws Exception {
    assertThat(run("--room", "b")).isZero();
    assertThat(jvms.started()).containsExactlyInAnyOrder("b on 17");
  }

  @Test
  void roomThatIsDoneIsTestedOnTheOtherJdkAlone() throws Exception {
    String jdk = "25=" + repository.jdk();

    assertThat(run("--second-jdk", jdk, "--done", "a")).isZero();
    assertThat(jvms.started()).contains("a on 25", "b on 17").doesNotContain("a on 17");

    assertThat(run("--done", "x")).isEqualTo(2);
    assertThat(said).startsWith("testrunner: --done: x (expected: a room of ");
  }

  @Test
  void unknownRoomIsAWrongArgument() throws Exception {
    assertThat(run("--room", "x")).isEqualTo(2);
    assertThat(said)
        .startsWith("testrunner: --room: x (expected: a room of testing/runner/rooms.txt)\n")
        .contains("Usage: ");
  }

  @Test
  void listWithoutRoomsIsAWrongArgument() throws Exception {
    repository.write("testing/runner/rooms.txt", "");

    assertThat(run()).isEqualTo(2);
    assertThat(said).contains("no room (expected: at least one)");
  }

  @Test
  void repositoryThatIsNotCompiledIsRed() throws Exception {
    Files.delete(repository.root().resolve("rooms/a/target/test-classpath"));

    assertThat(run()).isOne();
    assertThat(said).contains("test-classpath: missing (expected: written by the compile step)");
  }

  @Test
  void helpIsPrinted() throws Exception {
    assertThat(TestRunner.run(List.of("--help"), Map.of(), jvms, spareLanes, System.out)).isZero();
  }
}
