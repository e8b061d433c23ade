package dev.holdfast.lab.kernel;

import dev.holdfast.core.annotation.Limit;
import dev.holdfast.lab.kernel.KernelLabException.KernelLabFailureKind;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** The runner of the system's network tools, with a time limit for each. */
final class KernelTool {
  static final String IP = "ip";
  static final String NFT = "nft";
  static final String UNSHARE = "unshare";

  private static final long LIMIT_SECONDS = 20;

  @Limit(of = "output of ip and nft that is read", then = "the rest is left unread")
  private static final int MAX_OUTPUT_BYTES = 1024 * 1024;

  // Debian keeps these out of the path of ordinary users.
  private static final List<String> ADMIN_DIRECTORIES = List.of("/usr/sbin", "/sbin");

  private KernelTool() {}

  /** The tools that are not installed. */
  static List<String> missing() {
    return Stream.of(IP, NFT).filter(tool -> path(tool).isEmpty()).toList();
  }

  /** Where a tool is; empty when it is nowhere. */
  static String path(String tool) {
    String path = System.getenv("PATH");
    Stream<String> listed = path == null ? Stream.of() : Stream.of(path.split(":"));
    return Stream.concat(listed, ADMIN_DIRECTORIES.stream())
        .filter(directory -> !directory.isEmpty())
        .map(directory -> Path.of(directory, tool))
        .filter(Files::isExecutable)
        .map(Path::toString)
        .findFirst()
        .orElse("");
  }

  /**
   * Runs a command to its end.
   *
   * @return its standard output
   * @throws KernelLabException with what it complained of when it ends with another code than zero
   */
  static String run(List<String> command, String input) {
    Process process;
    try {
      process = new ProcessBuilder(command).redirectErrorStream(true).start();
    } catch (IOException e) {
      throw new KernelLabException(
          KernelLabFailureKind.UNAVAILABLE, command.get(0) + ": " + e.getMessage(), e);
    }
    try {
      try (OutputStream in = process.getOutputStream()) {
        in.write(input.getBytes(StandardCharsets.UTF_8));
      } catch (IOException e) {
        // It ended without reading; its exit code and its complaint say more than this.
        process.onExit().orTimeout(LIMIT_SECONDS, TimeUnit.SECONDS).join();
      }
      byte[] output = process.getInputStream().readNBytes(MAX_OUTPUT_BYTES);
      if (!process.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS)) {
        throw new KernelLabException(
            KernelLabFailureKind.FAILED, command + ": not done after " + LIMIT_SECONDS + " s");
      }
      String text = new String(output, StandardCharsets.UTF_8);
      if (process.exitValue() != 0) {
        throw new KernelLabException(
            KernelLabFailureKind.FAILED, String.join(" ", command) + ": " + text.strip());
      }
      return text;
    } catch (IOException e) {
      throw new KernelLabException(KernelLabFailureKind.FAILED, command + ": " + e.getMessage(), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new KernelLabException(KernelLabFailureKind.FAILED, command + ": interrupted", e);
    } finally {
      process.destroyForcibly();
    }
  }
}
