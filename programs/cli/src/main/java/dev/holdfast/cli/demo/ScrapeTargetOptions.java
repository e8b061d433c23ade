package dev.holdfast.cli.demo;

import dev.holdfast.cli.UserError;
import dev.holdfast.cli.demo.process.ScrapeTargets;
import dev.holdfast.core.IoErrorText;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The option of demos that lets Prometheus scrape their processes. */
final class ScrapeTargetOptions {
  @Option(
      names = "--scrape-targets",
      paramLabel = "DIR",
      description =
          "Every process serves its meters on a port of loopback, and has a file in this folder for"
              + " file_sd_configs of Prometheus. Default: none does.")
  private @Nullable Path folder;

  /** The targets, in a folder that exists from now on. */
  ScrapeTargets scrapeTargets() {
    if (folder == null) {
      return ScrapeTargets.none();
    }
    try {
      Files.createDirectories(folder);
    } catch (IOException e) {
      throw UserError.usage("scrape-targets: " + folder + ": " + IoErrorText.of(e));
    }
    return ScrapeTargets.in(folder);
  }
}
