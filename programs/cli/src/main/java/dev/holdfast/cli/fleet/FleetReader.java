package dev.holdfast.cli.fleet;

import dev.holdfast.admin.AdminAddress;
import dev.holdfast.admin.rpc.ProcessReport;
import dev.holdfast.cli.UserError;
import dev.holdfast.cli.output.AgeText;
import dev.holdfast.cli.output.EndpointText;
import dev.holdfast.core.Clock;
import dev.holdfast.core.Endpoint;
import dev.holdfast.core.EndpointSet;
import dev.holdfast.core.HostPort;
import dev.holdfast.core.ServiceName;
import dev.holdfast.core.annotation.Limit;
import io.grpc.ManagedChannel;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * The reader of a fleet: asks the admin service of every process that the registry or the command
 * line names, side by side, and merges their rows. A process that falls silent is waited for once;
 * afterwards the others are shown without it. Not thread-safe.
 */
public final class FleetReader implements AutoCloseable {
  @Limit(
      of = "processes that `top` and `console` ask",
      then = "further ones are not asked, and counted")
  static final int MAX_INSTANCES = 1_000;

  private static final int ASKED_AT_ONCE = 64;

  /** How long nobody answers before further ones are asked. */
  private static final long PLACE_MILLIS = 250;

  private final Supplier<FleetServices.ServicesState> services;
  private final List<HostPort> further;
  private final Function<AdminAddress, ManagedChannel> channels;
  private final Clock clock;
  private final Map<String, FleetInstance> instances = new TreeMap<>();
  private final Map<String, ManagedChannel> opened = new LinkedHashMap<>();
  private final MessageRates rates = new MessageRates();

  /**
   * @param services what the registry says now
   * @param further addresses of admin services that no registry names
   */
  public FleetReader(
      Supplier<FleetServices.ServicesState> services,
      List<HostPort> further,
      Function<AdminAddress, ManagedChannel> channels,
      Clock clock) {
    this.services = services;
    this.further = List.copyOf(further);
    this.channels = channels;
    this.clock = clock;
  }

  /** The services as the registry has them now. */
  public FleetServices.ServicesState services() {
    return services.get();
  }

  /**
   * Asks every process that answers as far as is known. One that refuses what another one answers
   * is of another version, and has no rows.
   *
   * @throws UserError when the query is refused, and nobody answers it
   * @throws InterruptedException when the thread is interrupted meanwhile
   */
  public FleetSnapshot read(FleetQuery query) throws InterruptedException {
    FleetServices.ServicesState state = services.get();
    follow(wanted(state));
    Map<String, FleetInstance.InstanceRows> answers = take(ask(query));
    List<FleetRow> rows = new ArrayList<>();
    answers.values().forEach(answer -> rows.addAll(answer.rows()));
    long total = answers.values().stream().mapToLong(FleetInstance.InstanceRows::total).sum();
    long matched = answers.values().stream().mapToLong(FleetInstance.InstanceRows::matched).sum();
    if (query.view() == FleetView.SERVICES) {
      List<FleetRow> endpoints = endpoints(state);
      total = endpoints.size();
      endpoints.stream().filter(row -> containsAll(row, query.filters())).forEach(rows::add);
      matched = rows.size();
    }
    rows.sort(FleetRow.order(query.sort(), query.ascending()));
    int begin = Math.min(query.from().skipped(), rows.size());
    int end = begin + Math.min(query.limit(), rows.size() - begin);
    List<FleetRow> page = List.copyOf(rows.subList(begin, end));
    List<FleetRow> shown =
        query.view() == FleetView.STREAMS ? rates.addTo(page, clock.nanoTime()) : page;
    Map<String, FleetSnapshot.InstancePart> parts = parts(answers, shown);
    boolean more =
        end < rows.size() || parts.values().stream().anyMatch(part -> !part.next().isEmpty());
    return new FleetSnapshot(
        clock.wallTime(),
        query,
        state,
        instances.values().stream().map(FleetInstance::status).toList(),
        shown,
        total,
        matched,
        parts,
        more);
  }

