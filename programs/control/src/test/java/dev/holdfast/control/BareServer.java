package dev.holdfast.control;

import dev.holdfast.control.resources.Policy;
import dev.holdfast.control.resources.PolicyResources;
import dev.holdfast.control.xds.XdsSnapshot;
import dev.holdfast.core.Endpoint;
import dev.holdfast.core.EndpointSet;
import dev.holdfast.core.SystemScheduler;
import io.grpc.Server;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;

/** The services of xDS on a socket, without a registry: a test says what there is. */
final class BareServer implements AutoCloseable {
  final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  final Clients clients = new Clients(meters, SystemScheduler.shared().clock());
  private final Publisher publisher = new Publisher(new PolicyResources(Policy.NONE), meters);
  private final ServerKeys keys;
  private final Server server;

  BareServer(ServerKeys keys) throws IOException {
    this.keys = keys;
    DiscoveryCall.Parts parts =
        new DiscoveryCall.Parts(publisher, clients, new ReplyEncoder("holdfast"));
    server =
        Servers.forClients(
                new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                keys,
                new DiscoveryServices(parts).all())
            .start();
  }

  static BareServer inPlaintext() throws IOException {
    return new BareServer(ServerKeys.of(Optional.empty()));
  }

  InetSocketAddress address() {
    return Servers.address(server);
  }

  /** These are the instances of a service from now on. */
  void put(String service, String... addresses) {
    EndpointSet list = EndpointSet.of(Arrays.stream(addresses).map(Endpoint::of).toList());
    publisher.changed(Map.of(service, Optional.of(list)), XdsSnapshot.Unknown.NONE);
  }

  /** There is no such service any more. */
  void remove(String service) {
    publisher.changed(Map.of(service, Optional.empty()), XdsSnapshot.Unknown.NONE);
  }

  @Override
  public void close() {
    server.shutdownNow();
    publisher.close();
    clients.close();
    keys.close();
  }
}
