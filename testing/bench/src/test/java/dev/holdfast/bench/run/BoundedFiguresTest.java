package dev.holdfast.bench.run;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The rule for figures of the RESULT lines that count faults: each has a bound. */
class BoundedFiguresTest {
  private static final Path SOURCES =
      Path.of(System.getProperty("holdfast.root", "../.."), "testing/bench/src/main/java");

  /** A figure without a bound, with its name as far as it is in one piece. */
  private static final Pattern UNBOUNDED = Pattern.compile("\\.figure\\(\\s*\"([a-z0-9_]+)\"");

  private static final Pattern FAULTS =
      Pattern.compile(
          "(^|_)(breaks|cut|duplicated|ended|failed|leaked|lost|missing|never|refused|reordered"
              + "|traces|unaccounted|unfinished|unheard|unsafe|violations|wipes|wrong)(_|$)");

  /** Figures of peers, and times: no counts of faults of ours. */
  private static final Pattern OF_PEERS_AND_TIMES =
      Pattern.compile("^(haproxy|nginx|plain|stock)_.*|.*_m?s$");

  /** Figures that tell more about one that has a bound, or whose bound is not zero. */
  private static final Set<String> EXPLAINED =
      Set.of(
          // ConnectConformance: each failure must be one that the file of specifications explains.
          "ConnectConformance failed",
          // Conformance: tests that the suite recommends and does not require.
          "Conformance recommended_failed",
          // GatewayRoll: the part of "failed" that came before the gateway was taken over.
          "GatewayRoll failed_by_roll",
          // KubernetesBenchmark: pods come and go faster than anybody can follow, on purpose.
          "KubernetesBenchmark storm_wrong");

  @Test
  void everyCountOfFaultsHasABound() throws IOException {
    List<String> unbounded = new ArrayList<>();
    int figures = 0;
    try (Stream<Path> files = Files.walk(SOURCES)) {
      for (Path file : files.filter(path -> path.toString().endsWith(".java")).toList()) {
        Matcher figure = UNBOUNDED.matcher(Files.readString(file));
        String of = file.getFileName().toString().replace(".java", " ");
        while (figure.find()) {
          figures++;
          String name = figure.group(1);
          if (FAULTS.matcher(name).find() && !OF_PEERS_AND_TIMES.matcher(name).matches()) {
            unbounded.add(of + name);
          }
        }
      }
    }
    assertThat(figures).isGreaterThan(100);
    assertThat(unbounded).containsExactlyInAnyOrderElementsOf(EXPLAINED);
  }
}
