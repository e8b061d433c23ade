package dev.holdfast.control;

import dev.holdfast.control.xds.ResourceType;
import io.envoyproxy.envoy.config.core.v3.Node;
import io.envoyproxy.envoy.config.endpoint.v3.ClusterLoadAssignment;
import io.envoyproxy.envoy.service.discovery.v3.AggregatedDiscoveryServiceGrpc;
import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryRequest;
import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryResponse;
import io.envoyproxy.envoy.service.discovery.v3.DiscoveryRequest;
import io.envoyproxy.envoy.service.discovery.v3.DiscoveryResponse;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** A client of xDS that says what a test says, and shows every response. */
final class RawClient implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  final ManagedChannel channel;

  RawClient(InetSocketAddress control) {
    this(
        NettyChannelBuilder.forAddress(control, InsecureChannelCredentials.create())
            .maxInboundMessageSize(64 << 20)
            .build());
  }

  RawClient(ManagedChannel channel) {
    this.channel = channel;
  }

  static Node node(String id) {
    return Node.newBuilder()
        .setId(id)
        .setUserAgentName("test library")
        .setUserAgentVersion("1.2.3")
        .build();
  }

  Stream<DiscoveryRequest, DiscoveryResponse> sotw() {
    Stream<DiscoveryRequest, DiscoveryResponse> stream = new Stream<>();
    var unused = AggregatedDiscoveryServiceGrpc.newStub(channel).streamAggregatedResources(stream);
    return stream;
  }

  Stream<DeltaDiscoveryRequest, DeltaDiscoveryResponse> delta() {
    Stream<DeltaDiscoveryRequest, DeltaDiscoveryResponse> stream = new Stream<>();
    var unused = AggregatedDiscoveryServiceGrpc.newStub(channel).deltaAggregatedResources(stream);
    return stream;
  }

  /** A request for names of a type, in the name of a node. */
  static DiscoveryRequest asking(ResourceType type, String... names) {
    return DiscoveryRequest.newBuilder()
        .setNode(node("raw"))
        .setTypeUrl(type.typeUrl())
        .addAllResourceNames(List.of(names))
        .build();
  }

  /** As {@link #asking}, after a response. */
  static DiscoveryRequest accepting(DiscoveryResponse response, String... names) {
    return DiscoveryRequest.newBuilder()
        .setTypeUrl(response.getTypeUrl())
        .setVersionInfo(response.getVersionInfo())
        .setResponseNonce(response.getNonce())
        .addAllResourceNames(List.of(names))
        .build();
  }

  static DiscoveryRequest rejecting(DiscoveryResponse response, String why, String... names) {
    return accepting(response, names).toBuilder()
        .setVersionInfo("")
        .setErrorDetail(com.google.rpc.Status.newBuilder().setCode(3).setMessage(why))
        .build();
  }

  /** The ports of all endpoints in a response. */
  static List<Integer> ports(DiscoveryResponse response) {
    List<Integer> ports = new ArrayList<>();
    response
        .getResourcesList()
        .forEach(
            any ->
                parsed(any, ClusterLoadAssignment.class).getEndpointsList().stream()
                    .flatMap(locality -> locality.getLbEndpointsList().stream())
                    .forEach(
                        one ->
                            ports.add(
                                one.getEndpoint().getAddress().getSocketAddress().getPortValue())));
    return ports;
  }

  private static <T extends com.google.protobuf.Message> T parsed(
      com.google.protobuf.Any any, Class<T> type) {
    try {
      return any.unpack(type);
    } catch (com.google.protobuf.InvalidProtocolBufferException e) {
      throw new IllegalStateException(e);
    }
  }

  @Override
  public void close() {
    channel.shutdownNow();
  }

  /** A stream that reads only when it is told to. */
  Lazy lazy() {
    Lazy stream = new Lazy();
    var unused = AggregatedDiscoveryServiceGrpc.newStub(channel).streamAggregatedResources(stream);
    return stream;
  }

  /** See {@link #lazy}. */
  static final class Lazy implements ClientResponseObserver<DiscoveryRequest, DiscoveryResponse> {
    private final BlockingQueue<DiscoveryResponse> responses = new LinkedBlockingQueue<>();

    @SuppressWarnings("NullAway.Init") // gRPC gives it before anything else
    private ClientCallStreamObserver<DiscoveryRequest> requests;

    @Override
    public void beforeStart(ClientCallStreamObserver<DiscoveryRequest> stream) {
      requests = stream;
      stream.disableAutoRequestWithInitial(0);
    }

    void send(DiscoveryRequest request) {
      requests.onNext(request);
    }

    DiscoveryResponse next() throws InterruptedException {
      requests.request(1);
      DiscoveryResponse next = responses.poll(PATIENCE.toSeconds(), TimeUnit.SECONDS);
      if (next == null) {
        throw new AssertionError("no response");
      }
      return next;
    }

    @Override
    public void onNext(DiscoveryResponse response) {
      responses.add(response);
    }

    @Override
    public void onError(Throwable cause) {
      // The test ends it.
    }

    @Override
    public void onCompleted() {
      // Nobody waits for it.
    }
  }

  /** One stream, with all that came by it. */
  static final class Stream<Q, R> implements ClientResponseObserver<Q, R> {
    final List<R> responses = new CopyOnWriteArrayList<>();
    final AtomicReference<@Nullable Status> end = new AtomicReference<>();

    @SuppressWarnings("NullAway.Init") // gRPC gives it before anything else
    private ClientCallStreamObserver<Q> requests;

    @Override
    public void beforeStart(ClientCallStreamObserver<Q> stream) {
      requests = stream;
    }

    void send(Q request) {
      requests.onNext(request);
    }

    void end() {
      requests.onCompleted();
    }

    /** The first response so far that is like this. */
    <T> R awaitOne(Function<R, T> what, T value) {
      return org.awaitility.Awaitility.await()
          .atMost(PATIENCE)
          .until(
              () -> responses.stream().filter(r -> what.apply(r).equals(value)).findFirst(),
              java.util.Optional::isPresent)
          .orElseThrow();
    }

    /** The response with this number, from 0. */
    R await(int number) {
      org.awaitility.Awaitility.await().atMost(PATIENCE).until(() -> responses.size() > number);
      return responses.get(number);
    }

    Status awaitEnd() {
      org.awaitility.Awaitility.await().atMost(PATIENCE).until(() -> end.get() != null);
      return Objects.requireNonNull(end.get());
    }

    @Override
    public void onNext(R response) {
      responses.add(response);
    }

    @Override
    public void onError(Throwable cause) {
      end.set(Status.fromThrowable(cause));
    }

    @Override
    public void onCompleted() {
      end.set(Status.OK);
    }
  }
}
