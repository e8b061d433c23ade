package dev.holdfast.gateway.config;

import dev.holdfast.core.RegistryException;
import dev.holdfast.gateway.Gateway;
import dev.holdfast.gateway.GatewaySnapshot;
import dev.holdfast.gateway.Listener;
import dev.holdfast.gateway.tls.Keyring;
import dev.holdfast.gateway.tls.TlsServer;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * The listeners of a configuration with their TLS, brought to life and replaced by others. Closed
 * after the gateway that uses them. Thread-safe.
 */
public final class LiveListeners implements AutoCloseable {
  private final Keyring keys;
  private List<ListenerConfig> configs;
  private List<Listener> current;

  private LiveListeners(Keyring keys, List<ListenerConfig> configs) {
    this.keys = keys;
    this.configs = List.copyOf(configs);
    this.current = opened(keys, configs);
  }

  /**
   * Reads the files of certificates and listens nowhere yet.
   *
   * @throws IllegalArgumentException when one can't be used
   */
  public static LiveListeners open(Keyring keys, List<ListenerConfig> configs) {
    return new LiveListeners(keys, configs);
  }

  /** What a gateway is opened with. */
  public synchronized List<Listener> current() {
    return current;
  }

  /**
   * Has the gateway listen and forward as configured, or do nothing of it; what did not change is
   * not touched. Whoever comes in meanwhile finds the clusters of his listener: those of new ones
   * are there before anybody is let in, those of old ones until nobody meets their terms.
   *
   * @param live which the gateway follows
   * @throws IllegalArgumentException when an address, a file of certificates or a registry can't be
   *     used; then all is as it was
   * @throws RegistryException as {@link LiveConfig#use}; then likewise
   */
  public synchronized void use(
      Gateway gateway, List<ListenerConfig> next, LiveConfig live, GatewayConfig config) {
    if (next.equals(configs)) {
      live.use(config);
      return;
    }
    List<Listener> opened = opened(keys, next);
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

  private static List<Listener> opened(Keyring keys, List<ListenerConfig> configs) {
    List<Listener> opened = new ArrayList<>();
    try {
      for (ListenerConfig config : configs) {
        opened.add(
            new Listener(
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

  private static void close(List<Listener> listeners) {
    listeners.forEach(listener -> listener.tls().ifPresent(TlsServer::close));
  }

  @Override
  public synchronized void close() {
    close(current);
  }
}
