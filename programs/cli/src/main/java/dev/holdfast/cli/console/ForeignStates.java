package dev.holdfast.cli.console;

import dev.holdfast.admin.AdminAccess;
import dev.holdfast.cli.CallFailureText;
import dev.holdfast.cli.FutureCall;
import dev.holdfast.cli.control.ControlStatusText;
import dev.holdfast.cli.fleet.FleetServices;
import dev.holdfast.control.admin.v1.ControlGrpc;
import dev.holdfast.control.admin.v1.StatusRequest;
import dev.holdfast.core.HostPort;
import dev.holdfast.core.IoErrorText;
import dev.holdfast.core.JsonTextWriter;
import dev.holdfast.core.annotation.Limit;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.MetadataUtils;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The states of the gateways and control planes that the command line or the registry names, asked
 * all at the same time. One that is slow is shown as it was, and holds up nobody. Thread-safe.
 */
final class ForeignStates implements AutoCloseable {
  @Limit(
      of = "time for the answer of a gateway or control plane to the console",
      then = "it is shown as silent")
  private static final Duration PATIENCE = Duration.ofSeconds(2);

  @Limit(
      of = "bytes of the state of a gateway or control plane for the console",
      then = "it is shown as not readable")
  private static final int MAX_BYTES = 8 << 20;

  @Limit(
      of = "clients of a control plane that the console shows",
      then = "the others are counted only")
  private static final int MAX_CLIENTS = 1_000;

  /** For the answers of one look; what comes later is in the next one. */
  private static final Duration LOOK = Duration.ofMillis(300);

  private static final int OK = 200;

  @Limit(
      of = "gateways, and control planes, that the console asks",
      then = "further ones of the registry are not shown")
  static final int MAX_PROCESSES = 100;

  private final HttpClient http = HttpClient.newBuilder().connectTimeout(PATIENCE).build();
  private final Supplier<FleetServices.ServicesState> services;
  private final Optional<String> authorization;
  private final List<HostPort> namedGateways;
  private final List<HostPort> namedControls;
  private final Map<HostPort, ForeignProcess> gateways = new LinkedHashMap<>();
  private final Map<HostPort, ForeignProcess> controls = new LinkedHashMap<>();

  /**
   * @param services whose endpoints may name further ones in their metadata
   * @param authorization the header that those beyond loopback want
   */
  ForeignStates(
      List<HostPort> gateways,
      List<HostPort> controls,
      Supplier<FleetServices.ServicesState> services,
      Optional<String> authorization) {
    this.namedGateways = List.copyOf(gateways);
    this.namedControls = List.copyOf(controls);
    this.services = services;
    this.authorization = authorization;
  }

  private ManagedChannel channel(HostPort address) {
    Metadata headers = new Metadata();
    authorization.ifPresent(value -> headers.put(AdminAccess.AUTHORIZATION, value));
    return Grpc.newChannelBuilderForAddress(
            address.host(), address.port(), InsecureChannelCredentials.create())
        .maxInboundMessageSize(MAX_BYTES)
        .intercept(MetadataUtils.newAttachHeadersInterceptor(headers))
        .build();
  }

  /** The answer of one of them: its state, or why there is none. */
  private record ForeignState(String json, String trouble) {}

  /** A gateway or control plane, with its last answer. */
  private static final class ForeignProcess {
    private final HostPort address;
    private final boolean ours;
    private final Supplier<CompletableFuture<ForeignState>> question;
    private final Runnable end;
    private ForeignState last = new ForeignState("", "no answer yet");
    private @Nullable CompletableFuture<ForeignState> asked;

    /**
     * @param ours whether this program wrote the JSON; else it is passed on as a text
     */
    ForeignProcess(
        HostPort address,
        boolean ours,
        Supplier<CompletableFuture<ForeignState>> question,
        Runnable end) {
      this.address = address;
      this.ours = ours;
      this.question = question;
      this.end = end;
    }

    void close() {
      end.run();
    }

    CompletableFuture<ForeignState> ask() {
      CompletableFuture<ForeignState> under = asked == null ? question.get() : asked;
      asked = under;
      return under;
    }

    void take() {
      CompletableFuture<ForeignState> under = asked;
      if (under != null && under.isDone()) {
        last = under.join();
        asked = null;
      }
    }

    void write(JsonTextWriter json) {
      json.object().with("address", address.toString()).with("trouble", last.trouble());
      if (!last.json().isEmpty()) {
        if (ours) {
          json.withJson("state", last.json());
        } else {
          json.with("state", last.json());
        }
      }
      json.endObject();
    }
  }

