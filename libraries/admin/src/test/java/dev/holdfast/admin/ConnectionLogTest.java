package dev.holdfast.admin;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.core.CloseReason;
import dev.holdfast.core.testkit.VirtualScheduler;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

class ConnectionLogTest {
  private static final ConnectionLog.Ends ENDS =
      new ConnectionLog.Ends(true, "", "10.0.0.7:40001", "10.0.0.1:50051");

  private final VirtualScheduler time = new VirtualScheduler();
  private final ConnectionLog log = new ConnectionLog(time.clock(), 3);

  @Test
  void showsAConnectionFromItsBeginToItsEnd() {
    AtomicBoolean suspect = new AtomicBoolean();
    ConnectionLog.Tracked connection = log.opened(ENDS, suspect::get);
    connection.agent("grpc-go/1.75.0");
    connection.agent("another");
    time.advance(Duration.ofSeconds(5));
    suspect.set(true);

    assertThat(log.open())
        .singleElement()
        .satisfies(
            row -> {
              assertThat(row.peer()).isEqualTo("10.0.0.7:40001");
              assertThat(row.agent()).isEqualTo("grpc-go/1.75.0");
              assertThat(row.suspect()).isTrue();
              assertThat(row.ageMillis()).isEqualTo(5_000);
              assertThat(row.code()).isEmpty();
            });

    connection.closed(Optional.of(CloseReason.PEER_SILENT));
    connection.closed(Optional.of(CloseReason.CLOSED_HERE));

    assertThat(log.open()).isEmpty();
    assertThat(log.closed())
        .singleElement()
        .satisfies(
            row -> {
              assertThat(row.code()).isEqualTo("HF-405");
              assertThat(row.ageMillis()).isEqualTo(5_000);
            });
  }

  @Test
  void connectionsBeyondTheBoundAreCountedAndTheirEndsKept() {
    ConnectionLog.Tracked[] all = new ConnectionLog.Tracked[5];
    for (int i = 0; i < all.length; i++) {
      all[i] = log.opened(ENDS, () -> false);
    }

    assertThat(log.open()).hasSize(3);
    assertThat(log.openCount()).isEqualTo(5);
    assertThat(log.unlistedCount()).isEqualTo(2);

    for (ConnectionLog.Tracked each : all) {
      each.closed(Optional.empty());
    }
    assertThat(log.openCount()).isZero();
    assertThat(log.unlistedCount()).isZero();
    assertThat(log.closed()).hasSize(5);
  }

  @Test
  void ringKeepsTheLastThousandEnds() {
    for (int i = 0; i < ConnectionLog.MAX_CLOSED + 10; i++) {
      log.opened(ENDS, () -> false).closed(Optional.empty());
    }

    assertThat(log.closed()).hasSize(ConnectionLog.MAX_CLOSED);
    assertThat(log.closed().get(0).id()).isEqualTo(11);
    assertThat(log.closedCount()).isEqualTo(ConnectionLog.MAX_CLOSED + 10);
  }

  @Test
  void textOfAPeerIsBoundedAndHasNoControlCharacters() {
    log.opened(ENDS, () -> false).agent("\u001b[2J" + "x".repeat(10_000));

    assertThat(log.open().get(0).agent()).startsWith("?[2Jxx").hasSize(ShownText.MAX_CHARACTERS);
  }
}
