package dev.holdfast.spring.boot.starter.actuator;

import dev.holdfast.core.Endpoint;
import dev.holdfast.core.EndpointListState;
import dev.holdfast.core.EndpointSet;
import dev.holdfast.core.HostPort;
import dev.holdfast.core.RegistrationState;
import dev.holdfast.core.ServiceName;
import dev.holdfast.core.annotation.Limit;
import dev.holdfast.core.discovery.EndpointDirectory;
import dev.holdfast.core.discovery.Registries;
import dev.holdfast.grpc.HoldfastServer;
import dev.holdfast.grpc.ServerRegistration;
import dev.holdfast.spring.boot.starter.server.ReadyServers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The endpoint lists and registrations of an application, as they are when asked. Nothing in them
 * is secret. Thread-safe.
 */
final class ApplicationStatus {
  @Limit(
      of = "endpoints of a service that the actuator endpoint shows",
      then = "the others are counted")
  static final int MAX_ENDPOINTS = 1_000;

  private final Registries registries;
  private final Optional<ReadyServers> servers;

  ApplicationStatus(Registries registries, Optional<ReadyServers> servers) {
    this.registries = registries;
    this.servers = servers;
  }

  /**
   * The list of one service.
   *
   * @param ageSeconds the time since the registry last confirmed it; null while it is not known
   * @param more how many endpoints are not shown
   */
  record ServiceList(
      String registry,
      String service,
      EndpointListState state,
      @Nullable Double ageSeconds,
      List<ListedEndpoint> endpoints,
      int more) {}

  /** An endpoint of a list. */
  record ListedEndpoint(
      String address,
      String instance,
      String zone,
      int weight,
      boolean ready,
      boolean draining,
      Map<String, String> metadata) {
    static ListedEndpoint of(Endpoint endpoint) {
      return new ListedEndpoint(
          endpoint.address().toString(),
          endpoint.instance(),
          endpoint.zone(),
          endpoint.weight(),
          endpoint.ready(),
          endpoint.draining(),
          endpoint.metadata());
    }
  }

  /** A server and its records. */
  record ServerStatus(
      int port, HoldfastServer.ServerState state, List<RegistrationStatus> registrations) {}

  /**
   * A record of a server.
   *
   * @param address the address that clients are told; null until it is known
   * @param failure why it is not visible; null without one
   */
  record RegistrationStatus(
      String target, RegistrationState state, @Nullable String address, @Nullable String failure) {}

  /** The lists of all services that are followed. */
  List<ServiceList> lists() {
    List<ServiceList> lists = new ArrayList<>();
    for (EndpointDirectory directory : registries.directories()) {
      for (ServiceName service : directory.services()) {
        lists.add(list(directory, service));
      }
    }
    lists.sort(Comparator.comparing(ServiceList::registry).thenComparing(ServiceList::service));
    return lists;
  }

  /** The servers of the application. */
  List<ServerStatus> servers() {
    return servers.map(ReadyServers::servers).orElse(List.of()).stream()
        .map(
            server ->
                new ServerStatus(
                    server.getPort(),
                    server.state(),
                    server.registrations().stream().map(ApplicationStatus::registration).toList()))
        .toList();
  }

  private static ServiceList list(EndpointDirectory directory, ServiceName service) {
    List<Endpoint> endpoints =
        directory.current(service).map(EndpointSet::endpoints).orElse(List.of());
    return new ServiceList(
        directory.registry().describe(),
        service.toString(),
        directory.state(service),
        directory.age(service).map(ApplicationStatus::seconds).orElse(null),
        endpoints.stream().limit(MAX_ENDPOINTS).map(ListedEndpoint::of).toList(),
        Math.max(0, endpoints.size() - MAX_ENDPOINTS));
  }

  private static RegistrationStatus registration(ServerRegistration registration) {
    return new RegistrationStatus(
        registration.target(),
        registration.state(),
        registration.address().map(HostPort::toString).orElse(null),
        registration.lastFailure().map(Exception::getMessage).orElse(null));
  }

  private static double seconds(Duration age) {
    return age.toMillis() / 1e3;
  }
}
