package dev.holdfast.gateway.config;

import dev.holdfast.core.RegistryException;
import dev.holdfast.gateway.Gateway;
import dev.holdfast.gateway.GatewaySnapshot;
import dev.holdfast.gateway.listener.ListenerOptions;
import dev.holdfast.gateway.tls.TlsContexts;
import dev.holdfast.gateway.tls.TlsServer;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * The configured listeners with their TLS contexts, which a reload replaces. Closed after the
 * gateway that uses them. Thread-safe.
 */
public final class LiveListeners implements AutoCloseable {
  private final TlsContexts keys;
  private List<ListenerConfig> configs;
  private List<ListenerOptions> current;

  private LiveListeners(TlsContexts keys, List<ListenerConfig> configs) {
    this.keys = keys;
    this.configs = List.copyOf(configs);
    this.current = opened(keys, configs);
  }

  /**
   * Loads certificates and keys of the listeners, without binding any address.
   *
   * @throws IllegalArgumentException when a file can't be used
   */
  public static LiveListeners open(TlsContexts keys, List<ListenerConfig> configs) {
    return new LiveListeners(keys, configs);
  }

  /** The current listeners, with which a gateway is opened. */
  public synchronized List<ListenerOptions> current() {
    return current;
  }

  /**
   * Applies new listeners and a new configuration, or neither. Unchanged listeners keep their
   * sockets. A connection that is accepted meanwhile finds the clusters of its listener: new
   * clusters are published before new listeners accept, and old ones stay until the old listeners
   * are gone.
   *
   * @param live the configuration that the gateway follows
   * @throws IllegalArgumentException when an address, a certificate file or a registry can't be
   *     used; nothing has changed then
   * @throws RegistryException as {@link LiveConfig#use}; nothing has changed then
   */
  public synchronized void use(
      Gateway gateway, List<ListenerConfig> next, LiveConfig live, GatewayConfig config) {
    if (next.equals(configs)) {
      live.use(config);
      return;
    }
    List<ListenerOptions> opened = opened(keys, next);
    boolean done = false;
    GatewaySnapshot before = gateway.snapshot();
    live.follow(snapshot -> gateway.apply(snapshot.keeping(before.clusters())));
    try {
      gateway.listen(opened, () -> live.use(config));
      done = true;
    } catch (IOException e) {
      throw new IllegalArgumentException("listeners: " + e.getMessage(), e);
    } finally {
      if (!done) {
        close(opened);
      }
      live.follow(gateway::apply);
    }
    close(current);
    configs = List.copyOf(next);
    current = opened;
  }

  private static List<ListenerOptions> opened(TlsContexts keys, List<ListenerConfig> configs) {
    List<ListenerOptions> opened = new ArrayList<>();
    try {
      for (ListenerConfig config : configs) {
        opened.add(
            new ListenerOptions(
                config.address(),
                config.tls().map(keys::server),
                config.proxies(),
                config.l4(),
                config.forwarders()));
      }
    } catch (IllegalArgumentException e) {
      close(opened);
      throw e;
    }
    return List.copyOf(opened);
  }

  private static void close(List<ListenerOptions> listeners) {
    listeners.forEach(listener -> listener.tls().ifPresent(TlsServer::close));
  }

  @Override
  public synchronized void close() {
    close(current);
  }
}
