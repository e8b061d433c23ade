package dev.holdfast.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * The command line and the first step of {@code ./verify}, for a user who may install nothing, and
 * what it does after a benchmark that missed a bound.
 */
class VerifyScriptTest {
  private static final Path ROOT =
      Path.of(System.getProperty("holdfast.root", "..")).toAbsolutePath();
  private static final long LIMIT_S = 60;

  /** Somebody who owns nothing and may do nothing, where the tests run as root. */
  private static final List<String> AS_NOBODY =
      List.of("setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups");

  /** Programs that the scripts themselves are made of. */
  private static final String[] BASICS = {
    "awk",
    "bash",
    "cat",
    "cut",
    "date",
    "dirname",
    "env",
    "find",
    "grep",
    "mkdir",
    "nice",
    "readlink",
    "rm",
    "sed",
    "sleep",
    "sort",
    "tail",
    "tee",
    "timeout",
    "tr"
  };

  /** Programs that do nothing, in the place of what the tests need. */
  private static final String[] TOOLS = {
    "chromium",
    "curl",
    "etcd",
    "etcdctl",
    "fish",
    "flock",
    "groff",
    "h2load",
    "haproxy",
    "ip",
    "mandoc",
    "mvn",
    "nft",
    "nghttpd",
    "nginx",
    "node",
    "npm",
    "promtool",
    "python3",
    "redis-server",
    "setsid",
    "shellcheck",
    "zsh"
  };

  @TempDir Path folder;

  @BeforeEach
  void aCloneAndItsTools() throws IOException {
    open(folder);
    Path scripts = open(Files.createDirectory(folder.resolve("scripts")));
    open(Files.copy(ROOT.resolve("verify"), folder.resolve("verify")));
    open(Files.copy(ROOT.resolve("scripts/common.sh"), scripts.resolve("common.sh")));
    Path dist = open(Files.createDirectories(folder.resolve("deploy/dist")));
    open(Files.copy(ROOT.resolve("deploy/dist/launch.sh"), dist.resolve("launch.sh")));
    Path bin = open(Files.createDirectory(folder.resolve("bin")));
    for (String name : BASICS) {
      open(
          Files.writeString(
              bin.resolve(name), "#!/bin/sh\nexec %s \"$@\"\n".formatted(onPath(name))));
    }
    for (String name : TOOLS) {
      open(Files.writeString(bin.resolve(name), "#!/bin/sh\nexit 0\n"));
    }
  }

  @ParameterizedTest
  @CsvSource({
    "curl, curl",
    "etcd, etcd-server",
    "etcdctl, etcd-client",
    "fish, fish",
    "groff, groff-base",
    "h2load, nghttp2-client",
    "mandoc, mandoc",
    "mvn, maven",
    "nghttpd, nghttp2-server",
    "node, nodejs",
    "npm, npm",
    "promtool, prometheus",
    "python3, python3",
    "redis-server, redis-server",
    "setsid, util-linux",
    "shellcheck, shellcheck",
    "zsh, zsh"
  })
  void aMissingToolIsNamedBeforeAnythingIsBuilt(String tool, String debianPackage)
      throws Exception {
    Files.delete(folder.resolve("bin").resolve(tool));

    assertThat(verify(Map.of()))
        .contains(
            "missing: %s; install with:  sudo apt-get update && sudo apt-get install -y %s\n"
                .formatted(debianPackage, debianPackage))
        .contains("0 passed, 1 failed")
        .doesNotContain("== compile");
  }

  @Test
  void allThatIsMissingIsNamedAtOnce() throws Exception {
    Files.delete(folder.resolve("bin/npm"));
    Files.delete(folder.resolve("bin/zsh"));
    Files.delete(folder.resolve("bin/node"));

    assertThat(verify(Map.of())).contains("sudo apt-get install -y nodejs npm zsh\n");
  }

  @Test
  void whatIsLeftOutIsSaidBeforeAnythingIsBuilt() throws Exception {
    Files.delete(folder.resolve("bin/zsh"));

    assertThat(verify(Map.of())).contains("no Go (1.24 or newer): ").contains("missing: zsh");
  }

  @Test
  void whereNothingMayBeLeftOutTheFirstStepFails() throws Exception {
    assertThat(verify(Map.of("HOLDFAST_NO_SKIPS", "1")))
        .contains("no Go (1.24 or newer): ")
        .contains("0 passed, 1 failed")
        .doesNotContain("== compile");
  }

  @ParameterizedTest
  @CsvSource({
    "--al, 'argument: --al (expected: nothing, --all, --ci, --long or --help)'",
    "--ci --all, arguments: --ci --all (expected: at most one)"
  })
  void wrongArgumentIsNamedBeforeAnythingIsDone(String words, String message) throws Exception {
    assertThat(verify(Map.of(), 2, words.split(" ", -1))).isEqualTo("verify: " + message + "\n");
  }

  @Test
  void everyOptionIsInTheHelp() throws Exception {
    assertThat(verify(Map.of(), 0, "--help"))
        .contains("Usage: ./verify [--all | --ci | --long [NAME...]]")
        .contains("\n  --all ")
        .contains("\n  --ci ")
        .contains("\n  --long ");
    assertThat(verify(Map.of(), 2, "--all", "streams"))
        .contains("arguments: --all streams (expected: at most one)");
  }

  @Test
  void continuousIntegrationAsksForEverythingAndLetsNothingBeLeftOut() throws Exception {
    Path ci = open(Files.createDirectory(folder.resolve(".ci")));
    open(Files.copy(ROOT.resolve(".ci/run"), ci.resolve("run")));
    Files.writeString(
        folder.resolve("verify"), "#!/bin/sh\necho \"no skips: $HOLDFAST_NO_SKIPS; $*\"\n");

    assertThat(run(Map.of(), 0, ".ci/run", "more")).isEqualTo("no skips: 1; --ci more\n");
  }