  private static Map<String, FleetSnapshot.InstancePart> parts(
      Map<String, FleetInstance.InstanceRows> answers, List<FleetRow> shown) {
    Map<String, Integer> counts = new HashMap<>();
    shown.forEach(row -> counts.merge(row.source(), 1, Integer::sum));
    Map<String, FleetSnapshot.InstancePart> parts = new LinkedHashMap<>();
    answers.forEach(
        (key, answer) ->
            parts.put(
                key,
                new FleetSnapshot.InstancePart(
                    answer.rows().size(), counts.getOrDefault(key, 0), answer.next())));
    return parts;
  }

  /**
   * Where the page behind a snapshot begins. A process of which the page shows a part of what it
   * gave is asked once more for just that part, as only it knows where it ends.
   *
   * @throws InterruptedException when the thread is interrupted meanwhile
   */
  public FleetCursor behind(FleetSnapshot page) throws InterruptedException {
    FleetQuery query = page.query();
    FleetCursor from = query.from();
    Map<String, String> tokens = new HashMap<>(from.tokens());
    Set<String> ended = new HashSet<>(from.ended());
    Map<String, CompletableFuture<FleetInstance.InstanceRows>> asked = new LinkedHashMap<>();
    page.parts()
        .forEach(
            (key, part) -> {
              FleetInstance instance = instances.get(key);
              if (part.shown() == part.given()) {
                moveOn(key, part.next(), tokens, ended);
              } else if (part.shown() > 0 && instance != null) {
                asked.put(key, instance.rows(query, part.shown()));
              }
            });
    AnswerWait.await(asked.values(), clock::nanoTime);
    for (Map.Entry<String, CompletableFuture<FleetInstance.InstanceRows>> each : asked.entrySet()) {
      // Of one that does not answer, the rows of this page come once more.
      next(each.getValue()).ifPresent(next -> moveOn(each.getKey(), next, tokens, ended));
    }
    int skipped =
        query.view() == FleetView.SERVICES ? from.skipped() + page.rows().size() : from.skipped();
    return new FleetCursor(tokens, ended, skipped);
  }

  /** The token behind the rows; empty when there was no answer, of which the next one tells. */
  private static Optional<String> next(CompletableFuture<FleetInstance.InstanceRows> rows)
      throws InterruptedException {
    try {
      return Optional.of(rows.get().next());
    } catch (ExecutionException e) {
      return Optional.empty();
    }
  }

  private static void moveOn(
      String key, String next, Map<String, String> tokens, Set<String> ended) {
    if (next.isEmpty()) {
      ended.add(key);
    } else {
      tokens.put(key, next);
    }
  }

  /**
   * Marks an endpoint of a process as draining, or takes the mark back. Fails with the status of
   * the call.
   *
   * @param key the value {@code process_key} of the endpoint's row
   * @param endpoint host:port
   * @return the endpoints that it concerns
   * @throws IllegalArgumentException when no such process is known
   */
  public CompletableFuture<List<String>> setDraining(
      String key, String endpoint, boolean draining) {
    FleetInstance instance = instances.get(key);
    if (instance == null) {
      throw new IllegalArgumentException(
          "process: \"" + key + "\" (expected: the process_key of a row of services)");
    }
    return instance.setDraining(endpoint, draining);
  }

  /**
   * Asks all that answer as far as is known, a few at a time: of a thousand connections that are
   * made at once, none is ready before nearly all are.
   */
  private Map<String, CompletableFuture<FleetInstance.Answer>> ask(FleetQuery query)
      throws InterruptedException {
    Map<String, CompletableFuture<FleetInstance.Answer>> asked = new LinkedHashMap<>();
    Semaphore places = new Semaphore(ASKED_AT_ONCE);
    for (Map.Entry<String, FleetInstance> each : instances.entrySet()) {
      if (each.getValue().isAnswering()) {
        if (!places.tryAcquire(PLACE_MILLIS, TimeUnit.MILLISECONDS)) {
          // Those that were asked may never answer; the others do not wait for them.
          places.release(ASKED_AT_ONCE - 1);
        }
        CompletableFuture<FleetInstance.Answer> answer = each.getValue().ask(query);
        asked.put(each.getKey(), answer);
        var unused = answer.whenComplete((given, failure) -> places.release());
      }
    }
    return asked;
  }

