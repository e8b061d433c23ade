package dev.holdfast.registry.kubernetes;

import dev.holdfast.core.Clock;
import dev.holdfast.core.annotation.Limit;
import dev.holdfast.registry.kubernetes.internal.credentials.ApiCredentials;
import java.net.InetSocketAddress;
import java.net.ProxySelector;
import java.net.URI;
import java.net.http.HttpClient;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLContext;
import org.jspecify.annotations.Nullable;

/**
 * The HTTP client in use, replaced when certificates changed or its connection is doubted.
 *
 * <p>The JDK's client can't send PINGs and keeps a dead connection, so the next request would hang
 * on it, too. Only a new client opens a new connection. Requests in progress on the old client
 * continue. Confined to the scheduler.
 */
final class HttpClients {
  /** Doubts come by themselves when a server is slow; each new connection makes it slower. */
  @Limit(
      of = "time between two connections that are made because one is doubted, at least",
      then = "the last one stays in use")
  static final Duration MIN_RECONNECT_INTERVAL = Duration.ofSeconds(2);

  private static final int THREADS = 2;
  private static final Duration IDLE = Duration.ofSeconds(10);
  private static final int HTTPS_PORT = 443;

  /** All registries of a process parse on these, which go away when there is nothing to do. */
  private static final Executor PARSERS = parsers();

  private record Kind(@Nullable SSLContext tls, Optional<URI> proxy) {}

  private final Clock clock;
  private final Duration connectTimeout;
  private @Nullable Kind kind;
  private @Nullable HttpClient client;
  private @Nullable Long doubtedAtNanos;

  HttpClients(Clock clock, Duration connectTimeout) {
    this.clock = clock;
    this.connectTimeout = connectTimeout;
  }

  HttpClient of(ApiCredentials apiCredentials) {
    Kind wanted = new Kind(apiCredentials.tls(), apiCredentials.proxy());
    HttpClient known = client;
    if (known != null && wanted.equals(kind)) {
      return known;
    }
    HttpClient made = make(wanted);
    kind = wanted;
    client = made;
    return made;
  }

  /** The next request gets a new connection. */
  void discardConnection() {
    long nowNanos = clock.nanoTime();
    Long last = doubtedAtNanos;
    if (last == null || nowNanos - last >= MIN_RECONNECT_INTERVAL.toNanos()) {
      doubtedAtNanos = nowNanos;
      client = null;
    }
  }

  private HttpClient make(Kind wanted) {
    HttpClient.Builder builder =
        HttpClient.newBuilder()
            .connectTimeout(connectTimeout)
            .followRedirects(HttpClient.Redirect.NEVER)
            .executor(PARSERS)
            // Proxies of the whole machine are for the world outside, not for the own cluster.
            .proxy(
                wanted
                    .proxy()
                    .<ProxySelector>map(HttpClients::through)
                    .orElse(HttpClient.Builder.NO_PROXY));
    if (wanted.tls() == null) {
      return builder.version(HttpClient.Version.HTTP_1_1).build();
    }
    return builder.version(HttpClient.Version.HTTP_2).sslContext(wanted.tls()).build();
  }

  private static ProxySelector through(URI proxy) {
    int port = proxy.getPort() < 0 ? HTTPS_PORT : proxy.getPort();
    return ProxySelector.of(InetSocketAddress.createUnresolved(proxy.getHost(), port));
  }

  private static Executor parsers() {
    ThreadPoolExecutor pool =
        new ThreadPoolExecutor(
            THREADS,
            THREADS,
            IDLE.toSeconds(),
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(),
            task -> {
              Thread thread = new Thread(task, "holdfast-kubernetes-http");
              thread.setDaemon(true);
              return thread;
            });
    pool.allowCoreThreadTimeOut(true);
    return pool;
  }
}
