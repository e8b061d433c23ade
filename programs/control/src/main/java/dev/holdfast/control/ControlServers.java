package dev.holdfast.control;

import io.grpc.InsecureServerCredentials;
import io.grpc.Server;
import io.grpc.ServerCredentials;
import io.grpc.ServerServiceDefinition;
import io.grpc.netty.NettyServerBuilder;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** The factory of the servers of a control plane. */
final class ControlServers {
  private ControlServers() {}

  /** The one that clients of xDS connect to, which stays open for as long as they do. */
  static Server forClients(
      ControlOptions options, ServerTlsCredentials keys, List<ServerServiceDefinition> services) {
    NettyServerBuilder builder =
        builder(options.listen(), keys.credentials())
            .maxConcurrentCallsPerConnection(ControlOptions.MAX_STREAMS_PER_CONNECTION)
            .addServices(services);
    options.connections().ifPresent(builder::addTransportFilter);
    return builder.build();
  }

  /** The one for people, in plaintext, and beyond loopback with a token. */
  static Server forAdmins(ControlOptions options, List<ServerServiceDefinition> services) {
    NettyServerBuilder builder =
        builder(options.admin(), InsecureServerCredentials.create()).addServices(services);
    if (!options.admin().getAddress().isLoopbackAddress()) {
      options.adminToken().map(AdminTokenInterceptor::new).ifPresent(builder::intercept);
    }
    return builder.build();
  }

  static InetSocketAddress address(Server server) {
    return (InetSocketAddress) server.getListenSockets().get(0);
  }

  private static NettyServerBuilder builder(
      InetSocketAddress address, ServerCredentials credentials) {
    return NettyServerBuilder.forAddress(address, credentials)
        .maxInboundMessageSize(ControlOptions.MAX_REQUEST_BYTES)
        .permitKeepAliveTime(ControlOptions.PING_PERMIT.toSeconds(), TimeUnit.SECONDS)
        .permitKeepAliveWithoutCalls(true)
        .keepAliveTime(ControlOptions.KEEPALIVE.toSeconds(), TimeUnit.SECONDS)
        .keepAliveTimeout(ControlOptions.KEEPALIVE_TIMEOUT.toSeconds(), TimeUnit.SECONDS);
  }
}
