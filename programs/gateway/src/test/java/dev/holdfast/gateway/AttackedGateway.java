package dev.holdfast.gateway;

import dev.holdfast.core.Endpoint;
import dev.holdfast.core.EndpointSet;
import dev.holdfast.gateway.cluster.Cluster;
import dev.holdfast.gateway.limits.GatewayLimits;
import dev.holdfast.gateway.limits.GatewayMemory;
import dev.holdfast.gateway.route.Route;
import dev.holdfast.gateway.route.RouteOptions;
import io.grpc.ManagedChannel;
import io.grpc.netty.NettyChannelBuilder;
import java.io.ByteArrayOutputStream;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A gateway with one thread, a client that makes calls to a good service all the time, and an
 * upstream for those who mean harm.
 */
final class AttackedGateway implements AutoCloseable {
  static final String PATH = "/test.Echo/Talk";
  private static final String GOOD = "good";
  static final String OTHER = "other";
  static final String NOWHERE = "nowhere";

  final GatewayRig rig = new GatewayRig();
  final Gateway gateway;
  final BackgroundCaller backgroundCaller;

  AttackedGateway(String upstream) throws Exception {
    this(upstream, GatewayLimits.DEFAULT);
  }

  AttackedGateway(String upstream, GatewayLimits limits) throws Exception {
    this(Map.of(OTHER, upstream), limits);
  }

  /** With an upstream for each of these authorities. */
  AttackedGateway(Map<String, String> upstreams, GatewayLimits limits) throws Exception {
    this(upstreams, limits, GatewayMemory.ofProcess());
  }

  AttackedGateway(Map<String, String> upstreams, GatewayLimits limits, GatewayMemory memory)
      throws Exception {
    this(upstreams, limits, memory, Transport.PLAINTEXT);
  }

  /** The clients of {@link #client} come over this transport. */
  AttackedGateway(
      Map<String, String> upstreams,
      GatewayLimits limits,
      GatewayMemory memory,
      Transport transport)
      throws Exception {
    rig.memory(memory).transport(transport);
    Map<String, Route> routes = new HashMap<>();
    Map<String, Cluster> clusters = new HashMap<>();
    upstreams.forEach((name, upstream) -> clusters.put(name, cluster(name, upstream)));
    clusters.put(GOOD, cluster(GOOD, rig.serve(new Echo())));
    clusters
        .keySet()
        .forEach(each -> routes.put(each, new Route(each, each, RouteOptions.DEFAULT)));
    Route other = routes.get(OTHER);
    GatewaySnapshot snapshot =
        new GatewaySnapshot(
            head -> {
              String authority = head.authority().toString();
              return authority.equals(NOWHERE) ? null : routes.getOrDefault(authority, other);
            },
            clusters,
            limits);
    gateway = rig.gateway(snapshot);
    backgroundCaller = bystander(GOOD);
  }

  /**
   * Another client of the attacked cluster and endpoint ({@link #OTHER}), which makes calls all the
   * time: over the same connection to the upstream as the attackers. A server of {@link RawPeer}
   * answers it by itself.
   */
  BackgroundCaller neighbour() throws Exception {
    return bystander(OTHER);
  }

  /** A client that makes calls to the service of this authority all the time. */
  BackgroundCaller bystander(String authority) throws Exception {
    ManagedChannel channel =
        NettyChannelBuilder.forAddress(gateway.address())
            .usePlaintext()
            .overrideAuthority(authority)
            .directExecutor()
            .build();
    rig.closing(new Calls(channel));
    return rig.closing(GatewayRig.patiently(gateway, () -> BackgroundCaller.on(channel)));
  }

  private record Calls(ManagedChannel channel) implements AutoCloseable {
    @Override
    public void close() {
      channel.shutdownNow();
    }
  }

  /** A client of the other service. */
  RawPeer client() {
    return rig.client(gateway);
  }

  /** A frame many times. */
  static byte[] repeated(byte[] frame, int times) {
    ByteArrayOutputStream all = new ByteArrayOutputStream(frame.length * times);
    for (int i = 0; i < times; i++) {
      all.writeBytes(frame);
    }
    return all.toByteArray();
  }

  private static Cluster cluster(String name, String endpoint) {
    EndpointSet set = EndpointSet.of(List.of(Endpoint.of(endpoint)));
    return Cluster.fixed(name, set, GatewayRig.PATIENT);
  }

  @Override
  public void close() {
    rig.close();
  }
}
