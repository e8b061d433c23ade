package dev.holdfast.grpc.internal.admin;

import dev.holdfast.admin.ConnectionLog;
import io.grpc.Grpc;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.netty.channel.Channel;
import java.net.SocketAddress;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The user-agent of each client of one server, taken from its first call for the admin service.
 * Only servers with an admin service have one of these. A call costs one lookup. Thread-safe.
 */
public final class PeerAgents implements ServerInterceptor {
  private static final Metadata.Key<String> USER_AGENT =
      Metadata.Key.of("user-agent", Metadata.ASCII_STRING_MARSHALLER);

  private final Map<SocketAddress, ConnectionLog.Tracked> connections = new ConcurrentHashMap<>();

  /** A connection was accepted; it is forgotten when it ends. */
  public void accept(Channel channel, ConnectionLog.Tracked connection) {
    SocketAddress client = channel.remoteAddress();
    if (client != null) {
      connections.put(client, connection);
      channel.closeFuture().addListener(closed -> connections.remove(client, connection));
    }
  }

  @Override
  public <Q, A> ServerCall.Listener<Q> interceptCall(
      ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
    SocketAddress client = call.getAttributes().get(Grpc.TRANSPORT_ATTR_REMOTE_ADDR);
    ConnectionLog.Tracked connection = client == null ? null : connections.get(client);
    if (connection != null && !connection.isAgentKnown()) {
      String agent = headers.get(USER_AGENT);
      if (agent != null) {
        connection.agent(agent);
      }
    }
    return next.startCall(call, headers);
  }
}