  /** Waits for the answers. */
  private Map<String, FleetInstance.InstanceRows> take(
      Map<String, CompletableFuture<FleetInstance.Answer>> asked) throws InterruptedException {
    AnswerWait.await(asked.values(), clock::nanoTime);
    Map<String, FleetInstance.InstanceRows> answers = new LinkedHashMap<>();
    Optional<String> refusal = Optional.empty();
    for (Map.Entry<String, CompletableFuture<FleetInstance.Answer>> each : asked.entrySet()) {
      FleetInstance instance = Objects.requireNonNull(instances.get(each.getKey()));
      try {
        FleetInstance.Answer given = each.getValue().get();
        instance.answered(given.process());
        answers.put(each.getKey(), given.rows());
      } catch (ExecutionException e) {
        Throwable failure = root(e);
        Optional<String> refused = FleetInstance.refusal(failure);
        refused.ifPresentOrElse(instance::refused, () -> instance.failed(failure));
        refusal = refusal.or(() -> refused);
      }
    }
    if (answers.isEmpty() && refusal.isPresent()) {
      throw UserError.usage(refusal.get());
    }
    return answers;
  }

  /** The failure that a future wraps. */
  static Throwable root(Throwable failure) {
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
  private Map<String, AdminAddress> wanted(FleetServices.ServicesState state) {
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
            instances.put(key, new FleetInstance(key, address, channel, clock::nanoTime));
          }
        });
  }

  private List<FleetRow> endpoints(FleetServices.ServicesState state) {
    List<FleetRow> rows = new ArrayList<>();
    state
        .services()
        .forEach(
            (service, endpoints) -> {
              RegistryList list = state.list(service);
              if (endpoints.isEmpty()) {
                FleetRow none = row(service, "", "no endpoint");
                none.values().put("registry", list.ofNone());
                rows.add(none);
              }
              endpoints.endpoints().forEach(endpoint -> rows.add(row(service, endpoint, list)));
            });
    return rows;
  }

  private FleetRow row(ServiceName service, Endpoint endpoint, RegistryList list) {
    FleetRow row = row(service, endpoint.address().toString(), EndpointText.state(endpoint));
    row.values().put("registry", list.of(endpoint));
    row.values().put("zone", endpoint.zone());
    row.values().put("weight", (long) endpoint.weight());
    row.values().put("instance_id", endpoint.instance());
    row.values().put("why", why(endpoint));
    row.values().put("metadata", endpoint.metadata());
    Optional<String> process = AdminAddress.of(endpoint).map(FleetReader::key);
    Optional<FleetInstance.InstanceStatus> status =
        process.flatMap(key -> Optional.ofNullable(instances.get(key))).map(FleetInstance::status);
    row.values().put("process_key", process.orElse(""));
    row.values().put("admin", status.map(FleetReader::admin).orElse("none"));
    status
        .flatMap(FleetInstance.InstanceStatus::report)
        .ifPresent(report -> put(row.values(), report));
    return row;
  }

  /** Why no new call goes there; "" where one may. */
  private static String why(Endpoint endpoint) {
    if (endpoint.draining()) {
      return "marked as draining: it leaves, or somebody drained it";
    }
    return endpoint.ready() ? "" : "its owner says that it is not ready";
  }

  /** Whether each text is a part of a value of the row. */
  private static boolean containsAll(FleetRow row, List<String> texts) {
    return texts.stream()
        .allMatch(
            text ->
                row.values().values().stream().anyMatch(value -> value.toString().contains(text)));
  }

  private static FleetRow row(ServiceName service, String endpoint, String state) {
    Map<String, Object> values = new LinkedHashMap<>();
    values.put("service", service.name());
    values.put("endpoint", endpoint);
    values.put("state", state);
    return new FleetRow("", values);
  }

  private static String admin(FleetInstance.InstanceStatus status) {
    return status
        .silentFor()
        .map(silent -> "silent " + AgeText.of(silent.toMillis()))
        .orElse("answers");
  }

  private static void put(Map<String, Object> values, ProcessReport report) {
    // By one clock, whatever that of the reader says.
    values.put("age_ms", report.getNowMs() - report.getStartedMs());
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
