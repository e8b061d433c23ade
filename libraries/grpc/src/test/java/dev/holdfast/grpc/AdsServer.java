package dev.holdfast.grpc;

import com.google.protobuf.Any;
import com.google.protobuf.Message;
import io.grpc.Grpc;
import io.grpc.InsecureServerCredentials;
import io.grpc.Server;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.grpc.xds.shaded.io.envoyproxy.envoy.service.discovery.v3.AggregatedDiscoveryServiceGrpc.AggregatedDiscoveryServiceImplBase;
import io.grpc.xds.shaded.io.envoyproxy.envoy.service.discovery.v3.DiscoveryRequest;
import io.grpc.xds.shaded.io.envoyproxy.envoy.service.discovery.v3.DiscoveryResponse;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * An xDS control plane: state of the world over one aggregated stream, as gRPC clients speak it.
 *
 * <p>A refusal (NACK) is kept for the test and not answered until the resource changes.
 */
final class AdsServer extends AggregatedDiscoveryServiceImplBase implements AutoCloseable {
  private static final String TYPE_PREFIX = "type.googleapis.com/";

  /** What clients refused, in their words. */
  final List<String> refusals = new CopyOnWriteArrayList<>();

  /** By type, then by name; guarded by this. */
  private final Map<String, Map<String, Message>> resources = new HashMap<>();

  private final List<Client> clients = new ArrayList<>();
  private final Server server;
  private long version;

  AdsServer() throws IOException {
    server =
        Grpc.newServerBuilderForPort(0, InsecureServerCredentials.create())
            .addService(this)
            .build()
            .start();
  }

  /** What a client needs to find it. */
  Map<String, ?> bootstrap() {
    return Map.of(
        "xds_servers",
        List.of(
            Map.of(
                "server_uri",
                "127.0.0.1:" + server.getPort(),
                "channel_creds",
                List.of(Map.of("type", "insecure")),
                "server_features",
                List.of("xds_v3"))),
        "node",
        Map.of("id", "holdfast-test"));
  }

  /** Makes it known, or changes it; clients that asked for its type hear of it at once. */
  synchronized void put(String name, Message resource) {
    String type = TYPE_PREFIX + resource.getDescriptorForType().getFullName();
    resources.computeIfAbsent(type, any -> new HashMap<>()).put(name, resource);
    version++;
    clients.forEach(client -> client.tell(type));
  }

  @Override
  public synchronized StreamObserver<DiscoveryRequest> streamAggregatedResources(
      StreamObserver<DiscoveryResponse> responses) {
    Client client = new Client(responses);
    ((ServerCallStreamObserver<DiscoveryResponse>) responses)
        .setOnCancelHandler(() -> forget(client));
    clients.add(client);
    return client;
  }

  @Override
  public void close() {
    server.shutdownNow();
  }

  private synchronized void forget(Client client) {
    clients.remove(client);
  }

  /** One stream; everything in it happens under the server's lock. */
  private final class Client implements StreamObserver<DiscoveryRequest> {
    private final StreamObserver<DiscoveryResponse> responses;

    /** What it wants to know, by type. */
    private final Map<String, List<String>> wanted = new HashMap<>();

    Client(StreamObserver<DiscoveryResponse> responses) {
      this.responses = responses;
    }

    @Override
    public void onNext(DiscoveryRequest request) {
      synchronized (AdsServer.this) {
        if (request.hasErrorDetail()) {
          refusals.add(request.getTypeUrl() + ": " + request.getErrorDetail().getMessage());
        }
        List<String> names = List.copyOf(request.getResourceNamesList());
        boolean isAnswerOnly = names.equals(wanted.put(request.getTypeUrl(), names));
        if (!isAnswerOnly) {
          tell(request.getTypeUrl());
        }
      }
    }

    void tell(String type) {
      List<String> names = wanted.getOrDefault(type, List.of());
      if (names.isEmpty()) {
        return;
      }
      DiscoveryResponse.Builder response =
          DiscoveryResponse.newBuilder()
              .setTypeUrl(type)
              .setVersionInfo(String.valueOf(version))
              .setNonce(String.valueOf(version));
      Map<String, Message> known = resources.getOrDefault(type, Map.of());
      names.stream()
          .filter(known::containsKey)
          .forEach(name -> response.addResources(Any.pack(known.get(name))));
      responses.onNext(response.build());
    }

    @Override
    public void onError(Throwable cancelled) {
      forget(this);
    }

    @Override
    public void onCompleted() {
      forget(this);
      responses.onCompleted();
    }
  }
}
