package dev.holdfast.gateway.http2.codec;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * A coverage-guided run of {@link CodecFuzz}, in a JVM of its own, with the fuzzer that the profile
 * {@code fuzz} puts on the class path: its hooks are nothing for the JVM of other tests.
 */
final class CodecFuzzRun {
  private static final int MOST_INPUT_BYTES = 4_096;

  private CodecFuzzRun() {}

  /**
   * Runs the fuzzer.
   *
   * @param folder for its words, an input that fails, and those that found new ways through the
   *     code, with which the next run begins
   * @return its exit code
   */
  static int run(Path folder, int seconds) throws IOException, InterruptedException {
    Path found = Files.createDirectories(folder.resolve("found"));
    Path seeds = Files.createDirectories(folder.resolve("seeds"));
    int count = 0;
    for (byte[] seed : CodecFuzz.seeds().toList()) {
      Files.write(seeds.resolve("case-" + count), seed);
      count++;
    }
    Process fuzzer =
        new ProcessBuilder(
                List.of(
                    Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                    "-Xmx2g",
                    "-cp",
                    System.getProperty(
                        "surefire.test.class.path", System.getProperty("java.class.path")),
                    "com.code_intelligence.jazzer.Jazzer",
                    "--target_class=" + CodecFuzz.class.getName(),
                    "--instrumentation_includes=" + packages(),
                    "--custom_hook_includes=" + packages(),
                    "--reproducer_path=" + folder,
                    "-artifact_prefix=" + folder + "/",
                    "-max_len=" + MOST_INPUT_BYTES,
                    "-max_total_time=" + seconds,
                    found.toString(),
                    seeds.toString()))
            .redirectErrorStream(true)
            .redirectOutput(folder.resolve("fuzzer.log").toFile())
            .start();
    try {
      return fuzzer.waitFor();
    } finally {
      fuzzer.destroy();
    }
  }

  private static String packages() {
    return CodecFuzz.class.getPackageName() + ".**:io.netty.handler.codec.http2.**";
  }
}
