package dev.holdfast.matrix;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.Status;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class MatrixReportTest {
  private static final CellOutcome OK = CellOutcome.answered(Duration.ofMillis(3));
  private static final CellOutcome HUNG =
      CellOutcome.failed(Status.DEADLINE_EXCEEDED, MatrixCell.ANSWER_LIMIT);
  private static final List<MatrixPair> ALL = List.of(MatrixPair.values());

  private static final MatrixPath SWARM = path("swarm");
  private static final MatrixPath FIREWALL = path("firewall");
  private static final MatrixPath NGINX = path("nginx");

  @Test
  void aGoodRunHasNothingMissed() {
    MatrixReport report = report(SWARM, Map.of(MatrixPair.STOCK, HUNG), Duration.ofSeconds(99));
    assertThat(report.missedBounds()).isEmpty();
    assertThat(report.resultLine())
        .isEqualTo(
            "RESULT cells=5 stock_failed=1 fixed_failed=0 holdfast_failed=0 one_sided_failed=0"
                + " needs_heartbeat=0 verify_failed=0");
  }

  @Test
  void aPathThatStockSurvivesProvesNothing() {
    assertThat(report(SWARM, Map.of(), Duration.ofSeconds(99)).missedBounds())
        .containsExactly("swarm: stock did not fail, so the path was not broken");
  }

  @Test
  void aFailureWithHoldfastOnBothSidesIsMissedAndOnOneSideIsListed() {
    Map<MatrixPair, CellOutcome> cellOutcomes =
        Map.of(MatrixPair.STOCK, HUNG, MatrixPair.HOLDFAST, HUNG, MatrixPair.HOLDFAST_SERVER, HUNG);
    MatrixReport report = report(SWARM, cellOutcomes, Duration.ofSeconds(99));
    assertThat(report.missedBounds())
        .containsExactly("swarm: failed with holdfast both (expected: ok)");
    assertThat(report.oneSidedFailures())
        .extracting(CellResult::pair)
        .containsExactly(MatrixPair.HOLDFAST_SERVER);
    assertThat(report.resultLine()).contains(" holdfast_failed=1 one_sided_failed=1 ");
  }

  @Test
  void whatWasNotRunIsNotClaimed() {
    List<MatrixPair> some = List.of(MatrixPair.STOCK, MatrixPair.FIXED);
    List<CellResult> results =
        some.stream().map(pair -> new CellResult(SWARM, pair, HUNG, HUNG)).toList();
    MatrixReport report = new MatrixReport(List.of(SWARM), some, results, Duration.ofSeconds(99));
    assertThat(report.resultLine())
        .contains(" holdfast_failed=not-run one_sided_failed=not-run ")
        .endsWith(" verify_failed=not-run");
    assertThat(report.missedBounds())
        .contains("the pair \"holdfast both\" was not run (expected: all)");
  }

  @Test
  void aFirstCallThatIdleModePreemptsIsSaidAndNotCounted() {
    CellResult cell = new CellResult(FIREWALL, MatrixPair.STOCK, HUNG, OK);
    assertThat(cell.isFailed()).isFalse();
    assertThat(cell.text()).isEqualTo("(hung) / ok");
    assertThat(report(FIREWALL, Map.of(), Duration.ofSeconds(9)).notes())
        .anyMatch(note -> note.startsWith("firewall: grpc's idle mode closes"));
  }

  @Test
  void aStreamThatAnHttpHopEndsIsAFailureAndLacksAHeartbeatWhereBothSidesCouldHaveOne() {
    CellResult both = new CellResult(NGINX, MatrixPair.HOLDFAST, OK, HUNG);
    assertThat(both.isFailed()).isTrue();
    assertThat(both.needsHeartbeat()).isTrue();
    assertThat(both.text()).isEqualTo("ok / hung");
    for (MatrixPair pair : List.of(MatrixPair.STOCK, MatrixPair.HOLDFAST_CLIENT)) {
      CellResult cell = new CellResult(NGINX, pair, OK, HUNG);
      assertThat(cell.isFailed()).isTrue();
      assertThat(cell.needsHeartbeat()).isFalse();
    }
  }

  @Test
  void aRunThatTakesTooLongIsMissed() {
    assertThat(report(SWARM, Map.of(MatrixPair.STOCK, HUNG), Duration.ofMinutes(5)).missedBounds())
        .containsExactly("took 300 s (expected: < 240)");
  }

  @Test
  void everyProfileIsARowAndNoneIsQuietForTooLong() {
    List<MatrixPath> all = MatrixPath.all();
    assertThat(all)
        .extracting(MatrixPath::name)
        .contains("swarm", "swarm-rst", "nlb", "alb", "lan")
        .doesNotHaveDuplicates();
    assertThat(all)
        .allSatisfy(path -> assertThat(path.quietTime()).isLessThan(Duration.ofMinutes(2)));
  }

  @Test
  void aCellCrossesTheNamespaceAsALine() {
    CellOutcome odd = new CellOutcome(false, "UNAVAILABLE", "two\tfields,\ntwo lines");
    CellResult parsed =
        MatrixPeer.parse(SWARM, MatrixPeer.line(new CellResult(SWARM, MatrixPair.VERIFY, OK, odd)));
    assertThat(parsed.pair()).isEqualTo(MatrixPair.VERIFY);
    assertThat(parsed.firstCall()).isEqualTo(OK);
    assertThat(parsed.heldStream())
        .isEqualTo(new CellOutcome(false, "UNAVAILABLE", "two fields, two lines"));
  }

  private static MatrixReport report(
      MatrixPath path, Map<MatrixPair, CellOutcome> cellOutcomes, Duration took) {
    List<CellResult> results = new ArrayList<>();
    for (MatrixPair pair : ALL) {
      CellOutcome cellOutcome = cellOutcomes.getOrDefault(pair, OK);
      results.add(new CellResult(path, pair, cellOutcome, cellOutcome));
    }
    return new MatrixReport(List.of(path), ALL, results, took);
  }

  private static MatrixPath path(String name) {
    return MatrixPath.all().stream()
        .filter(path -> path.name().equals(name))
        .findFirst()
        .orElseThrow();
  }
}
