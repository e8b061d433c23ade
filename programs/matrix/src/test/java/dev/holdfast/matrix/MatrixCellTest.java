package dev.holdfast.matrix;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.core.PathProfile;
import dev.holdfast.lab.PathFaults;
import dev.holdfast.lab.PathFaults.IdleAction;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Single cells, on a path that forgets after a second. */
class MatrixCellTest {

  @Test
  void aStockClientMeetsTheResetAndAPerfectPathDoesNotHurt() throws Exception {
    PathFaults resets =
        PathFaults.builder().idle(Duration.ofMinutes(15), IdleAction.RESET).speed(900).build();
    MatrixPath broken = new MatrixPath("reset", PathProfile.SWARM, resets);
    MatrixPath perfect = new MatrixPath("perfect", PathProfile.SWARM, PathFaults.NONE.atSpeed(900));

    MatrixReport report =
        new LabMatrix(List.of(broken, perfect), List.of(MatrixPair.STOCK), line -> {}).run();

    CellResult failed = report.cell(broken, MatrixPair.STOCK);
    assertThat(failed.text()).isEqualTo("UNAVAILABLE / UNAVAILABLE");
    assertThat(failed.firstCall().detail()).contains("Connection reset");
    assertThat(report.cell(perfect, MatrixPair.STOCK).text()).isEqualTo("ok / ok");
  }

  @Test
  void aHopEndsAStocksStreamAndNoneThatBothSidesHold() throws Exception {
    MatrixPath hop =
        new MatrixPath("hop", PathProfile.NGINX, PathFaults.of(PathProfile.NGINX).atSpeed(15));

    MatrixReport report =
        new LabMatrix(List.of(hop), List.of(MatrixPair.STOCK, MatrixPair.HOLDFAST), line -> {})
            .run();

    assertThat(report.cell(hop, MatrixPair.STOCK).heldStream().detail()).contains("RST_STREAM");
    assertThat(report.cell(hop, MatrixPair.HOLDFAST).text()).isEqualTo("ok / ok");
    assertThat(report.resultLine()).contains(" needs_heartbeat=0 ");
  }
}
