package dev.holdfast.control;

import com.google.protobuf.Any;
import com.google.protobuf.Timestamp;
import dev.holdfast.control.DiscoveryCall.TypeView;
import dev.holdfast.control.internal.xds.SubscriptionView.ClientResource;
import dev.holdfast.control.internal.xds.XdsSnapshot;
import dev.holdfast.control.xds.XdsResource;
import dev.holdfast.core.Clock;
import dev.holdfast.core.annotation.Limit;
import io.envoyproxy.envoy.admin.v3.ClientResourceStatus;
import io.envoyproxy.envoy.admin.v3.UpdateFailureState;
import io.envoyproxy.envoy.config.core.v3.Locality;
import io.envoyproxy.envoy.config.core.v3.Node;
import io.envoyproxy.envoy.service.status.v3.ClientConfig;
import io.envoyproxy.envoy.service.status.v3.ClientStatusDiscoveryServiceGrpc;
import io.envoyproxy.envoy.service.status.v3.ClientStatusRequest;
import io.envoyproxy.envoy.service.status.v3.ClientStatusResponse;
import io.envoyproxy.envoy.type.matcher.v3.NodeMatcher;
import io.envoyproxy.envoy.type.matcher.v3.StringMatcher;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** The standard way to ask what clients have (CSDS), as grpcdebug does. */
final class ClientStatusService
    extends ClientStatusDiscoveryServiceGrpc.ClientStatusDiscoveryServiceImplBase {
  @Limit(of = "resources in one answer of CSDS", then = "what further clients have is left out")
  private static final int MAX_RESOURCES = 10_000;

  private final DiscoveryStreams discoveryStreams;
  private final SnapshotPublisher snapshotPublisher;

  ClientStatusService(DiscoveryStreams discoveryStreams, SnapshotPublisher snapshotPublisher) {
    this.discoveryStreams = discoveryStreams;
    this.snapshotPublisher = snapshotPublisher;
  }

  @Override
  public void fetchClientStatus(
      ClientStatusRequest request, StreamObserver<ClientStatusResponse> answer) {
    try {
      answer.onNext(status(request));
      answer.onCompleted();
    } catch (IllegalArgumentException e) {
      answer.onError(refused(e));
    }
  }

  @Override
  public StreamObserver<ClientStatusRequest> streamClientStatus(
      StreamObserver<ClientStatusResponse> answer) {
    return new StreamObserver<>() {
      private boolean over;

      @Override
      public void onNext(ClientStatusRequest request) {
        if (over) {
          return;
        }
        try {
          answer.onNext(status(request));
        } catch (IllegalArgumentException e) {
          over = true;
          answer.onError(refused(e));
        }
      }

      @Override
      public void onError(Throwable cause) {
        over = true;
      }

      @Override
      public void onCompleted() {
        if (!over) {
          over = true;
          answer.onCompleted();
        }
      }
    };
  }

  private static RuntimeException refused(IllegalArgumentException cause) {
    return Status.INVALID_ARGUMENT.withDescription(cause.getMessage()).asRuntimeException();
  }

  private ClientStatusResponse status(ClientStatusRequest request) {
    // Before anybody is looked at: what is refused must not depend on who is connected.
    request.getNodeMatchersList().forEach(matcher -> matches(matcher.getNodeId(), ""));
    ClientStatusResponse.Builder response = ClientStatusResponse.newBuilder();
    Optional<XdsSnapshot> snapshot = snapshotPublisher.current();
    int resources = 0;
    for (DiscoveryCall<?> call : discoveryStreams.list()) {
      if (!matches(request.getNodeMatchersList(), call.node())) {
        continue;
      }
      ClientConfig config = config(call, request.getExcludeResourceContents(), snapshot);
      resources += config.getGenericXdsConfigsCount();
      if (resources > MAX_RESOURCES) {
        break;
      }
      response.addConfig(config);
    }
    return response.build();
  }

  /** Any of the matchers; only ids that are named, or by what they begin with, are understood. */
  private static boolean matches(List<NodeMatcher> matchers, ClientNode node) {
    return matchers.isEmpty()
        || matchers.stream().anyMatch(matcher -> matches(matcher.getNodeId(), node.id()));
  }

  private static boolean matches(StringMatcher matcher, String id) {
    return switch (matcher.getMatchPatternCase()) {
      case EXACT -> matcher.getExact().equals(id);
      case PREFIX -> id.startsWith(matcher.getPrefix());
      case MATCHPATTERN_NOT_SET -> true;
      default ->
          throw new IllegalArgumentException(
              "node_id: " + matcher.getMatchPatternCase() + " (expected: exact or prefix)");
    };
  }

  private ClientConfig config(
      DiscoveryCall<?> call, boolean withoutContents, Optional<XdsSnapshot> snapshot) {
    ClientNode node = call.node();
    ClientConfig.Builder config =
        ClientConfig.newBuilder()
            .setNode(
                Node.newBuilder()
                    .setId(node.id())
                    .setCluster(node.cluster())
                    .setUserAgentName(node.agent())
                    .setUserAgentVersion(node.version())
                    .setLocality(Locality.newBuilder().setZone(node.zone())));
    for (TypeView type : call.types()) {
      Map<String, ClientResource> sorted = new TreeMap<>(type.subscription().resources());
      sorted.forEach(
          (name, clientResource) -> {
            ClientConfig.GenericXdsConfig.Builder one = resource(type, name, clientResource);
            if (!withoutContents) {
              snapshot
                  .flatMap(s -> s.resource(type.subscription().type(), name))
                  .filter(r -> r.version().equals(clientResource.version()))
                  .ifPresent(r -> one.setXdsConfig(any(r)));
            }
            config.addGenericXdsConfigs(one);
          });
    }
    return config.build();
  }

  private ClientConfig.GenericXdsConfig.Builder resource(
      TypeView type, String name, ClientResource clientResource) {
    ClientConfig.GenericXdsConfig.Builder one =
        ClientConfig.GenericXdsConfig.newBuilder()
            .setTypeUrl(type.subscription().type().typeUrl())
            .setName(name)
            .setVersionInfo(clientResource.version())
            .setClientStatus(
                switch (clientResource.state()) {
                  case REQUESTED, SENT -> ClientResourceStatus.REQUESTED;
                  case ABSENT -> ClientResourceStatus.DOES_NOT_EXIST;
                  case ACCEPTED -> ClientResourceStatus.ACKED;
                  case REJECTED -> ClientResourceStatus.NACKED;
                });
    Long rejected = type.times().rejectedNanos();
    type.times()
        .rejection()
        .filter(why -> rejected != null)
        .ifPresent(
            why ->
                one.setErrorState(
                    UpdateFailureState.newBuilder()
                        .setDetails(why)
                        .setLastUpdateAttempt(wall(rejected == null ? 0 : rejected))));
    return one;
  }

  private Timestamp wall(long nanos) {
    Clock clock = discoveryStreams.clock();
    Instant at = clock.wallTime().minusNanos(clock.nanoTime() - nanos);
    return Timestamp.newBuilder().setSeconds(at.getEpochSecond()).setNanos(at.getNano()).build();
  }

  private static Any any(XdsResource resource) {
    return Any.newBuilder()
        .setTypeUrl(resource.type().typeUrl())
        .setValue(resource.value())
        .build();
  }
}
