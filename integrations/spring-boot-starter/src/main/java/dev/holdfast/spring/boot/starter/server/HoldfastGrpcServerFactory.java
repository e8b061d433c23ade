package dev.holdfast.spring.boot.starter.server;

import dev.holdfast.core.discovery.Registries;
import dev.holdfast.grpc.HoldfastServer;
import dev.holdfast.grpc.HoldfastServerBuilder;
import dev.holdfast.spring.boot.starter.HoldfastProperties;
import io.grpc.Server;
import io.grpc.TlsServerCredentials.ClientAuth;
import io.grpc.protobuf.services.HealthStatusManager;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Optional;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.TrustManagerFactory;
import org.jspecify.annotations.Nullable;
import org.springframework.grpc.server.DefaultGrpcServerFactory;
import org.springframework.grpc.server.ServerBuilderCustomizer;

/** A server factory of spring-grpc whose servers register themselves and drain. */
public final class HoldfastGrpcServerFactory
    extends DefaultGrpcServerFactory<HoldfastServerBuilder> {
  private final InetSocketAddress listen;
  private final Registries registries;
  private final HoldfastProperties.Server settings;
  private final Optional<String> target;
  private final ShutdownBudget budget;
  private final ReadyServers servers;
  private final Optional<HealthStatusManager> health;

  /**
   * The certificates of a server, and what it asks of those of clients.
   *
   * @param keys null for plaintext
   * @param trust null for the authorities of the JDK
   */
  record Credentials(
      @Nullable KeyManagerFactory keys, @Nullable TrustManagerFactory trust, ClientAuth clients) {}

  /**
   * The parts of a server that are beans of the application.
   *
   * @param target where it is registered; empty to register it nowhere
   * @param health the application's own, which becomes NOT_SERVING when the server stops
   */
  record Parts(
      Registries registries,
      HoldfastProperties.Server settings,
      Optional<String> target,
      ShutdownBudget budget,
      ReadyServers servers,
      Optional<HealthStatusManager> health) {}

  HoldfastGrpcServerFactory(
      InetSocketAddress listen,
      List<ServerBuilderCustomizer<HoldfastServerBuilder>> customizers,
      Credentials credentials,
      Parts parts) {
    super(
        listen.toString(),
        customizers,
        credentials.keys(),
        credentials.trust(),
        credentials.clients());
    this.listen = listen;
    registries = parts.registries();
    settings = parts.settings();
    target = parts.target();
    budget = parts.budget();
    servers = parts.servers();
    health = parts.health();
  }

  @Override
  public Server createServer() {
    Server server = super.createServer();
    if (server instanceof HoldfastServer own) {
      servers.add(own);
    }
    return server;
  }

  @Override
  protected HoldfastServerBuilder newServerBuilder() {
    HoldfastServerBuilder builder =
        listen.getAddress().isAnyLocalAddress()
            ? HoldfastServerBuilder.forPort(listen.getPort(), credentials())
            : HoldfastServerBuilder.forAddress(listen, credentials());
    builder.registries(registries).registerOnStart(false).drain(budget.drain());
    health.ifPresent(builder::health);
    target.ifPresent(builder::register);
    if (settings.advertise() != null) {
      builder.advertise(settings.advertise());
    }
    if (settings.zone() != null) {
      builder.zone(settings.zone());
    }
    if (settings.weight() != null) {
      builder.weight(settings.weight());
    }
    settings.metadata().forEach(builder::metadata);
    return builder;
  }
}
