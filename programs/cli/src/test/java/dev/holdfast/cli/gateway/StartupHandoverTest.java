package dev.holdfast.cli.gateway;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.holdfast.core.RegistryContext;
import dev.holdfast.core.RegistryUri;
import dev.holdfast.core.discovery.Registries;
import dev.holdfast.gateway.config.GatewayConfig;
import dev.holdfast.gateway.config.LiveConfig;
import dev.holdfast.gateway.schema.ClusterSchemas;
import dev.holdfast.gateway.schema.ReflectionClient;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StartupHandoverTest {
  @TempDir private Path folder;

  @Test
  void whoKnowsNoServicesYetTakesNothingOver() throws Exception {
    RegistryContext context = RegistryContext.system();
    Path socket = Files.writeString(folder.resolve("gateway.sock"), "");
    // Bound so that nobody else gets the port; nobody listens there.
    try (Socket nobody = bound();
        ReflectionClient asker = ReflectionClient.open(new SimpleMeterRegistry());
        ClusterSchemas schemas = new ClusterSchemas(context.scheduler(), asker, context.random());
        LiveConfig live = LiveConfig.open(new Registries(context), at(nobody), Set.of())) {
      assertThatThrownBy(
              () ->
                  StartupHandover.begin(Optional.of(socket), live, schemas, Duration.ofMillis(1))
                      .close())
          .isInstanceOf(IOException.class)
          .hasMessage(
              "handover: no word of the registry which services it has within 1ms; nothing was"
                  + " taken over");
    }
  }

  private static Socket bound() throws IOException {
    Socket socket = new Socket();
    socket.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
    return socket;
  }

  private static GatewayConfig at(Socket nobody) {
    return GatewayConfig.EMPTY.withRegistry(
        RegistryUri.parse("etcd://127.0.0.1:" + nobody.getLocalPort() + "/prod"));
  }
}
