package dev.holdfast.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.holdfast.grpc.internal.pairing.ReplacementLimit;
import dev.holdfast.lab.Middlebox;
import dev.holdfast.lab.process.RecordedJvm;
import java.time.Duration;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/**
 * The whole network of a client with 500 connections goes away, for twice as long as the hard
 * limit: ten minutes by default, some seconds here. {@link ManyPairsTest} has the ten minutes in
 * virtual time.
 */
@Execution(ExecutionMode.CONCURRENT)
class NetworkAwayTest {
  private static final int ENDPOINTS = 500;
  private static final Duration PATIENCE = Duration.ofSeconds(90);

  /** Who was asked before the network went counts from there; the window would end sooner. */
  private static final Duration ASKED_BEFORE = Duration.ofSeconds(5);

  /** More than enough, and far from what would hold a connection attempt per endpoint and try. */
  private static final List<String> LITTLE_MEMORY = List.of("-Xmx64m");

  private final LoopbackTopology loopbackTopology = new LoopbackTopology();

  @AfterEach
  void close() {
    loopbackTopology.close();
  }

  @Test
  @Timeout(300)
  void noneIsKilledBeforeTheHardLimitFewAttemptsAreMadeAndEverythingReturns() throws Exception {
    HoldfastServer server =
        loopbackTopology.serveUnregistered(
            new WordsService("a"), LoopbackTopology.permitting(loopbackTopology.server()));
    try (Middlebox network = Middlebox.toPort(server.getPort()).ports(ENDPOINTS).start();
        RecordedJvm program =
            RecordedJvm.start(LITTLE_MEMORY, ManyConnectionsProgram.class, ports(network))) {
      program.await("held " + ENDPOINTS);
      program.ask("watch", "watching");
      network.pullOut();
      long pulledNanos = System.nanoTime();
      await()
          .atMost(PATIENCE)
          .until(
              () -> {
                boolean all = number(program.ask("report", "report"), "ended") == ENDPOINTS;
                long awayNanos = System.nanoTime() - pulledNanos;
                return all
                    && awayNanos > ManyConnectionsProgram.HARD_LIMIT.multipliedBy(2).toNanos();
              });
      String report = program.ask("report", "report");
      assertThat(report)
          .as("path down, given up by the kernel, or asked in the moment before")
          .containsPattern("codes=(HF-40[567],?)+ ");
      // Where a busy machine had raced some before, their old connections have a ready replacement,
      // which
      // is not waited for.
      if (number(report, "raced_before") == 0) {
        assertThat(number(report, "first_ms"))
            .as("%s: asked at most %s before", report, ASKED_BEFORE)
            .isGreaterThan(ManyConnectionsProgram.HARD_LIMIT.minus(ASKED_BEFORE).toMillis());
      }
      assertThat(number(report, "replacements_open"))
          .as("%s", report)
          .isLessThanOrEqualTo(ReplacementLimit.DEFAULT_MOST);
      long rounds =
          number(report, "elapsed_ms") / ManyConnectionsProgram.CONNECT_WITHIN.toMillis() + 1;
      assertThat(number(report, "replacements"))
          .as("%s", report)
          .isBetween(1L, rounds * ReplacementLimit.DEFAULT_MOST);
      assertThat(number(report, "opening"))
          .as("%s", report)
          .isLessThanOrEqualTo(ENDPOINTS + ReplacementLimit.DEFAULT_MOST);
      network.plugIn();
      assertThat(program.ask("check", "answered")).isEqualTo(Integer.toString(ENDPOINTS));
    }
  }

  private static String ports(Middlebox network) {
    return network.ports().stream().map(String::valueOf).collect(Collectors.joining(","));
  }

  private static long number(String report, String name) {
    return Pattern.compile("\\b" + name + "=(-?\\d+)")
        .matcher(report)
        .results()
        .map(MatchResult::group)
        .map(found -> Long.parseLong(found.substring(name.length() + 1)))
        .findFirst()
        .orElseThrow();
  }
}
