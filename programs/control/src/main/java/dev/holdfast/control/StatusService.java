package dev.holdfast.control;

import dev.holdfast.control.DiscoveryCall.TypeView;
import dev.holdfast.control.admin.v1.Client;
import dev.holdfast.control.admin.v1.ControlGrpc;
import dev.holdfast.control.admin.v1.Load;
import dev.holdfast.control.admin.v1.StatusRequest;
import dev.holdfast.control.admin.v1.StatusResponse;
import dev.holdfast.control.admin.v1.Subscription;
import dev.holdfast.control.internal.xds.SubscriptionView.ClientResource;
import dev.holdfast.control.internal.xds.SubscriptionView.ClientResourceState;
import dev.holdfast.control.internal.xds.XdsSnapshot;
import dev.holdfast.core.Clock;
import dev.holdfast.core.annotation.Limit;
import io.grpc.stub.StreamObserver;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The admin service that reports the status of the control plane and of its clients. */
final class StatusService extends ControlGrpc.ControlImplBase {
  @Limit(of = "clients in one answer about them", then = "further ones are only counted")
  private static final int MAX_CLIENTS = 5_000;

  @Limit(
      of = "names of resources that are told of a client that rejects or misses some",
      then = "the others are counted")
  private static final int MAX_TROUBLED = 10;

  private static final long NANOS_PER_MILLI = 1_000_000;
  private static final Set<ClientResourceState> TROUBLE =
      Set.of(ClientResourceState.REJECTED, ClientResourceState.REQUESTED);

  /** The status of the services as a whole. */
  record ServicesStatus(boolean serving, int served, XdsSnapshot.UnknownServices unknown) {}

  /** The sources of the reported status. */
  record StatusSources(
      String registry,
      Supplier<ServicesStatus> services,
      DiscoveryStreams clients,
      LoadTable loads,
      Clock clock) {}

  private final StatusSources statusSources;
  private final long startedNanos;

  StatusService(StatusSources statusSources) {
    this.statusSources = statusSources;
    this.startedNanos = statusSources.clock().nanoTime();
  }

  @Override
  public void status(StatusRequest request, StreamObserver<StatusResponse> answer) {
    long now = statusSources.clock().nanoTime();
    int limit = request.getLimit() > 0 ? Math.min(MAX_CLIENTS, request.getLimit()) : MAX_CLIENTS;
    ServicesStatus servicesStatus = statusSources.services().get();
    List<DiscoveryCall<?>> open = statusSources.clients().list();
    StatusResponse.Builder response =
        StatusResponse.newBuilder()
            .setServing(servicesStatus.serving())
            .setRegistry(statusSources.registry())
            .setUpMs((now - startedNanos) / NANOS_PER_MILLI)
            .setServices(servicesStatus.served())
            .addAllPending(some(servicesStatus.unknown().pending()))
            .addAllRefused(some(servicesStatus.unknown().refused()))
            .setTotalClients(open.size());
    open.stream().limit(limit).map(call -> client(call, now)).forEach(response::addClients);
    statusSources.loads().list().stream().map(StatusService::load).forEach(response::addLoads);
    answer.onNext(response.build());
    answer.onCompleted();
  }

  private static List<String> some(Set<String> names) {
    return names.stream().sorted().limit(MAX_TROUBLED).toList();
  }

  private static Client client(DiscoveryCall<?> call, long now) {
    ClientNode node = call.node();
    Client.Builder client =
        Client.newBuilder()
            .setNumber(call.number())
            .setNode(node.id())
            .setCluster(node.cluster())
            .setAgent(node.agent())
            .setVersion(node.version())
            .setZone(node.zone())
            .setPeer(call.peer())
            .setVariant(call.xdsVariant().text())
            .setAgeMs(call.age().toMillis());
    call.types().forEach(type -> client.addTypes(subscription(type, now)));
    return client.build();
  }

  private static Subscription subscription(TypeView type, long now) {
    Map<String, ClientResource> clientResources = type.subscription().resources();
    AckTimes times = type.times();
    return Subscription.newBuilder()
        .setType(type.subscription().type().shortName())
        .setAll(type.subscription().all())
        .setAccepted(count(clientResources, ClientResourceState.ACCEPTED))
        .setSent(count(clientResources, ClientResourceState.SENT))
        .setRejected(count(clientResources, ClientResourceState.REJECTED))
        .setRequested(count(clientResources, ClientResourceState.REQUESTED))
        .setAbsent(count(clientResources, ClientResourceState.ABSENT))
        .setSentMs(since(times.sentNanos(), now))
        .setAcceptedMs(since(times.acceptedNanos(), now))
        .setRejectedMs(since(times.rejectedNanos(), now))
        .setRejections(times.rejections())
        .setRejection(times.rejection().orElse(""))
        .addAllTroubled(names(clientResources, TROUBLE))
        .addAllMissing(names(clientResources, Set.of(ClientResourceState.ABSENT)))
        .build();
  }

  private static List<String> names(
      Map<String, ClientResource> clientResources, Set<ClientResourceState> clientResourceStates) {
    return clientResources.entrySet().stream()
        .filter(entry -> clientResourceStates.contains(entry.getValue().state()))
        .map(Map.Entry::getKey)
        .sorted()
        .limit(MAX_TROUBLED)
        .toList();
  }

  private static int count(
      Map<String, ClientResource> clientResources, ClientResourceState clientResourceState) {
    return (int)
        clientResources.values().stream().filter(h -> h.state() == clientResourceState).count();
  }

  private static long since(@Nullable Long nanos, long now) {
    return nanos == null ? -1 : (now - nanos) / NANOS_PER_MILLI;
  }

  private static Load load(LoadTable.ClusterLoad clusterLoad) {
    return Load.newBuilder()
        .setCluster(clusterLoad.cluster())
        .setClients(clusterLoad.clients())
        .setIssued(clusterLoad.issued())
        .setSucceeded(clusterLoad.succeeded())
        .setFailed(clusterLoad.failed())
        .setDropped(clusterLoad.dropped())
        .setInProgress(clusterLoad.inProgress())
        .setIssuedPerS(clusterLoad.issuedPerSecond())
        .build();
  }
}
