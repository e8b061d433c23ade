package dev.holdfast.cli.demo;

import dev.holdfast.cli.ExitCode;
import dev.holdfast.cli.UserError;
import dev.holdfast.cli.demo.process.DemoResources;
import dev.holdfast.cli.demo.process.ScrapeTargets;
import dev.holdfast.cli.demo.report.DemoDisplay;
import dev.holdfast.cli.demo.report.DemoOutcome;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.OperatingSystemMXBean;
import java.util.Locale;
import java.util.function.Supplier;

/** The frame of every demo run: closes what the run started and shows its result. */
final class DemoRun {
  private DemoRun() {}

  /** The body of one demo. */
  interface DemoBody {

    /** Runs to the end; what was started still runs then. */
    DemoOutcome run(DemoResources resources) throws IOException, InterruptedException;
  }

  /**
   * Evaluates the options of a run.
   *
   * @throws UserError instead of the refusal of a value
   */
  static <T> T validated(Supplier<T> options) {
    try {
      return options.get();
    } catch (IllegalArgumentException e) {
      throw UserError.usage(String.valueOf(e.getMessage()));
    }
  }

  /**
   * Runs it and shows what it came to.
   *
   * @param scrapeTargets where its processes serve their meters
   * @return the exit code
   */
  static int of(DemoBody demoBody, DemoDisplay display, ScrapeTargets scrapeTargets)
      throws IOException {
    try (DemoResources resources = DemoResources.open(scrapeTargets)) {
      // Before anything counts.
      resources.own(scrapeTargets.serve("client"));
      int exitCode = ExitCode.FAILED;
      try {
        DemoOutcome result = demoBody.run(resources);
        exitCode = result.exitCode();
        if (exitCode != ExitCode.OK) {
          result.missedBounds().forEach(display::say);
          sayHowBusyTheMachineIs(display);
          sayWhereLogsAre(display, resources);
        }
        display.result(result);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt(); // Ctrl-C or SIGTERM: all there is to do is to clean up
      } catch (IOException e) {
        sayWhereLogsAre(display, resources);
        throw UserError.failed("demo: " + e.getMessage());
      }
      return exitCode;
    }
  }

  /** A call with a deadline also fails for want of a processor; a reader should know. */
  private static void sayHowBusyTheMachineIs(DemoDisplay display) {
    OperatingSystemMXBean system = ManagementFactory.getOperatingSystemMXBean();
    display.say(
        String.format(
            Locale.ROOT,
            "load average of the last minute: %.1f on %d processors",
            system.getSystemLoadAverage(),
            system.getAvailableProcessors()));
  }

  private static void sayWhereLogsAre(DemoDisplay display, DemoResources resources)
      throws IOException {
    resources
        .runDirectory()
        .keepLogs()
        .ifPresent(logs -> display.say("the logs of the processes are kept in " + logs));
  }
}
