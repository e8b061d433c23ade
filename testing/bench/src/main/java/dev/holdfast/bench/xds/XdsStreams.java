package dev.holdfast.bench.xds;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.holdfast.control.xds.ResourceType;
import dev.holdfast.lab.process.ParentLine;
import io.envoyproxy.envoy.config.core.v3.Node;
import io.envoyproxy.envoy.config.endpoint.v3.ClusterLoadAssignment;
import io.envoyproxy.envoy.service.discovery.v3.AggregatedDiscoveryServiceGrpc;
import io.envoyproxy.envoy.service.discovery.v3.DiscoveryRequest;
import io.envoyproxy.envoy.service.discovery.v3.DiscoveryResponse;
import io.grpc.ManagedChannel;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.StreamObserver;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A child process with xDS client streams that ask as gRPC does: listener, cluster, endpoints. The
 * clients ACK every response; the process reports when the last of them has received a list.
 */
public final class XdsStreams {
  /** The line that the child prints when each stream has its first list of endpoints. */
  static final String CONNECTED = "CONNECTED";

  /**
   * The word before the newest address in a list and the time at which the last stream received
   * that list.
   */
  static final String GOT = "GOT";

  private final String service;
  private final int streams;
  private final ParentLine parent;
  private final AtomicInteger started = new AtomicInteger();
  private final Map<String, AtomicInteger> byVersion = new ConcurrentHashMap<>();

  private volatile boolean over;

  private XdsStreams(String service, int streams, ParentLine parent) {
    this.service = service;
    this.streams = streams;
    this.parent = parent;
  }

  /** The program: {@code PORT SERVICE STREAMS CONNECTIONS}. */
  public static void main(String[] args) throws Exception {
    ParentLine parent = new ParentLine();
    XdsStreams all = new XdsStreams(args[1], Integer.parseInt(args[2]), parent);
    List<ManagedChannel> channels = new ArrayList<>();
    for (int i = 0; i < Integer.parseInt(args[3]); i++) {
      channels.add(
          NettyChannelBuilder.forAddress("127.0.0.1", Integer.parseInt(args[0]))
              .usePlaintext()
              .directExecutor()
              .build());
    }
    for (int i = 0; i < all.streams; i++) {
      all.open(channels.get(i % channels.size()), i);
    }
    var unused = parent.next();
    all.over = true;
    channels.forEach(ManagedChannel::shutdownNow);
    System.exit(0);
  }

  /** The newest address: the one that sorts last. */
  static String newest(List<String> addresses) {
    return addresses.stream().max(Comparator.naturalOrder()).orElse("");
  }

  private void open(ManagedChannel channel, int number) {
    OneStream stream = new OneStream();
    stream.requests =
        AggregatedDiscoveryServiceGrpc.newStub(channel).streamAggregatedResources(stream);
    stream.ask(
        ResourceType.LISTENER,
        DiscoveryRequest.newBuilder()
            .setNode(Node.newBuilder().setId("bench-" + number).setUserAgentName("bench")));
  }

  /** gRPC calls it by one thread at a time, which is all that touches it. */
  private final class OneStream implements StreamObserver<DiscoveryResponse> {
    private @org.jspecify.annotations.Nullable StreamObserver<DiscoveryRequest> requests;
    private boolean hasClusters;
    private boolean hasEndpoints;

    void ask(ResourceType type, DiscoveryRequest.Builder request) {
      StreamObserver<DiscoveryRequest> to = requests;
      if (to != null) {
        to.onNext(request.setTypeUrl(type.typeUrl()).addResourceNames(service).build());
      }
    }

    @Override
    public void onNext(DiscoveryResponse response) {
      ResourceType type = ResourceType.ofUrl(response.getTypeUrl()).orElseThrow();
      if (type == ResourceType.ENDPOINTS) {
        count(response);
      }
      ask(
          type,
          DiscoveryRequest.newBuilder()
              .setVersionInfo(response.getVersionInfo())
              .setResponseNonce(response.getNonce()));
      if (type == ResourceType.LISTENER && !hasClusters) {
        hasClusters = true;
        ask(ResourceType.CLUSTER, DiscoveryRequest.newBuilder());
      } else if (type == ResourceType.CLUSTER && !hasEndpoints) {
        hasEndpoints = true;
        ask(ResourceType.ENDPOINTS, DiscoveryRequest.newBuilder());
      }
    }

    private void count(DiscoveryResponse response) {
      long now = System.nanoTime();
      int got =
          byVersion
              .computeIfAbsent(response.getVersionInfo(), version -> new AtomicInteger())
              .incrementAndGet();
      if (got == streams) {
        if (started.getAndSet(1) == 0) {
          parent.say("%s", CONNECTED);
        }
        parent.say("%s %s %d", GOT, newest(addresses(response)), now);
        // Told; what is kept is what is under way.
        byVersion.remove(response.getVersionInfo());
      }
    }

    @Override
    public void onError(Throwable cause) {
      if (over) {
        return;
      }
      System.err.println("a stream ended: " + cause);
      System.exit(1);
    }

    @Override
    public void onCompleted() {
      onError(new IllegalStateException("the server ended it"));
    }
  }

  private static List<String> addresses(DiscoveryResponse response) {
    try {
      return ClusterLoadAssignment.parseFrom(response.getResources(0).getValue())
          .getEndpointsList()
          .stream()
          .flatMap(locality -> locality.getLbEndpointsList().stream())
          .map(one -> one.getEndpoint().getAddress().getSocketAddress().getAddress())
          .toList();
    } catch (InvalidProtocolBufferException e) {
      throw new IllegalStateException("endpoints that make no sense", e);
    }
  }
}
