package dev.holdfast.control;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.control.xds.ResourceType;
import io.envoyproxy.envoy.service.discovery.v3.AggregatedDiscoveryServiceGrpc;
import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryRequest;
import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryResponse;
import io.envoyproxy.envoy.service.discovery.v3.Resource;
import io.grpc.Channel;
import io.grpc.stub.StreamObserver;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * A client of the incremental variant that says what Envoy is documented to say, and believes
 * nothing that the protocol does not allow.
 *
 * <p>All clusters and listeners by a wildcard (a first request that names none); the endpoints of
 * each cluster by name, asked for when the cluster comes and let go when it goes; who it is in the
 * first request of a stream only; after a lost stream the versions of all that it has. Thread-safe.
 */
final class EnvoyModel implements StreamObserver<DeltaDiscoveryResponse> {
  private final Map<ResourceType, Map<String, String>> has = new EnumMap<>(ResourceType.class);
  private final Set<String> rejected = new HashSet<>();
  private final List<String> heard = new ArrayList<>();
  private final List<String> wrong = new ArrayList<>();
  private final Set<String> nonces = new HashSet<>();
  private Set<String> endpointsAsked = new TreeSet<>();
  private Optional<StreamObserver<DeltaDiscoveryRequest>> requests = Optional.empty();

  /** Opens a stream, with what it has from an earlier one. */
  synchronized void connect(Channel channel) {
    nonces.clear();
    heard.clear();
    StreamObserver<DeltaDiscoveryRequest> stream =
        AggregatedDiscoveryServiceGrpc.newStub(channel).deltaAggregatedResources(this);
    requests = Optional.of(stream);
    stream.onNext(first(ResourceType.CLUSTER).setNode(RawClient.node("envoy")).build());
    if (!endpointsAsked.isEmpty()) {
      stream.onNext(
          first(ResourceType.ENDPOINTS).addAllResourceNamesSubscribe(endpointsAsked).build());
    }
    stream.onNext(first(ResourceType.LISTENER).build());
  }

  private DeltaDiscoveryRequest.Builder first(ResourceType type) {
    return of(type).putAllInitialResourceVersions(held(type));
  }

  private static DeltaDiscoveryRequest.Builder of(ResourceType type) {
    return DeltaDiscoveryRequest.newBuilder().setTypeUrl(type.typeUrl());
  }

  private Map<String, String> held(ResourceType type) {
    return has.computeIfAbsent(type, unused -> new TreeMap<>());
  }

  /** From now on it rejects whatever has this name. */
  synchronized void reject(String name) {
    rejected.add(name);
  }

  synchronized void acceptAgain(String name) {
    rejected.remove(name);
  }

  synchronized void subscribe(ResourceType type, String... names) {
    endpointsAsked.addAll(type == ResourceType.ENDPOINTS ? List.of(names) : List.of());
    send(of(type).addAllResourceNamesSubscribe(List.of(names)));
  }

  synchronized void unsubscribe(ResourceType type, String... names) {
    endpointsAsked.removeAll(type == ResourceType.ENDPOINTS ? List.of(names) : List.of());
    List.of(names).forEach(held(type)::remove);
    send(of(type).addAllResourceNamesUnsubscribe(List.of(names)));
  }

  private void send(DeltaDiscoveryRequest.Builder request) {
    requests.orElseThrow().onNext(request.build());
  }

  @Override
  public synchronized void onNext(DeltaDiscoveryResponse response) {
    ResourceType type = ResourceType.ofUrl(response.getTypeUrl()).orElseThrow();
    check(type, response);
    response.getResourcesList().forEach(one -> heard.add(type.shortName() + " " + one.getName()));
    response.getRemovedResourcesList().forEach(n -> heard.add(type.shortName() + " -" + n));
    DeltaDiscoveryRequest.Builder answer = of(type).setResponseNonce(response.getNonce());
    List<String> bad = names(response).stream().filter(rejected::contains).toList();
    if (!bad.isEmpty()) {
      // All of a response or nothing of it.
      send(
          answer.setErrorDetail(
              com.google.rpc.Status.newBuilder().setCode(13).setMessage("bad: " + bad)));
      return;
    }
    Map<String, String> held = held(type);
    response.getResourcesList().forEach(one -> held.put(one.getName(), one.getVersion()));
    response.getRemovedResourcesList().forEach(held::remove);
    send(answer);
    if (type == ResourceType.CLUSTER) {
      followEndpoints();
    }
  }

  /** Warms what is new, lets go of what is gone. */
  private void followEndpoints() {
    Set<String> wanted = new TreeSet<>(held(ResourceType.CLUSTER).keySet());
    Set<String> come = minus(wanted, endpointsAsked);
    Set<String> gone = minus(endpointsAsked, wanted);
    endpointsAsked = wanted;
    gone.forEach(held(ResourceType.ENDPOINTS)::remove);
    if (!come.isEmpty() || !gone.isEmpty()) {
      send(
          of(ResourceType.ENDPOINTS)
              .addAllResourceNamesSubscribe(come)
              .addAllResourceNamesUnsubscribe(gone));
    }
  }

  private static Set<String> minus(Collection<String> all, Collection<String> others) {
    Set<String> left = new TreeSet<>(all);
    left.removeAll(others);
    return left;
  }

  private static List<String> names(DeltaDiscoveryResponse response) {
    return response.getResourcesList().stream().map(Resource::getName).toList();
  }

  /** What no server may say. */
  private void check(ResourceType type, DeltaDiscoveryResponse response) {
    List<String> names = names(response);
    must(
        !response.getNonce().isEmpty() && nonces.add(type + " " + response.getNonce()),
        "nonce",
        response);
    must(Set.copyOf(names).size() == names.size(), "a name twice", response);
    must(
        minus(names, response.getRemovedResourcesList()).size() == names.size(),
        "changed and removed at once",
        response);
    for (Resource one : response.getResourcesList()) {
      must(!one.getVersion().isEmpty(), "version", response);
      must(one.getResource().getTypeUrl().equals(type.typeUrl()), "type", response);
      must(
          type != ResourceType.ENDPOINTS || endpointsAsked.contains(one.getName()),
          "endpoints that nobody asked for",
          response);
    }
  }

  private void must(boolean right, String what, DeltaDiscoveryResponse response) {
    if (!right) {
      wrong.add(what + ": " + response);
    }
  }

  /** The versions of what it has of a type. */
  synchronized Map<String, String> has(ResourceType type) {
    return Map.copyOf(held(type));
  }

  /** What it was sent on this stream, in order: {@code CDS orders}, {@code EDS -users}. */
  synchronized List<String> heard() {
    assertThat(wrong).isEmpty();
    return List.copyOf(heard);
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
