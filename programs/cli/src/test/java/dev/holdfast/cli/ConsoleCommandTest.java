package dev.holdfast.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The command as a process. */
class ConsoleCommandTest {
  private static final Pattern LINK =
      Pattern.compile("console on (http://127\\.0\\.0\\.1:\\d+/)#token=([\\w-]{32})\n");

  @TempDir private Path scratch;

  @Test
  void linkOpensThePageAndSigtermEndsIt() throws Exception {
    try (HoldfastProcess console =
        HoldfastProcess.start(
            scratch, Map.of(), "console", "--listen", "0", "--admin-address", "127.0.0.1:1")) {
      String out = console.awaitOut(text -> LINK.matcher(text).find()).out();
      Matcher link = LINK.matcher(out);
      assertThat(link.find()).isTrue();
      assertThat(get(link.group(1))).contains("<title>Holdfast console</title>");
      assertThat(get(link.group(1) + "api/rows?view=streams"))
          .contains("\"instances\":1,\"answering\":0");

      console.signal("TERM");
      assertThat(console.exitCode()).isZero();
      assertThat(console.err()).doesNotContain(link.group(2));
    }
  }

  @Test
  void wrongWordsAreRefused() throws IOException {
    CommandRun registry = CommandRun.with(Map.of(), "console");
    assertThat(registry.code()).isEqualTo(ExitCode.USAGE);
    assertThat(registry.err()).contains("registry: none");

    CommandRun listen =
        CommandRun.with(Map.of(), "console", "--listen", "nowhere", "--admin-address", "h:1");
    assertThat(listen.code()).isEqualTo(ExitCode.USAGE);
    assertThat(listen.err()).contains("listen: \"nowhere\" (expected: PORT or HOST:PORT");

    Path file = Files.writeString(scratch.resolve("token"), "short");
    CommandRun token =
        CommandRun.with(
            Map.of(),
            "console",
            "--listen",
            "0",
            "--admin-address",
            "h:1",
            "--token-file",
            file.toString());
    assertThat(token.code()).isEqualTo(ExitCode.USAGE);
    assertThat(token.err()).contains("(expected: 16 characters or more)").doesNotContain("short");
  }

  private static String get(String address) throws IOException, InterruptedException {
    return HttpClient.newHttpClient()
        .send(
            HttpRequest.newBuilder(URI.create(address)).build(),
            HttpResponse.BodyHandlers.ofString())
        .body();
  }
}
