package dev.holdfast.bench.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.bench.deploy.DeliveryLedger.Direction;
import dev.holdfast.bench.deploy.DeliveryLedger.Entry;
import dev.holdfast.bench.deploy.DeliveryLedger.Role;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LedgerAuditTest {
  private static final int SENT = 5;

  @TempDir private Path folder;
  private final List<Entry> entries = new ArrayList<>();

  @Test
  void streamThatTwoHandlersTookOneAfterTheOtherIsClean() throws IOException {
    assertThat(audit(List.of(1, 2, 3), List.of(4, 5))).isEqualTo(new LedgerAudit(1, SENT, 0, 0, 0));
    assertThat(LedgerAudit.firstFault(entries)).isNull();
  }

  @Test
  void messageThatNobodyTookIsLost() throws IOException {
    assertThat(audit(List.of(1, 2), List.of(4, 5)).lost()).isOne();
    assertThat(LedgerAudit.firstFault(entries)).contains("TAKEN 4-5");
  }

  @Test
  void messagesAtTheEndThatNobodyTookAreLost() throws IOException {
    assertThat(audit(List.of(1, 2), List.of(3)).lost()).isEqualTo(2);
  }

  @Test
  void allOfAStreamThatNobodyTookIsLost() throws IOException {
    assertThat(audit().lost()).isEqualTo(SENT);
  }

  @Test
  void messageThatTwoHandlersTookIsDuplicated() throws IOException {
    assertThat(audit(List.of(1, 2, 3), List.of(3, 4, 5)))
        .isEqualTo(new LedgerAudit(1, SENT, 0, 1, 0));
  }

  @Test
  void messageThatOneReceiverTookTwiceIsDuplicated() throws IOException {
    assertThat(audit(List.of(1, 2, 2, 3, 4, 5)).duplicated()).isOne();
  }

  @Test
  void messageThatNobodySentIsDuplicated() throws IOException {
    assertThat(audit(List.of(1, 2, 3, 4, 5, 6)).duplicated()).isOne();
  }

  @Test
  void messageThatComesBeforeAnEarlierOneIsReordered() throws IOException {
    assertThat(audit(List.of(1, 3, 2, 4, 5))).isEqualTo(new LedgerAudit(1, SENT, 0, 0, 1));
  }

  @SafeVarargs
  private LedgerAudit audit(List<Integer>... receivers) throws IOException {
    DeliveryLedger clients = new DeliveryLedger();
    MessageRuns sent = clients.open(StreamKind.BIDIRECTIONAL, 7, Direction.FROM_CLIENT, Role.SENT);
    for (int i = 1; i <= SENT; i++) {
      sent.add(i);
    }
    DeliveryLedger servers = new DeliveryLedger();
    for (List<Integer> receiver : receivers) {
      MessageRuns taken =
          servers.open(StreamKind.BIDIRECTIONAL, 7, Direction.FROM_CLIENT, Role.TAKEN);
      receiver.forEach(taken::add);
    }
    clients.write(folder.resolve("clients"));
    servers.write(folder.resolve("servers"));
    entries.addAll(DeliveryLedger.read(folder.resolve("clients")));
    entries.addAll(DeliveryLedger.read(folder.resolve("servers")));
    return LedgerAudit.of(entries);
  }
}
