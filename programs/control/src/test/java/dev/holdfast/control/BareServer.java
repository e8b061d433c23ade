package dev.holdfast.control;

import dev.holdfast.control.internal.xds.XdsSnapshot;
import dev.holdfast.control.resources.Policy;
import dev.holdfast.control.resources.PolicyResources;
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
  final DiscoveryStreams discoveryStreams =
      new DiscoveryStreams(meters, SystemScheduler.shared().clock());
  private final SnapshotPublisher snapshotPublisher =
      new SnapshotPublisher(new PolicyResources(Policy.NONE), meters);
  private final ServerTlsCredentials keys;
  private final Server server;

  BareServer(ServerTlsCredentials keys) throws IOException {
    this.keys = keys;
    DiscoveryCall.DiscoveryContext discoveryContext =
        new DiscoveryCall.DiscoveryContext(
            snapshotPublisher, discoveryStreams, new XdsResponseEncoder("holdfast"));
    server =
        ControlServers.forClients(
                ControlOptions.DEFAULT.withListen(
                    new InetSocketAddress(InetAddress.getLoopbackAddress(), 0)),
                keys,
                new DiscoveryServices(discoveryContext).all())
            .start();
  }

  static BareServer inPlaintext() throws IOException {
    return new BareServer(ServerTlsCredentials.of(Optional.empty()));
  }

  InetSocketAddress address() {
    return ControlServers.address(server);
  }

  /** These are the instances of a service from now on. */
  void put(String service, String... addresses) {
    EndpointSet list = EndpointSet.of(Arrays.stream(addresses).map(Endpoint::of).toList());
    snapshotPublisher.changed(Map.of(service, Optional.of(list)), XdsSnapshot.UnknownServices.NONE);
  }

  /** There is no such service any more. */
  void remove(String service) {
    snapshotPublisher.changed(Map.of(service, Optional.empty()), XdsSnapshot.UnknownServices.NONE);
  }

  @Override
  public void close() {
    server.shutdownNow();
    snapshotPublisher.close();
    discoveryStreams.close();
    keys.close();
  }
}
