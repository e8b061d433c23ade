package dev.holdfast.bench.process;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** The execution of external programs that run to their end. */
public final class ExternalCommand {
  private ExternalCommand() {}

  /**
   * Runs a program and waits for its end.
   *
   * @param environment variables in addition to those of this process
   * @param output the file that receives standard output and standard error
   * @return the exit code; -1 when the program was stopped because it exceeded the limit
   */
  public static int exit(
      List<String> command,
      Map<String, String> environment,
      Path folder,
      Path output,
      long limitSeconds)
      throws IOException, InterruptedException {
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .directory(folder.toFile())
            .redirectErrorStream(true)
            .redirectOutput(output.toFile());
    builder.environment().putAll(environment);
    Process process = builder.start();
    process.getOutputStream().close();
    if (!process.waitFor(limitSeconds, TimeUnit.SECONDS)) {
      process.descendants().forEach(ProcessHandle::destroyForcibly);
      process.destroyForcibly().waitFor(limitSeconds, TimeUnit.SECONDS);
      return -1;
    }
    return process.exitValue();
  }

  /**
   * Runs one that has to end in time.
   *
   * @return the exit code
   */
  public static int run(List<String> command, Path folder, Path output, long limitSeconds)
      throws IOException, InterruptedException {
    int exit = exit(command, Map.of(), folder, output, limitSeconds);
    if (exit < 0) {
      String said = Files.readString(output, StandardCharsets.ISO_8859_1);
      throw new IOException(command.get(0) + " took more than " + limitSeconds + " s: " + said);
    }
    return exit;
  }

  /**
   * Runs one that has to succeed.
   *
   * @return what it said
   */
  public static String said(List<String> command, Path folder, Path output, long limitSeconds)
      throws IOException, InterruptedException {
    int exit = run(command, folder, output, limitSeconds);
    String said = Files.readString(output, StandardCharsets.UTF_8);
    if (exit != 0) {
      throw new IOException(String.join(" ", command) + ": exit " + exit + ": " + said);
    }
    return said.strip();
  }
}
