package dev.holdfast.cli.console;

import dev.holdfast.cli.CallFailureText;
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
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/**
 * The states of the gateways and control planes that the command line names, asked all at the same
 * time. Not thread-safe.
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

  private static final int OK = 200;

  private final List<HostPort> gateways;
  private final Map<HostPort, ManagedChannel> controls = new LinkedHashMap<>();
  private final HttpClient http = HttpClient.newBuilder().connectTimeout(PATIENCE).build();

  ForeignStates(List<HostPort> gateways, List<HostPort> controls) {
    this.gateways = List.copyOf(gateways);
    for (HostPort address : controls) {
      this.controls.put(
          address,
          Grpc.newChannelBuilderForAddress(
                  address.host(), address.port(), InsecureChannelCredentials.create())
              .maxInboundMessageSize(MAX_BYTES)
              .build());
    }
  }

  /** The answer of one of them: its state, or why there is none. */
  private record ForeignState(String json, String trouble) {}

  /** The JSON array of the gateways. A state is a text, because another program wrote it. */
  String gatewaysJson() {
    Map<HostPort, CompletableFuture<ForeignState>> asked = new LinkedHashMap<>();
    gateways.forEach(address -> asked.put(address, gateway(address)));
    JsonTextWriter json = new JsonTextWriter().array();
    asked.forEach((address, answer) -> write(json, address, answer.join(), false));
    return json.endArray().toString();
  }

  /** The JSON array of the control planes. */
  String controlsJson() {
    JsonTextWriter json = new JsonTextWriter().array();
    controls.forEach((address, channel) -> write(json, address, control(channel), true));
    return json.endArray().toString();
  }

  private static void write(
      JsonTextWriter json, HostPort address, ForeignState state, boolean ours) {
    json.object().with("address", address.toString()).with("trouble", state.trouble());
    if (!state.json().isEmpty()) {
      if (ours) {
        json.withJson("state", state.json());
      } else {
        json.with("state", state.json());
      }
    }
    json.endObject();
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

  private static ForeignState control(ManagedChannel channel) {
    try {
      return new ForeignState(
          ControlStatusText.json(
                  ControlGrpc.newBlockingStub(channel)
                      .withDeadlineAfter(PATIENCE.toMillis(), TimeUnit.MILLISECONDS)
                      .status(StatusRequest.newBuilder().setLimit(MAX_CLIENTS).build()))
              .toString(),
          "");
    } catch (StatusRuntimeException e) {
      return new ForeignState("", CallFailureText.of(e.getStatus()));
    }
  }

  @Override
  public void close() {
    controls.values().forEach(ManagedChannel::shutdownNow);
  }
}
