package dev.holdfast.testrunner;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.testrunner.SmokeTask.Outcome;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SmokeTaskTest {
  private static final Duration LIMIT = Duration.ofSeconds(60);

  @TempDir Path folder;
  private final ByteArrayOutputStream said = new ByteArrayOutputStream();
  private boolean noSkips;

  private Outcome run(String script, Duration limit) throws Exception {
    return task(script, limit).call().outcome();
  }

  private SmokeTask task(String script, Duration limit) throws IOException {
    Files.writeString(folder.resolve("script"), script);
    return new SmokeTask(
        new Smoke("small", Smoke.Load.LIGHT, limit, List.of("bash", "script")),
        folder,
        folder,
        Map.of("ADDED", "a value"),
        noSkips,
        new PrintStream(said, true, StandardCharsets.UTF_8));
  }

  private String said() {
    return said.toString(StandardCharsets.UTF_8);
  }

  @Test
  void lastLineOfFiguresIsShown() throws Exception {
    String script = "echo $ADDED; echo 'RESULT figure=1'; echo 'RESULT figure=2'; echo end";

    assertThat(run(script, LIMIT)).isEqualTo(Outcome.PASSED);

    assertThat(said()).matches("small: exit 0, [0-9]+ s, [0-9]+ s of CPU; RESULT figure=2\n");
    assertThat(folder.resolve("smoke-small.log")).content().startsWith("a value\n");
  }

  @Test
  void endOfTheLogIsShownWhenItFailed() throws Exception {
    assertThat(run("for i in {1..50}; do echo line $i.; done; exit 1", LIMIT))
        .isEqualTo(Outcome.FAILED);

    assertThat(said())
        .startsWith("line 11.\n")
        .contains("line 50.\nsmall: exit 1, ")
        .endsWith("; no RESULT\n");
  }

  @Test
  void aSmokeThatFailedIsNotRunAgain() throws Exception {
    assertThat(run("echo run >>runs; [[ $(wc -l <runs) == 2 ]]", LIMIT)).isEqualTo(Outcome.FAILED);

    assertThat(folder.resolve("runs")).content().isEqualTo("run\n");
  }

  @Test
  void whatIsNotPossibleHereIsSkipped() throws Exception {
    assertThat(run("echo 'skipped: no etcd'; exit 3", LIMIT)).isEqualTo(Outcome.SKIPPED);

    assertThat(said()).contains("small: exit 3, ").endsWith("; skipped: no etcd\n");
  }

  @Test
  void nothingIsSkippedWhereNothingMayBe() throws Exception {
    noSkips = true;

    assertThat(run("exit 3", LIMIT)).isEqualTo(Outcome.FAILED);
  }

  @Test
  void childrensTimeIsCounted() throws Exception {
    // Until its own time is 1.2 s, as /proc counts it in hundredths, however little of a core it
    // gets.
    run("bash -c 'until read -ra s </proc/$$/stat; ((s[13] + s[14] >= 120)); do :; done'", LIMIT);

    assertThat(said()).containsPattern(", [1-9][0-9]* s of CPU;");
  }

  @Test
  void smokeIsASessionOfItsOwn() throws Exception {
    String session = "read -ra s </proc/$$/stat; echo ${s[5]}";
    Process bystander = new ProcessBuilder("bash", "-c", session).start();
    String ours = new String(bystander.getInputStream().readAllBytes(), StandardCharsets.UTF_8);

    run(session + " >session; echo $PPID >parent", LIMIT);

    assertThat(folder.resolve("session"))
        .hasSameTextualContentAs(folder.resolve("parent"))
        .content()
        .isNotEqualTo(ours);
  }

  @Test
  void smokeBeyondItsLimitIsEndedWithItsChildren() throws Exception {
    String script = "trap 'kill $!; exit 1' TERM; bash -c 'echo $$ > child; read < fifo' & wait";
    assertThat(new ProcessBuilder("mkfifo", folder.resolve("fifo").toString()).start().waitFor())
        .isZero();

    assertThat(run(script, Duration.ofSeconds(3))).isEqualTo(Outcome.FAILED);

    assertThat(said()).contains("small: ended after its limit of 3 s, ");
    long child = Long.parseLong(Files.readString(folder.resolve("child")).strip());
    Awaitility.await()
        .atMost(LIMIT)
        .until(() -> ProcessHandle.of(child).filter(ProcessHandle::isAlive).isEmpty());
  }

  @Test
  void logOfAnEarlierRunIsNotShown() throws Exception {
    run("echo 'RESULT figure=1'", LIMIT);
    said.reset();

    run("true", LIMIT);

    assertThat(said()).endsWith("; no RESULT\n");
  }
}