  /** The JSON array of the gateways. A state is a text, because another program wrote it. */
  synchronized String gatewaysJson() throws InterruptedException {
    follow(
        gateways,
        wanted(namedGateways, ForeignAddress.GATEWAY_KEY),
        address -> new ForeignProcess(address, false, () -> gateway(address), () -> {}));
    return json(gateways.values());
  }

  /** The JSON array of the control planes. */
  synchronized String controlsJson() throws InterruptedException {
    follow(
        controls,
        wanted(namedControls, ForeignAddress.CONTROL_KEY),
        address -> {
          ManagedChannel channel = channel(address);
          return new ForeignProcess(address, true, () -> control(channel), channel::shutdownNow);
        });
    return json(controls.values());
  }

  /** The addresses of the command line, then those of the registry. */
  private Set<HostPort> wanted(List<HostPort> named, String key) {
    Set<HostPort> wanted = new LinkedHashSet<>(named);
    services.get().services().values().stream()
        .flatMap(endpoints -> endpoints.endpoints().stream())
        .flatMap(endpoint -> ForeignAddress.of(endpoint, key).stream())
        .filter(found -> wanted.size() < MAX_PROCESSES)
        .forEach(wanted::add);
    return wanted;
  }

  private static void follow(
      Map<HostPort, ForeignProcess> processes,
      Set<HostPort> wanted,
      Function<HostPort, ForeignProcess> made) {
    for (HostPort gone : Set.copyOf(processes.keySet())) {
      if (!wanted.contains(gone)) {
        Objects.requireNonNull(processes.remove(gone)).close();
      }
    }
    wanted.forEach(address -> processes.computeIfAbsent(address, made));
  }

  private static String json(Collection<ForeignProcess> processes) throws InterruptedException {
    CompletableFuture<Void> all =
        CompletableFuture.allOf(
            processes.stream().map(ForeignProcess::ask).toArray(CompletableFuture<?>[]::new));
    try {
      var unused = all.get(LOOK.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      // Those that have answered are new, the others as before.
      all.cancel(false);
    } catch (ExecutionException e) {
      throw new IllegalStateException("a question fails only by its answer", e);
    }
    JsonTextWriter json = new JsonTextWriter().array();
    for (ForeignProcess each : processes) {
      each.take();
      each.write(json);
    }
    return json.endArray().toString();
  }

  private CompletableFuture<ForeignState> gateway(HostPort address) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create("http://" + address + "/api/state")).timeout(PATIENCE);
    authorization.ifPresent(value -> request.header("authorization", value));
    return http.sendAsync(request.build(), HttpResponse.BodyHandlers.ofInputStream())
        .thenApply(ForeignStates::read)
        .exceptionally(failure -> new ForeignState("", trouble(failure)));
  }

  private static ForeignState read(HttpResponse<InputStream> response) {
    try (InputStream body = response.body()) {
      byte[] bytes = body.readNBytes(MAX_BYTES + 1);
      if (bytes.length > MAX_BYTES) {
        return new ForeignState("", "more than " + MAX_BYTES + " bytes");
      }
      return response.statusCode() == OK
          ? new ForeignState(new String(bytes, StandardCharsets.UTF_8), "")
          : new ForeignState("", "answered " + response.statusCode());
    } catch (IOException e) {
      return new ForeignState("", IoErrorText.of(e));
    }
  }

  private static String trouble(Throwable failure) {
    Throwable cause = failure.getCause() == null ? failure : failure.getCause();
    String text = IoErrorText.of(cause);
    return text.isEmpty() ? "nobody answers there" : text;
  }

  private static CompletableFuture<ForeignState> control(ManagedChannel channel) {
    return FutureCall.of(
            channel,
            ControlGrpc.getStatusMethod(),
            StatusRequest.newBuilder().setLimit(MAX_CLIENTS).build(),
            PATIENCE)
        .thenApply(status -> new ForeignState(ControlStatusText.json(status).toString(), ""))
        .exceptionally(
            failure ->
                new ForeignState(
                    "",
                    failure.getCause() instanceof StatusRuntimeException status
                        ? CallFailureText.of(status.getStatus())
                        : String.valueOf(failure.getMessage())));
  }

  @Override
  public synchronized void close() {
    gateways.values().forEach(ForeignProcess::close);
    controls.values().forEach(ForeignProcess::close);
  }
}
