package dev.holdfast.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.holdfast.core.CloseReason;
import dev.holdfast.gateway.traffic.ConnectionListener;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;

/** A listener that keeps what it hears of a gateway's connections. */
final class HeardConnections implements ConnectionListener {
  final List<Heard> opened = new CopyOnWriteArrayList<>();

  @Override
  public OpenConnection onOpened(ConnectionEnds ends, BooleanSupplier suspect) {
    Heard connection = new Heard(ends, suspect);
    opened.add(connection);
    return connection;
  }

  /** The only connection of a cluster; "" for those of clients. */
  Heard only(String cluster) {
    List<Heard> found =
        opened.stream().filter(each -> each.ends.cluster().equals(cluster)).toList();
    assertThat(found).hasSize(1);
    return found.get(0);
  }

  /** A connection as it was heard of. */
  static final class Heard implements OpenConnection {
    final ConnectionEnds ends;
    final BooleanSupplier suspect;
    final List<String> agents = new CopyOnWriteArrayList<>();
    final AtomicInteger webSockets = new AtomicInteger();
    final List<String> evidence = new CopyOnWriteArrayList<>();
    final List<CloseReason> closed = new CopyOnWriteArrayList<>();

    Heard(ConnectionEnds ends, BooleanSupplier suspect) {
      this.ends = ends;
      this.suspect = suspect;
    }

    /** Waits for the end; the reason of it. */
    CloseReason end() {
      await()
          .atMost(Duration.ofSeconds(GatewayRig.PATIENCE_SECONDS))
          .until(() -> !closed.isEmpty());
      assertThat(closed).hasSize(1);
      return closed.get(0);
    }

    @Override
    public void onAgent(String userAgent) {
      agents.add(userAgent);
    }

    @Override
    public void onWebSocket() {
      webSockets.incrementAndGet();
    }

    @Override
    public void onEvidence(String text) {
      evidence.add(text);
    }

    @Override
    public void onClosed(CloseReason why) {
      closed.add(why);
    }
  }
}
