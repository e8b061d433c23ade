package dev.holdfast.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LabCommandTest {
  private static final int LIMIT_MILLIS = 20_000;
  private static final Pattern LISTENING = Pattern.compile("listening on 127.0.0.1:(\\d+) -> ");

  @TempDir private Path directory;

  @Test
  void aNumberThatIsNoneNamesItsOption() {
    CommandRun listen = CommandRun.of("lab", "--listen", "seven", "--target", "127.0.0.1:1");
    assertThat(listen.code()).isEqualTo(ExitCode.USAGE);
    assertThat(listen.err()).contains("listen: \"seven\" (expected: a whole number)");
    CommandRun seed = CommandRun.of("lab", "--listen", "0", "--target", "h:1", "--seed", "abc");
    assertThat(seed.err()).contains("seed: \"abc\" (expected: a whole number)");
  }

  @Test
  void connectionsGoThroughThePathAndBreakAsTheProfileSays() throws IOException {
    try (ServerSocket target = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        HoldfastProcess lab =
            lab(target, "--profile", "nlb", "--speed", "100x", "--idle-counts", "bytes")) {
      target.setSoTimeout(LIMIT_MILLIS);
      try (Socket client = new Socket(InetAddress.getLoopbackAddress(), port(lab));
          Socket server = target.accept()) {
        client.setSoTimeout(LIMIT_MILLIS);
        client.getOutputStream().write('a');
        assertThat(server.getInputStream().read()).isEqualTo('a');
        lab.awaitOut(out -> out.contains("idle-forgotten"));
        client.getOutputStream().write('b');
        assertThatThrownBy(() -> client.getInputStream().read())
            .isInstanceOf(SocketException.class);
        lab.awaitOut(out -> out.contains("rst to the client"));
      }
      lab.signal("INT");
      assertThat(lab.exitCode()).isZero();
      assertThat(lab.out())
          .containsPattern("opened 1  rst [12]  closed 0")
          .doesNotContain("\u001b");
      assertThat(lab.err()).isEmpty();
    }
  }

  @Test
  void jsonIsALinePerEventAndOneAtTheEnd() throws IOException {
    try (ServerSocket target = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        HoldfastProcess lab = lab(target, "--json")) {
      lab.awaitOut(out -> out.contains("{\"event\":\"listening\""));
      lab.signal("TERM");
      assertThat(lab.exitCode()).isZero();
      assertThat(lab.out().lines().reduce("", (a, b) -> b))
          .startsWith("{\"event\":\"stopped\",\"opened\":0,");
    }
  }

  @Test
  void aPortThatIsTakenIsSaid() throws IOException {
    try (ServerSocket taken = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
      String port = Integer.toString(taken.getLocalPort());
      CommandRun run = CommandRun.of("lab", "--listen", port, "--target", "127.0.0.1:1");
      assertThat(run.code()).isEqualTo(ExitCode.FAILED);
      assertThat(run.err())
          .contains("listen: 127.0.0.1:" + port + ": address already in use (expected: an");
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "lab --target 127.0.0.1:1 | lab: no --listen (expected: --listen PORT",
        "lab --listen 0 --target 192.0.2.1:1 | --allow-remote-target for another machine",
        "lab --listen 0 --target 127.0.0.1:1 --profile moon | profile: moon (expected: one of"
            + " swarm",
        "lab --listen 0 --target 127.0.0.1:1 --profile swram | lan; did you mean swarm?)",
        "lab --listen 0 --target 127.0.0.1:1 --speed 0 | speed: 0.0 (expected: 1 to 1000000)",
        "lab --listen 0 --target 127.0.0.1:1 --idle-drop 5 | idle-drop: \"5\" (expected: a number",
        "lab --listen 0 --target 127.0.0.1:1 --cut up:5 | cut: \"up\" (expected: to-server or",
        "lab --listen 0 --target 127.0.0.1:1 --stall 5s | stall: \"5s\" (expected: AFTER:LENGTH",
        "lab --listen 0 --target 127.0.0.1:1 --idle-drop 5s --idle-rst 9s | idle-rst: beside"
            + " --idle-drop (expected: one of --idle-drop, --idle-rst, --idle-close",
        "lab --listen 0 --target 127.0.0.1:1 --stream-timeout 5s --stream-goaway 9s |"
            + " stream-goaway: beside --stream-timeout (expected: one of",
        "lab --listen 0 --target 127.0.0.1:1 --idle-counts http | idle-counts: \"http\" (expected:"
            + " beside --idle-drop",
        "lab --listen 0 --target 127.0.0.1:1 --profile nginx --idle-counts http | idle-counts:"
            + " \"http\" (expected: beside",
        "lab --listen 0 --target 127.0.0.1:1 --idle-goaway 5s --idle-counts bytes | idle-counts:"
            + " \"bytes\" (expected: http, where a GOAWAY",
        "lab --listen 0 --target 127.0.0.1:1 --profile alb --idle-counts bytes | idle-counts:"
            + " \"bytes\" (expected: http, where a GOAWAY",
        "lab --listen 0 --target 127.0.0.1:1 --endpoints 2 | endpoints: 2 (expected: beside"
            + " --kernel",
        "lab --listen 0 --target 127.0.0.1:1 --loss-percent 5 | loss-percent: 5.0 (expected:"
            + " beside",
        "lab --listen 0 --target 127.0.0.1:1 --server true | server: true (expected: beside"
            + " --kernel",
        "lab --kernel --listen 0 --idle-drop 5s | kernel: beside --listen (expected: --server",
        "lab --kernel --profile nlb --idle-counts http | kernel: a fault that this kernel can't"
            + " play",
        "lab --kernel --profile nginx | kernel: no idle timeout (expected: --idle-drop",
        "lab --kernel --idle-close 5s | kernel: a fault that this kernel can't play (expected:",
        "lab matrix --kernel --only alb | only: alb (expected: without --kernel)",
        "lab matrix --only moon | only: moon (expected: swarm, swarm-rst, conntrack",
        "lab profilse | \"profilse\" is unknown"
      })
  void nonsenseIsRefusedWithWhatWasExpected(String command, String expected) {
    CommandRun run = CommandRun.of(command.split(" "));
    assertThat(run.err()).contains(expected);
    assertThat(run.code()).isEqualTo(ExitCode.USAGE);
  }

  @Test
  void aCommandRunsBehindTheKernelsOwnRouterAndItsCodeIsOurs() {
    try (HoldfastProcess lab =
        HoldfastProcess.start(
            directory,
            Map.of(),
            List.of("lab", "--kernel", "--idle-drop", "5s", "--", "sh", "-c", "ip addr; exit 7"))) {
      int code = lab.exitCode();
      assumeTrue(code != ExitCode.UNAVAILABLE, lab.err());
      assertThat(code).isEqualTo(7);
      assertThat(lab.out()).contains("10.77.1.100/24");
    }
  }

  @Test
  void profilesAreListedWithWhatTheyDo() {
    assertThat(CommandRun.of("lab", "profiles").out())
        .contains("profile", "swarm", "connection drop after 900s")
        .contains("stream RST_STREAM after 300s, connection goaway after 3600s");
    assertThat(CommandRun.of("--json", "lab", "profiles").out())
        .startsWith("{\"profiles\":[{\"profile\":\"swarm\",\"idle_seconds\":900,");
  }

  private HoldfastProcess lab(ServerSocket target, String... options) {
    String[] command = new String[options.length + 5];
    command[0] = "lab";
    command[1] = "--listen";
    command[2] = "0";
    command[3] = "--target";
    command[4] = "127.0.0.1:" + target.getLocalPort();
    System.arraycopy(options, 0, command, 5, options.length);
    return HoldfastProcess.start(directory, Map.of(), command);
  }

  private static int port(HoldfastProcess lab) {
    lab.awaitOut(out -> LISTENING.matcher(out).find());
    Matcher matcher = LISTENING.matcher(lab.out());
    assertThat(matcher.find()).isTrue();
    return Integer.parseInt(matcher.group(1));
  }
}
