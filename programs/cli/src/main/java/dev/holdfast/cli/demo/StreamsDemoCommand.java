package dev.holdfast.cli.demo;

import dev.holdfast.cli.CommonOptions;
import dev.holdfast.cli.UserError;
import dev.holdfast.cli.demo.report.DemoDisplay;
import dev.holdfast.cli.demo.streams.DemoRedis;
import dev.holdfast.cli.demo.streams.StreamsDemo;
import dev.holdfast.cli.demo.streams.StreamsDemoOptions;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/**
 * The {@code demo streams} command, which runs a thousand streams through everything that cuts
 * streams.
 */
@Command(
    name = "streams",
    description = {
      "Shows streams that outlive connections and servers: 1,000 devices with one durable stream"
          + " each, sessions in Redis, three servers as processes behind middleboxes with"
          + " faults (resets, silent drops, one-way losses, stalls, half-open connections, cuts in"
          + " a frame, GOAWAYs), a rolling restart and a kill -9. The same devices run beside it on"
          + " stock grpc-java with hand-written re-opening.",
      "Its last line is RESULT name=value ..; it exits 0 when no message was lost, repeated or"
          + " reordered, no session was lost and all four steps came to what they should; 1"
          + " otherwise."
    })
public final class StreamsDemoCommand implements Callable<Integer> {
  @Mixin private CommonOptions options = new CommonOptions();

  @Mixin private final ScrapeTargetOptions scraped = new ScrapeTargetOptions();

  @Option(
      names = "--seconds",
      paramLabel = "N",
      defaultValue = "60",
      description = "For how long devices send, at least; 10 or more, ${DEFAULT-VALUE} by default.")
  private int seconds;

  @Option(
      names = "--devices",
      paramLabel = "N",
      defaultValue = "1000",
      description = "Devices of each kind; 10 to 5000, ${DEFAULT-VALUE} by default.")
  private int devices;

  @Option(
      names = "--seed",
      paramLabel = "N",
      defaultValue = "1",
      description = "Seed of the faults; ${DEFAULT-VALUE} by default.")
  private long seed;

  @Option(
      names = "--redis",
      paramLabel = "URI",
      defaultValue = "start",
      description =
          "start: a redis-server of its own (the default). redis://HOST:PORT/DATABASE: one that"
              + " runs; the password comes from HOLDFAST_REDIS_PASSWORD_FILE or"
              + " HOLDFAST_REDIS_PASSWORD.")
  private String redis = "start";

  @Override
  public Integer call() throws IOException {
    options.startLogging("ERROR");
    StreamsDemoOptions demo = validated();
    DemoDisplay display = DemoDisplay.of(options);
    return DemoRun.of(
        resources -> new StreamsDemo(demo, display, resources).run(),
        display,
        scraped.scrapeTargets());
  }

  private StreamsDemoOptions validated() {
    if (redis.matches("[^/]*://[^/?]*:[^/?@]*@.*")) {
      throw UserError.usage(
          "redis: a password in a URI on the command line can be read by every process of this"
              + " machine (expected: it in the file that HOLDFAST_REDIS_PASSWORD_FILE names, or in"
              + " HOLDFAST_REDIS_PASSWORD)");
    }
    if (!redis.equals(DemoRedis.START) && !redis.matches("rediss?(-sentinel)?://.+")) {
      throw UserError.usage("redis: \"" + redis + "\" (expected: start, or redis://HOST:PORT)");
    }
    return DemoRun.validated(
        () -> new StreamsDemoOptions(Duration.ofSeconds(seconds), devices, seed, redis));
  }
}
