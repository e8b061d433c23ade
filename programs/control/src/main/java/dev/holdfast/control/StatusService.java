package dev.holdfast.control;

import dev.holdfast.control.DiscoveryCall.TypeView;
import dev.holdfast.control.admin.v1.Client;
import dev.holdfast.control.admin.v1.ControlGrpc;
import dev.holdfast.control.admin.v1.Load;
import dev.holdfast.control.admin.v1.StatusRequest;
import dev.holdfast.control.admin.v1.StatusResponse;
import dev.holdfast.control.admin.v1.Subscription;
import dev.holdfast.control.xds.SubscriptionView.Holding;
import dev.holdfast.control.xds.SubscriptionView.Standing;
import dev.holdfast.control.xds.XdsSnapshot;
import dev.holdfast.core.Clock;
import dev.holdfast.core.Limit;
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
  private static final Set<Standing> TROUBLE = Set.of(Standing.REJECTED, Standing.REQUESTED);

  /** The status of the services as a whole. */
  record Services(boolean serving, int served, XdsSnapshot.Unknown unknown) {}

  /** The sources of the reported status. */
  record Parts(
      String registry,
      Supplier<Services> services,
      Clients clients,
      LoadTable loads,
      Clock clock) {}

  private final Parts parts;
  private final long startedNanos;

  StatusService(Parts parts) {
    this.parts = parts;
    this.startedNanos = parts.clock().nanoTime();
  }

  @Override
  public void status(StatusRequest request, StreamObserver<StatusResponse> answer) {
    long now = parts.clock().nanoTime();
    int limit = request.getLimit() > 0 ? Math.min(MAX_CLIENTS, request.getLimit()) : MAX_CLIENTS;
    Services services = parts.services().get();
    List<DiscoveryCall<?>> open = parts.clients().list();
    StatusResponse.Builder response =
        StatusResponse.newBuilder()
            .setServing(services.serving())
            .setRegistry(parts.registry())
            .setUpMs((now - startedNanos) / NANOS_PER_MILLI)
            .setServices(services.served())
            .addAllPending(some(services.unknown().pending()))
            .addAllRefused(some(services.unknown().refused()))
            .setTotalClients(open.size());
    open.stream().limit(limit).map(call -> client(call, now)).forEach(response::addClients);
    parts.loads().list().stream().map(StatusService::load).forEach(response::addLoads);
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
            .setVariant(call.variant().text())
            .setAgeMs(call.age().toMillis());
    call.types().forEach(type -> client.addTypes(subscription(type, now)));
    return client.build();
  }

  private static Subscription subscription(TypeView type, long now) {
    Map<String, Holding> holdings = type.subscription().resources();
    AnswerTimes times = type.times();
    return Subscription.newBuilder()
        .setType(type.subscription().type().shortName())
        .setAll(type.subscription().all())
        .setAccepted(count(holdings, Standing.ACCEPTED))
        .setSent(count(holdings, Standing.SENT))
        .setRejected(count(holdings, Standing.REJECTED))
        .setRequested(count(holdings, Standing.REQUESTED))
        .setAbsent(count(holdings, Standing.ABSENT))
        .setSentMs(since(times.sentNanos(), now))
        .setAcceptedMs(since(times.acceptedNanos(), now))
        .setRejectedMs(since(times.rejectedNanos(), now))
        .setRejections(times.rejections())
        .setRejection(times.rejection().orElse(""))
        .addAllTroubled(names(holdings, TROUBLE))
        .addAllMissing(names(holdings, Set.of(Standing.ABSENT)))
        .build();
  }

  private static List<String> names(Map<String, Holding> holdings, Set<Standing> standings) {
    return holdings.entrySet().stream()
        .filter(entry -> standings.contains(entry.getValue().standing()))
        .map(Map.Entry::getKey)
        .sorted()
        .limit(MAX_TROUBLED)
        .toList();
  }

  private static int count(Map<String, Holding> holdings, Standing standing) {
    return (int) holdings.values().stream().filter(h -> h.standing() == standing).count();
  }

  private static long since(@Nullable Long nanos, long now) {
    return nanos == null ? -1 : (now - nanos) / NANOS_PER_MILLI;
  }

  private static Load load(LoadTable.Load load) {
    return Load.newBuilder()
        .setCluster(load.cluster())
        .setClients(load.clients())
        .setIssued(load.issued())
        .setSucceeded(load.succeeded())
        .setFailed(load.failed())
        .setDropped(load.dropped())
        .setInProgress(load.inProgress())
        .setIssuedPerS(load.issuedPerSecond())
        .build();
  }
}
