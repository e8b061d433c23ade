package dev.holdfast.registry.kubernetes.internal.credentials;

import dev.holdfast.core.IoErrorText;
import dev.holdfast.core.LogEscaper;
import dev.holdfast.core.annotation.Limit;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * A program of the kubeconfig that says who asks, as of {@code client.authentication.k8s.io}: the
 * way to the tokens of most clouds.
 *
 * @param place where it stands, for messages
 * @param command the program and its arguments
 * @param env variables that it gets besides our own, KUBERNETES_EXEC_INFO among them
 * @param apiVersion what it speaks
 * @param installHint what to do when it is missing, or ""
 * @param timeout after what time it is ended
 */
record ExecPlugin(
    String place,
    List<String> command,
    Map<String, String> env,
    String apiVersion,
    String installHint,
    Duration timeout) {
  @Limit(of = "the output of an exec plugin", then = "it fails")
  static final int MAX_OUTPUT_BYTES = 1 << 20;

  private static final String API = "client.authentication.k8s.io/";
  private static final Set<String> VERSIONS = new TreeSet<>(Set.of(API + "v1", API + "v1beta1"));
  private static final Set<String> KEYS =
      Set.of(
          "apiVersion",
          "command",
          "args",
          "env",
          "installHint",
          "interactiveMode",
          "provideClusterInfo");

  /**
   * The cluster data that a plugin gets when it asks for them: address and certificate authority.
   */
  record ExecCluster(URI server, Optional<InlineCredential> ca) {}

  static Optional<ExecPlugin> of(
      YamlNode node, Path file, ExecCluster execCluster, Duration timeout) throws IOException {
    if (!node.isPresent()) {
      return Optional.empty();
    }
    node.requireKnown(KEYS);
    String versions = String.join(" or ", VERSIONS);
    String apiVersion = node.at("apiVersion").requiredText(versions);
    if (!VERSIONS.contains(apiVersion)) {
      throw node.at("apiVersion").expected(versions);
    }
    if (node.at("interactiveMode").text().orElse("").equals("Always")) {
      throw node.at("interactiveMode").expected("Never or IfAvailable, as nobody is there to ask");
    }
    List<String> command = new ArrayList<>();
    command.add(program(node.at("command").requiredText("a program"), file));
    for (YamlNode argument : node.at("args").elements()) {
      command.add(argument.text().orElse(""));
    }
    Map<String, String> env = new LinkedHashMap<>();
    for (YamlNode variable : node.at("env").elements()) {
      env.put(
          variable.at("name").requiredText("the name of a variable"),
          variable.at("value").text().orElse(""));
    }
    boolean told = node.at("provideClusterInfo").booleanValue();
    env.put(
        "KUBERNETES_EXEC_INFO",
        ExecCredential.info(apiVersion, told ? Optional.of(execCluster) : Optional.empty()));
    return Optional.of(
        new ExecPlugin(
            node.place(),
            List.copyOf(command),
            Map.copyOf(env),
            apiVersion,
            node.at("installHint").text().orElse(""),
            timeout));
  }

  /**
   * Runs the program; waits for it, and ends it when it takes too long.
   *
   * @param environment the variables of this process
   */
  ExecCredential run(Map<String, String> environment) throws IOException {
    Process process = start(environment);
    try {
      return ExecCredential.parse(outputOf(process), apiVersion);
    } catch (IOException e) {
      throw new IOException(place + ": " + command.get(0) + ": " + e.getMessage(), e);
    } finally {
      process.descendants().forEach(ProcessHandle::destroyForcibly);
      process.destroyForcibly();
    }
  }

  private Process start(Map<String, String> environment) throws IOException {
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.environment().clear();
    builder.environment().putAll(environment);
    builder.environment().putAll(env);
    builder.redirectInput(ProcessBuilder.Redirect.from(new File("/dev/null")));
    try {
      return builder.start();
    } catch (IOException e) {
      String hint = installHint.isEmpty() ? "" : "; " + LogEscaper.escape(installHint);
      throw new IOException(
          place + ": " + command.get(0) + " can't be run (expected: a program" + hint + ")", e);
    }
  }

  private byte[] outputOf(Process process) throws IOException {
    long deadlineNanos = System.nanoTime() + timeout.toNanos();
    CompletableFuture<byte[]> output =
        BlockingReadExecutor.read(() -> all(process.getInputStream()));
    CompletableFuture<byte[]> errors =
        BlockingReadExecutor.read(() -> all(process.getErrorStream()));
    try {
      byte[] said = output.get(timeout.toNanos(), TimeUnit.NANOSECONDS);
      byte[] complained =
          errors.get(Math.max(1, deadlineNanos - System.nanoTime()), TimeUnit.NANOSECONDS);
      if (!process.waitFor(Math.max(1, deadlineNanos - System.nanoTime()), TimeUnit.NANOSECONDS)) {
        throw late(null);
      }
      if (process.exitValue() != 0) {
        throw new IOException("ended with " + process.exitValue() + ": " + lastLine(complained));
      }
      return said;
    } catch (TimeoutException e) {
      throw late(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    } catch (ExecutionException e) {
      throw new IOException(IoErrorText.of(e.getCause() == null ? e : e.getCause()), e);
    }
  }

  private IOException late(@Nullable Exception cause) {
    return new IOException(
        "did not end within "
            + timeout.toMillis()
            + " ms (expected: a shorter run, or a longer exec-timeout)",
        cause);
  }

  private static byte[] all(InputStream in) throws IOException {
    byte[] bytes = in.readNBytes(MAX_OUTPUT_BYTES + 1);
    if (bytes.length > MAX_OUTPUT_BYTES) {
      throw new IOException("more than " + MAX_OUTPUT_BYTES + " bytes of output");
    }
    return bytes;
  }

  private static String lastLine(byte[] text) {
    String all = new String(text, StandardCharsets.UTF_8).strip();
    return LogEscaper.escape(all.substring(all.lastIndexOf('\n') + 1));
  }

  /** A path is relative to the kubeconfig; a bare name is looked up where programs are. */
  private static String program(String command, Path file) {
    return command.indexOf('/') < 0
        ? command
        : file.toAbsolutePath().resolveSibling(command).normalize().toString();
  }

  /** Arguments and variables may be secrets. */
  @Override
  public String toString() {
    return command.get(0);
  }
}
