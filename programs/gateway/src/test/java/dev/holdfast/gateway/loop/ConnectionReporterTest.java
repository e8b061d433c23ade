package dev.holdfast.gateway.loop;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.core.CloseReason;
import dev.holdfast.gateway.traffic.ConnectionListener;
import dev.holdfast.gateway.traffic.ConnectionProtocol;
import dev.holdfast.liveness.ConnectionObserver;
import dev.holdfast.liveness.ReplacementState;
import dev.holdfast.liveness.WatchedConnection;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;

class ConnectionReporterTest {
  private static final ConnectionListener.ConnectionEnds ENDS =
      new ConnectionListener.ConnectionEnds(ConnectionProtocol.HTTP2, "", null, null);

  private final List<String> heard = new ArrayList<>();
  private final List<BooleanSupplier> suspects = new ArrayList<>();
  private final ConnectionReporter reporter =
      new ConnectionReporter(
          (ends, suspect) -> {
            heard.add("opened");
            suspects.add(suspect);
            return new ConnectionListener.OpenConnection() {
              @Override
              public void onAgent(String userAgent) {
                heard.add(userAgent);
              }

              @Override
              public void onClosed(CloseReason why) {
                heard.add(why.code());
              }
            };
          },
          ENDS,
          ConnectionObserver.NONE);

  @Test
  void aCallThatComesWithTheSettingsIsReportedBehindThem() {
    reporter.onCall("curl/8");
    assertThat(heard).isEmpty();
    reporter.onReady(new Watched());
    assertThat(heard).containsExactly("opened", "curl/8");
  }

  @Test
  void onlyTheFirstCallCounts() {
    reporter.onReady(new Watched());
    assertThat(reporter.isCalled()).isFalse();
    reporter.onCall(null);
    assertThat(reporter.isCalled()).isTrue();
    reporter.onCall("late/1");
    assertThat(heard).containsExactly("opened");
  }

  @Test
  void aDoubtEndsWithTheNextSignOfLife() {
    reporter.onReady(new Watched());
    BooleanSupplier suspect = suspects.get(0);
    reporter.onSuspect(CloseReason.PEER_SILENT);
    assertThat(suspect.getAsBoolean()).isTrue();
    reporter.onProven();
    assertThat(suspect.getAsBoolean()).isFalse();
    reporter.onClosed(CloseReason.CLOSED_BY_PEER);
    assertThat(heard).containsExactly("opened", "HF-410");
  }

  @Test
  void theEndOfAConnectionThatWasNeverOpenIsNotHeard() {
    reporter.onClosed(CloseReason.CLOSED_HERE);
    assertThat(heard).isEmpty();
  }

  private static final class Watched implements WatchedConnection {
    @Override
    public SocketAddress remoteAddress() {
      return InetSocketAddress.createUnresolved("peer", 1);
    }

    @Override
    public long lastReadNanos() {
      return 0;
    }

    @Override
    public boolean isStale(long nowNanos) {
      return false;
    }

    @Override
    public void checkLiveness() {}

    @Override
    public void replacement(ReplacementState state) {}
  }
}
