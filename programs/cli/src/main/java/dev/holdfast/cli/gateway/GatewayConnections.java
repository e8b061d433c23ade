package dev.holdfast.cli.gateway;

import dev.holdfast.admin.ConnectionLog;
import dev.holdfast.cli.control.ListenAddress;
import dev.holdfast.core.CloseReason;
import dev.holdfast.gateway.traffic.ConnectionListener;
import dev.holdfast.gateway.traffic.ConnectionProtocol;
import java.util.Optional;
import java.util.function.BooleanSupplier;

/**
 * The recorder of a gateway's connections for the admin service of its process. Those of clients
 * have the role {@code server} there, those to endpoints the role {@code client} and the name of
 * their cluster. Thread-safe.
 */
final class GatewayConnections implements ConnectionListener {
  private final ConnectionLog connections;

  GatewayConnections(ConnectionLog connections) {
    this.connections = connections;
  }

  @Override
  public OpenConnection onOpened(ConnectionEnds ends, BooleanSupplier suspect) {
    ConnectionLog.Tracked opened =
        connections.opened(
            new ConnectionLog.Ends(
                ends.cluster().isEmpty(),
                ends.cluster(),
                ListenAddress.text(ends.peer()),
                ListenAddress.text(ends.local()),
                ends.protocol().text()),
            suspect);
    return new OpenConnection() {
      @Override
      public void onAgent(String userAgent) {
        opened.agent(userAgent);
      }

      @Override
      public void onWebSocket() {
        opened.upgraded(ConnectionProtocol.WEBSOCKET.text());
      }

      @Override
      public void onEvidence(String evidence) {
        opened.evidence(evidence);
      }

      @Override
      public void onClosed(CloseReason why) {
        opened.closed(Optional.of(why));
      }
    };
  }
}
