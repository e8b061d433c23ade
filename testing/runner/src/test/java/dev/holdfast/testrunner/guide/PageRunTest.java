package dev.holdfast.testrunner.guide;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PageRunTest {
  private static final Duration LIMIT = Duration.ofSeconds(60);

  @TempDir Path folder;
  private final ByteArrayOutputStream transcript = new ByteArrayOutputStream();

  private void run(String text, Duration limit) throws Exception {
    GuidePage page =
        new GuidePage(
            "page",
            Path.of("page.md"),
            List.of(),
            new PageParser(Path.of("page.md"), text.lines().toList()).steps());
    Map<String, String> environment = Map.of("PATH", System.getenv("PATH"));
    PrintStream out = new PrintStream(transcript, true, StandardCharsets.UTF_8);
    try (PageRun run = new PageRun(page, folder, environment, limit, out)) {
      run.run();
    }
  }

  private PageFailure failure(String text, Duration limit) {
    return catchThrowableOfType(PageFailure.class, () -> run(text, limit));
  }

  private long pid(String file) throws IOException {
    return Long.parseLong(Files.readString(folder.resolve(file)).strip());
  }

  private static boolean isAlive(long pid) {
    return ProcessHandle.of(pid).map(ProcessHandle::isAlive).orElse(false);
  }

  @Test
  void commandsOfATerminalShareItsVariablesAndItsFolder() throws Exception {
    run(
        """
        ```text title="a/b.txt"
        from the page
        ```
        ```console
        $ export NAME=b
        $ cd a
        $ cat $NAME.txt
        from the page
        ```
        ```console title="other"
        $ echo "<$NAME>" $(cat)
        <>
        ```
        """,
        LIMIT);

    assertThat(transcript.toString(StandardCharsets.UTF_8))
        .isEqualTo(
            """
            file | a/b.txt
            terminal 1 | $ export NAME=b
            terminal 1 | $ cd a
            terminal 1 | $ cat $NAME.txt
            terminal 1 | from the page
            other | $ echo "<$NAME>" $(cat)
            other | <>
            """);
  }

  @Test
  void commandMayGoOnWhileAnotherTerminalIsUsed() throws Exception {
    run(
        """
        ```console
        $ mkfifo pipe; echo waiting; cat pipe; echo end
        waiting
        ...
        ```
        ```console title="terminal 2"
        $ echo word > pipe
        ```
        ```console
        word
        end
        ```
        """,
        LIMIT);
  }

  @Test
  void jobInTheBackgroundCanBeKilledByItsNumberWithoutARemark() throws Exception {
    run(
        """
        ```console
        $ mkfifo pipe; cat pipe & echo $! > job
        $ kill -9 %1
        $ while kill -0 $(cat job) 2>/dev/null; do :; done; echo gone
        gone
        $ (exit 3) &
        $ while [[ -n $(jobs -r) ]]; do :; done; echo over
        over
        $ (sleep 600) & echo next
        next
        ```
        """,
        LIMIT);

    assertThat(isAlive(pid("job"))).isFalse();
  }

  @Test
  void ctrlCReachesWhatRunsInTheForegroundOnly() throws Exception {
    run(
        """
        ```console
        $ mkfifo pipe; cat pipe & echo $! > background
        $ bash -c 'trap "echo stopped; exit 3" INT; echo up; read <pipe; :'
        up
        ...
        ^C
        stopped
        $ kill -0 $(cat background); echo alive
        alive
        $ cat pipe
        ^C
        $ echo next
        next
        ```
        """,
        LIMIT);
  }

  @Test
  void nothingThatAPageStartedRunsOn() throws Exception {
    run(
        """
        ```console
        $ mkfifo pipe; cat pipe & echo $! > background
        $ bash -c 'echo $$ > foreground; echo up; trap "" TERM; cat pipe'
        up
        ...
        ```
        """,
        LIMIT);

    assertThat(isAlive(pid("background"))).isFalse();
    assertThat(isAlive(pid("foreground"))).isFalse();
  }

  @Test
  void shellThatEndsIsAFailureAtOnce() {
    PageFailure failure = failure("```console\n$ exit 0\n```\n", Duration.ofMinutes(5));

    assertThat(failure).hasMessage("terminal 1: the shell ended (expected: only its commands end)");
  }

  @Test
  void failedCommandIsNamedByItsLine() {
    PageFailure failure = failure("text\n```console\n$ true\n$ (exit 3)\n```\n", LIMIT);

    assertThat(failure).hasMessage("terminal 1: exit code 3 (expected: 0)");
    assertThat(failure.line()).isEqualTo(4);
  }

  @Test
  void failureOfACommandThatWasLeftRunningIsNoticed() {
    PageFailure failure =
        failure(
            """
            ```console
            $ echo up; exit_code() { return 4; }; exit_code
            up
            ...
            $ echo next
            ```
            """,
            LIMIT);

    assertThat(failure).hasMessage("terminal 1: exit code 4 (expected: 0)");
    assertThat(failure.line()).isEqualTo(2);
  }

  @Test
  void otherOutputIsNamedByTheLineThatWasExpected() {
    PageFailure failure = failure("```console\n$ echo a; echo x\na\nb\n```\n", LIMIT);

    assertThat(failure).hasMessage("printed: x (expected: b)");
    assertThat(failure.line()).isEqualTo(4);
  }

  @Test
  void missingOutputIsFoundAtTheEndOfTheCommand() {
    PageFailure failure = failure("```console\n$ echo a\na\nb\n```\n", Duration.ofMinutes(5));

    assertThat(failure).hasMessage("no such output: b (terminal 1, line 2, the command ended)");
    assertThat(failure.line()).isEqualTo(4);
  }

  @Test
  void commandWithoutAnEndIsLeftAtTheLimit() throws Exception {
    PageFailure failure =
        failure(
            "```console\n$ mkfifo pipe; bash -c 'echo $$ > foreground; cat pipe'\n```\n",
            Duration.ofSeconds(2));

    assertThat(failure).hasMessage("terminal 1: did not end within 2 s");
    assertThat(isAlive(pid("foreground"))).isFalse();
  }

  @Test
  void nothingToInterruptIsAMistake() {
    PageFailure failure = failure("```console\n$ true\n```\n```console\n^C\n```\n", LIMIT);

    assertThat(failure).hasMessage("terminal 1: ^C: nothing runs (expected: a command that does)");
    assertThat(failure.line()).isEqualTo(5);
  }
}