  @Test
  void longGoesOnAfterAMissedBoundAndFailsAtTheEnd() throws Exception {
    copyOtherScripts();
    for (String step : List.of("scripts/house", "scripts/class-paths")) {
      program(step, "exit 0");
    }
    program(
        "bench/run",
        """
        case $1 in
          --list) printf '%s\\n' missed kept unasked ;;
          missed) echo RESULT ratio=2; exit 1 ;;
          *) echo RESULT ratio=1 ;;
        esac\
        """);
    // Nothing is built: the steps behind the build are what is looked at.
    Files.writeString(
        folder.resolve("scripts/common.sh"),
        "run_maven() { echo built; }\nstage_build() { :; }\n",
        StandardOpenOption.APPEND);

    assertThat(verify(Map.of(), 1, "--long", "kept", "missed"))
        .containsSubsequence(
            "RESULT ratio=2\n",
            "== bench missed FAILED (exit 1) after ",
            "RESULT ratio=1\n",
            "== bench kept ok, ",
            "\nbench missed ",
            "FAILED",
            "\nbench kept ",
            " passed, 1 failed, ")
        .doesNotContain("unasked");
  }

  @Test
  void whatKeepsServersFromStartingGoesAwayWithTheInstallation() throws Exception {
    Path policy = folder.resolve("policy-rc.d");
    // An installation that is interrupted, as by Ctrl-C, once it has begun.
    program("bin/apt-get", "if [ $1 = install ]; then cat %s; kill -INT 0; fi".formatted(policy));
    String script =
        "PROGRAM=test ROOT=$PWD; source scripts/common.sh; apt_install redis-server; echo survived";

    Path output = folder.resolve("output");
    ProcessBuilder builder =
        new ProcessBuilder(
                "env",
                "--default-signal=INT",
                onPath("setsid").toString(),
                "--wait",
                "bash",
                "-c",
                script)
            .directory(folder.toFile())
            .redirectErrorStream(true)
            .redirectOutput(output.toFile());
    builder.environment().put("HOLDFAST_POLICY_RC_D", policy.toString());
    builder.environment().merge("PATH", folder.resolve("bin") + ":", (path, bin) -> bin + path);
    Process process = builder.start();
    assertThat(process.waitFor(LIMIT_S, TimeUnit.SECONDS)).isTrue();

    assertThat(Files.readString(output)).contains("exit 101").doesNotContain("survived");
    assertThat(policy).doesNotExist();
  }

  /** The scripts whose syntax is looked at before anything is built. */
  private void copyOtherScripts() throws IOException {
    for (String name : List.of("scripts", "deploy/dist", "testing/distribution")) {
      try (Stream<Path> files = Files.list(ROOT.resolve(name))) {
        for (Path file : files.filter(Files::isRegularFile).toList()) {
          copy(ROOT.relativize(file).toString());
        }
      }
    }
    for (String name :
        List.of(
            "holdfast",
            ".ci/run",
            "deploy/deb/build.sh",
            "deploy/deb/debian/holdfast.postinst",
            "deploy/deb/debian/holdfast.postrm",
            "deploy/deb/debian/holdfast.prerm",
            "testing/interop/gateway-tools/caller.sh")) {
      copy(name);
    }
  }

  private void copy(String name) throws IOException {
    Path to = folder.resolve(name);
    openFolders(to);
    open(Files.copy(ROOT.resolve(name), to, StandardCopyOption.REPLACE_EXISTING));
  }

  private void program(String name, String script) throws IOException {
    Path file = folder.resolve(name);
    openFolders(file);
    open(Files.writeString(file, "#!/bin/sh\n" + script + "\n"));
  }

  private void openFolders(Path file) throws IOException {
    Files.createDirectories(file.getParent());
    Path at = folder;
    for (Path part : folder.relativize(file.getParent())) {
      at = open(at.resolve(part));
    }
  }

  private String verify(Map<String, String> environment) throws Exception {
    return verify(environment, 1);
  }

  private String verify(Map<String, String> environment, int exitCode, String... arguments)
      throws Exception {
    return run(environment, exitCode, "verify", arguments);
  }

  private String run(
      Map<String, String> environment, int exitCode, String script, String... arguments)
      throws Exception {
    Path output = folder.resolve("output");
    List<String> command = new ArrayList<>(isRoot() ? AS_NOBODY : List.of());
    command.addAll(List.of(onPath("bash").toString(), script));
    command.addAll(List.of(arguments));
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .directory(folder.toFile())
            .redirectErrorStream(true)
            .redirectOutput(output.toFile());
    builder.environment().clear();
    builder.environment().put("PATH", folder.resolve("bin").toString());
    builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
    builder.environment().putAll(environment);
    Process process = builder.start();
    assertThat(process.waitFor(LIMIT_S, TimeUnit.SECONDS)).isTrue();
    String said = Files.readString(output);
    assertThat(process.exitValue()).as(said).isEqualTo(exitCode);
    return said;
  }

  private static boolean isRoot() {
    return System.getProperty("user.name").equals("root");
  }

  private static Path onPath(String name) {
    return Arrays.stream(System.getenv("PATH").split(":", -1))
        .map(directory -> Path.of(directory, name))
        .filter(Files::isExecutable)
        .findFirst()
        .orElseThrow(() -> new AssertionError(name + ": not found (expected: on the PATH)"));
  }

  private static Path open(Path file) throws IOException {
    return Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxrwxrwx"));
  }
}
