package dev.holdfast.cli.control;

import dev.holdfast.admin.ConnectionLog;
import io.grpc.Attributes;
import io.grpc.Grpc;
import io.grpc.ServerTransportFilter;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The recorder of a control plane's connections for the admin service of its process. Why one ended
 * gRPC does not tell. Thread-safe.
 */
final class ControlConnections extends ServerTransportFilter {
  private static final Attributes.Key<ConnectionLog.Tracked> OPENED =
      Attributes.Key.create("dev.holdfast.cli.control.ControlConnections.OPENED");

  private final ConnectionLog connections;

  ControlConnections(ConnectionLog connections) {
    this.connections = connections;
  }

  @Override
  public Attributes transportReady(Attributes transport) {
    ConnectionLog.Ends ends =
        new ConnectionLog.Ends(
            true,
            "",
            ListenAddress.text(transport.get(Grpc.TRANSPORT_ATTR_REMOTE_ADDR)),
            ListenAddress.text(transport.get(Grpc.TRANSPORT_ATTR_LOCAL_ADDR)));
    return transport.toBuilder().set(OPENED, connections.opened(ends, () -> false)).build();
  }

  @Override
  public void transportTerminated(@Nullable Attributes transport) {
    // Null, or without the key, where the connection ended before it was ready.
    ConnectionLog.Tracked opened = transport == null ? null : transport.get(OPENED);
    if (opened != null) {
      opened.closed(Optional.empty());
    }
  }
}
