package dev.holdfast.gateway;

import dev.holdfast.core.RegistryContext;
import dev.holdfast.core.discovery.Registries;
import dev.holdfast.gateway.config.GatewayConfig;
import dev.holdfast.gateway.config.GatewayYaml;
import dev.holdfast.gateway.config.LiveConfig;
import dev.holdfast.gateway.config.TlsFileLocation;
import dev.holdfast.gateway.frontend.HttpFrontend;
import dev.holdfast.gateway.schema.ClusterSchemas;
import dev.holdfast.gateway.schema.SchemaSource;
import dev.holdfast.gateway.schema.SchemaTranscoders;
import dev.holdfast.gateway.tls.TlsContexts;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.Random;
import java.util.Set;

/** A gateway as its file says, in front of a stock server of greetings: cluster {@code greet}. */
final class FileRig implements AutoCloseable {
  final Greetings greetings = new Greetings();
  final GatewayRig rig = new GatewayRig();
  final Gateway gateway;
  private final HttpClient client =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  private final Registries registries = new Registries(RegistryContext.system());
  private final String endpoint;
  private final Path folder;
  private final LiveConfig live;

  /** The longest time for which requests wait for a schema. */
  volatile Duration schemaWait = Duration.ofMinutes(1);

  FileRig(Path folder, SchemaSource asker, String text) throws IOException {
    this.folder = folder;
    endpoint = rig.serve(greetings);
    ClusterSchemas schemas =
        new ClusterSchemas(registries.context().scheduler(), asker, new Random(1), rig.meters);
    live =
        rig.closing(
            LiveConfig.open(
                registries,
                parsed(text),
                Set.of(),
                Optional.of(schemas),
                TlsContexts.open(rig.meters)));
    HttpFrontend frontend =
        HttpFrontend.of(new SchemaTranscoders(schemas))
            .following(() -> live.frontendOptions().withSchemaWait(schemaWait));
    gateway = rig.frontend(frontend).gateway(live.snapshot());
    live.follow(gateway::apply);
  }

  /** Another text of the file. */
  void use(String text) {
    live.use(parsed(text));
  }

  HttpResponse<String> get(String path, String... headers) throws Exception {
    return send("GET", path, "", headers);
  }

  HttpResponse<String> post(String path, String body, String... headers) throws Exception {
    return send("POST", path, body, headers);
  }

  HttpResponse<String> send(String method, String path, String body, String... headers)
      throws Exception {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + gateway.address().getPort() + path))
            .timeout(Duration.ofSeconds(GatewayRig.PATIENCE_SECONDS))
            .method(method, BodyPublishers.ofString(body));
    return client.send(
        (headers.length == 0 ? request : request.headers(headers)).build(),
        BodyHandlers.ofString());
  }

  private GatewayConfig parsed(String text) {
    return GatewayYaml.parse(
        "gateway.yaml",
        text.replace("endpoints: [ENDPOINT]", "connect-timeout: 1m, endpoints: [" + endpoint + "]"),
        registries::resolveTarget,
        Optional.empty(),
        TlsFileLocation.of(folder));
  }

  @Override
  public void close() {
    rig.close();
  }
}
