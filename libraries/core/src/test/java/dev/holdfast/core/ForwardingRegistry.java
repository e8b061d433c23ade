package dev.holdfast.core;

import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletionStage;

/** Passes everything on; tests override what they want to be different. */
public class ForwardingRegistry implements Registry {
  private final Registry real;

  public ForwardingRegistry(Registry real) {
    this.real = real;
  }

  @Override
  public String describe() {
    return real.describe();
  }

  @Override
  public Set<Capability> capabilities() {
    return real.capabilities();
  }

  @Override
  public Subscription watch(ServiceName service, WatchListener listener) {
    return real.watch(service, listener);
  }

  @Override
  public CompletionStage<RegistrySnapshot> read(ServiceName service) {
    return real.read(service);
  }

  @Override
  public Subscription watchNames(String namespace, ServiceNamesListener listener) {
    return real.watchNames(namespace, listener);
  }

  @Override
  public Announcement announce(
      ServiceName service, Endpoint endpoint, AnnouncementListener listener) {
    return real.announce(service, endpoint, listener);
  }

  @Override
  public Duration recordTtl() {
    return real.recordTtl();
  }

  @Override
  public Duration requestTimeout() {
    return real.requestTimeout();
  }

  @Override
  public List<InetSocketAddress> peerAddresses() {
    return real.peerAddresses();
  }

  @Override
  public void close() {
    real.close();
  }
}
