package dev.holdfast.grpc;

import dev.holdfast.core.DrainSignal;
import dev.holdfast.core.HostPort;
import dev.holdfast.core.registration.AdvertisedAddress;
import dev.holdfast.hooks.HeaderedMarshaller;
import dev.holdfast.hooks.Heartbeat;
import dev.holdfast.hooks.ServerHooks;
import dev.holdfast.hooks.ServiceInstances;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The view of a Holdfast server for the streams on it. */
final class HoldfastServerHooks implements ServerHooks {
  private final DrainSignal drain;
  private final Optional<Heartbeat> heartbeat;
  private final List<ServerRegistration> registrations;
  private final Optional<String> advertised;
  private final Map<String, String> environment;
  private final List<HeaderedMarshaller> streams;
  private final Optional<ServiceInstances> instances;
  private volatile int port;

  /**
   * @param advertised the address that the application said
   * @param streams the marshallers of the methods that are resumable streams
   */
  HoldfastServerHooks(
      DrainSignal drain,
      Optional<Heartbeat> heartbeat,
      List<ServerRegistration> registrations,
      Optional<String> advertised,
      Map<String, String> environment,
      List<HeaderedMarshaller> streams) {
    this.drain = drain;
    this.heartbeat = heartbeat;
    this.registrations = registrations;
    this.advertised = advertised;
    this.environment = environment;
    this.streams = streams;
    this.instances =
        registrations.isEmpty()
            ? Optional.empty()
            : Optional.of(new RegisteredInstances(registrations));
  }

  /** Records the port on which the server listens. */
  void listensAt(int newPort) {
    port = newPort;
    streams.forEach(stream -> stream.onServing(this));
  }

  @Override
  public Optional<ServiceInstances> instances() {
    return instances;
  }

  @Override
  public Optional<Heartbeat> heartbeat() {
    return heartbeat;
  }

  @Override
  public DrainSignal drain() {
    return drain;
  }

  /**
   * The registered address. Without a registration the configured one, because behind a balancer
   * only the operator knows the address; "" when none is configured.
   */
  @Override
  public String address() {
    for (ServerRegistration registration : registrations) {
      Optional<HostPort> announced = registration.address();
      if (announced.isPresent()) {
        return announced.get().toString();
      }
    }
    return AdvertisedAddress.isConfigured(advertised, environment)
        ? AdvertisedAddress.find(advertised, port, environment, List.of()).toString()
        : "";
  }
}
