package dev.holdfast.cli.console;

import dev.holdfast.cli.CallFailureText;
import dev.holdfast.cli.FutureCall;
import dev.holdfast.cli.control.ControlStatusText;
import dev.holdfast.control.admin.v1.ControlGrpc;
import dev.holdfast.control.admin.v1.StatusRequest;
import dev.holdfast.core.HostPort;
import dev.holdfast.core.IoErrorText;
import dev.holdfast.core.JsonTextWriter;
import dev.holdfast.core.annotation.Limit;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The states of the gateways and control planes that the command line names, asked all at the same
 * time. One that is slow is shown as it was, and holds up nobody. Not thread-safe.
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

  private final HttpClient http = HttpClient.newBuilder().connectTimeout(PATIENCE).build();
  private final List<ForeignProcess> gateways;
  private final List<ForeignProcess> controls;
  private final List<ManagedChannel> channels;

  ForeignStates(List<HostPort> gateways, List<HostPort> controls) {
    this.gateways =
        gateways.stream()
            .map(address -> new ForeignProcess(address, false, () -> gateway(address)))
            .toList();
    this.channels = controls.stream().map(ForeignStates::channel).toList();
    this.controls =
        Stream.iterate(0, i -> i < controls.size(), i -> i + 1)
            .map(i -> new ForeignProcess(controls.get(i), true, () -> control(channels.get(i))))
            .toList();
  }

  private static ManagedChannel channel(HostPort address) {
    return Grpc.newChannelBuilderForAddress(
            address.host(), address.port(), InsecureChannelCredentials.create())
        .maxInboundMessageSize(MAX_BYTES)
        .build();
  }

  /** The answer of one of them: its state, or why there is none. */
  private record ForeignState(String json, String trouble) {}

  /** A gateway or control plane, with its last answer. */
  private static final class ForeignProcess {
    private final HostPort address;
    private final boolean ours;
    private final Supplier<CompletableFuture<ForeignState>> question;
    private ForeignState last = new ForeignState("", "no answer yet");
    private @Nullable CompletableFuture<ForeignState> asked;

    /**
     * @param ours whether this program wrote the JSON; else it is passed on as a text
     */
    ForeignProcess(
        HostPort address, boolean ours, Supplier<CompletableFuture<ForeignState>> question) {
      this.address = address;
      this.ours = ours;
      this.question = question;
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
  String gatewaysJson() throws InterruptedException {
    return json(gateways);
  }

  /** The JSON array of the control planes. */
  String controlsJson() throws InterruptedException {
    return json(controls);
  }

  private static String json(List<ForeignProcess> processes) throws InterruptedException {
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
    HttpRequest request =
        HttpRequest.newBuilder(URI.create("http://" + address + "/api/state"))
            .timeout(PATIENCE)
            .build();
    return http.sendAsync(request, HttpResponse.BodyHandlers.ofInputStream())
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
  public void close() {
    channels.forEach(ManagedChannel::shutdownNow);
  }
}
