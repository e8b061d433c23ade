package dev.holdfast.cli.top;

import dev.holdfast.admin.AdminAddress;
import dev.holdfast.admin.rpc.ProcessReport;
import dev.holdfast.cli.UserError;
import dev.holdfast.cli.output.EndpointText;
import dev.holdfast.core.Clock;
import dev.holdfast.core.Endpoint;
import dev.holdfast.core.EndpointSet;
import dev.holdfast.core.HostPort;
import dev.holdfast.core.ServiceName;
import dev.holdfast.core.annotation.Limit;
import io.grpc.ManagedChannel;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * The reader of a fleet: asks the admin service of every process that the registry or the command
 * line names, all at the same time, and merges their rows. A process that does not answer costs its
 * patience once for all. Not thread-safe.
 */
final class TopReader implements AutoCloseable {
  @Limit(of = "processes that `top` asks", then = "further ones are not asked, and counted")
  static final int MAX_INSTANCES = 1_000;

  private final Supplier<TopFleet.FleetState> fleet;
  private final List<HostPort> further;
  private final Function<AdminAddress, ManagedChannel> channels;
  private final Clock clock;
  private final Map<String, TopInstance> instances = new TreeMap<>();
  private final Map<String, ManagedChannel> opened = new LinkedHashMap<>();

  /**
   * @param fleet what the registry says now
   * @param further addresses of admin services that no registry names
   */
  TopReader(
      Supplier<TopFleet.FleetState> fleet,
      List<HostPort> further,
      Function<AdminAddress, ManagedChannel> channels,
      Clock clock) {
    this.fleet = fleet;
    this.further = List.copyOf(further);
    this.channels = channels;
    this.clock = clock;
  }

  /**
   * Asks every process.
   *
   * @throws UserError when the query itself is refused
   * @throws InterruptedException when the thread is interrupted meanwhile
   */
  TopSnapshot read(TopQuery query) throws InterruptedException {
    TopFleet.FleetState state = fleet.get();
    Map<String, AdminAddress> wanted = wanted(state);
    follow(wanted);
    Map<TopInstance, CompletableFuture<TopInstance.Answer>> asked = new LinkedHashMap<>();
    instances.values().forEach(instance -> asked.put(instance, instance.ask(query)));
    List<TopRow> rows = new ArrayList<>();
    long total = 0;
    long matched = 0;
    for (Map.Entry<TopInstance, CompletableFuture<TopInstance.Answer>> each : asked.entrySet()) {
      Optional<TopInstance.InstanceRows> answer = take(each.getKey(), each.getValue());
      if (answer.isPresent()) {
        rows.addAll(answer.get().rows());
        total += answer.get().total();
        matched += answer.get().matched();
      }
    }
    if (query.view() == TopView.SERVICES) {
      rows.addAll(endpoints(state));
      total = rows.size();
      matched = rows.size();
    }
    rows.sort(TopRow.order(query.sort(), query.ascending()));
    List<TopRow> shown = List.copyOf(rows.subList(0, Math.min(query.limit(), rows.size())));
    List<TopInstance.InstanceStatus> statuses =
        instances.values().stream().map(TopInstance::status).toList();
    return new TopSnapshot(clock.wallTime(), query, state, statuses, shown, total, matched);
  }

  /** Waits for one answer, which has its own deadline. */
  private static Optional<TopInstance.InstanceRows> take(
      TopInstance instance, CompletableFuture<TopInstance.Answer> answer)
      throws InterruptedException {
    try {
      TopInstance.Answer given = answer.get();
      instance.answered(given.process());
      return Optional.of(given.rows());
    } catch (ExecutionException e) {
      Throwable failure = cause(e);
      Optional<String> refusal = TopInstance.refusal(failure);
      if (refusal.isPresent()) {
        throw UserError.usage(refusal.get());
      }
      instance.failed(failure);
      return Optional.empty();
    }
  }

  private static Throwable cause(Throwable failure) {
    Throwable cause = failure;
    while (cause instanceof CompletionException || cause instanceof ExecutionException) {
      Throwable below = cause.getCause();
      if (below == null) {
        return cause;
      }
      cause = below;
    }
    return cause;
  }

  /** The admin services by key, those of the registry and those of the command line. */
  private Map<String, AdminAddress> wanted(TopFleet.FleetState state) {
    Map<String, AdminAddress> wanted = new TreeMap<>();
    for (HostPort address : further) {
      AdminAddress named = new AdminAddress(address, false, "");
      wanted.put(key(named), named);
    }
    for (EndpointSet endpoints : state.services().values()) {
      for (Endpoint endpoint : endpoints.endpoints()) {
        AdminAddress.of(endpoint)
            .filter(found -> wanted.size() < MAX_INSTANCES)
            .ifPresent(found -> wanted.putIfAbsent(key(found), found));
      }
    }
    return wanted;
  }

  private static String key(AdminAddress address) {
    return address.address() + " " + address.process();
  }

  private void follow(Map<String, AdminAddress> wanted) {
    Set<String> gone = new HashSet<>(instances.keySet());
    gone.removeAll(wanted.keySet());
    for (String key : gone) {
      instances.remove(key);
      Optional.ofNullable(opened.remove(key)).ifPresent(ManagedChannel::shutdownNow);
    }
    wanted.forEach(
        (key, address) -> {
          if (!instances.containsKey(key)) {
            ManagedChannel channel = channels.apply(address);
            opened.put(key, channel);
            instances.put(key, new TopInstance(address, channel, clock::nanoTime));
          }
        });
  }

  private List<TopRow> endpoints(TopFleet.FleetState state) {
    List<TopRow> rows = new ArrayList<>();
    state
        .services()
        .forEach(
            (service, endpoints) -> {
              if (endpoints.isEmpty()) {
                rows.add(row(service, "", "no endpoint"));
              }
              endpoints.endpoints().forEach(endpoint -> rows.add(row(service, endpoint)));
            });
    return rows;
  }

  private TopRow row(ServiceName service, Endpoint endpoint) {
    TopRow row = row(service, endpoint.address().toString(), EndpointText.state(endpoint));
    row.values().put("zone", endpoint.zone());
    row.values().put("weight", (long) endpoint.weight());
    Optional<TopInstance.InstanceStatus> status =
        AdminAddress.of(endpoint)
            .flatMap(address -> Optional.ofNullable(instances.get(key(address))))
            .map(TopInstance::status);
    row.values().put("admin", status.map(TopReader::admin).orElse("none"));
    status
        .flatMap(TopInstance.InstanceStatus::report)
        .ifPresent(report -> put(row.values(), report));
    return row;
  }

  private static TopRow row(ServiceName service, String endpoint, String state) {
    Map<String, Object> values = new LinkedHashMap<>();
    values.put("service", service.name());
    values.put("endpoint", endpoint);
    values.put("state", state);
    return new TopRow(values);
  }

  private static String admin(TopInstance.InstanceStatus status) {
    return status
        .silentFor()
        .map(silent -> "silent " + TopText.age(silent.toMillis()))
        .orElse("answers");
  }

  private static void put(Map<String, Object> values, ProcessReport report) {
    values.put("connections", report.getOpenConnections());
    values.put("closed", report.getClosedConnections());
    values.put("streams", report.getOpenStreams());
    values.put("ended", report.getEndedStreams());
    values.put("java", report.getJava());
    values.put("version", report.getVersion());
    values.put("process", report.getId());
    values.put("pid", report.getPid());
  }

  @Override
  public void close() {
    opened.values().forEach(ManagedChannel::shutdownNow);
  }
}
