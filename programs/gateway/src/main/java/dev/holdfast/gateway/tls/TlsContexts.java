package dev.holdfast.gateway.tls;

import dev.holdfast.core.Clock;
import dev.holdfast.core.LogEscaper;
import dev.holdfast.core.Subscription;
import dev.holdfast.core.annotation.Limit;
import io.micrometer.core.instrument.MeterRegistry;
import io.netty.handler.ssl.ClientAuth;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The TLS contexts of a gateway, with their certificates and keys. A thread of its own polls the
 * files, so that a hanging mount blocks nothing else. Handshake computations run on their own
 * threads too, so that a burst of new clients does not delay existing calls.
 *
 * <p>Contexts with the same files are shared in their last valid state, so an expired file does not
 * prevent reuse. Thread-safe.
 */
public final class TlsContexts implements AutoCloseable {
  /** Pause between two polls of the files. */
  @Limit(
      of = "pause between two checks of a gateway's certificate and key files",
      then = "they are read; what was found twice and is good counts")
  public static final Duration CHECK_INTERVAL = Duration.ofSeconds(1);

  @Limit(
      of = "steps of TLS handshakes that wait for a thread",
      then = "the connection of the next one is closed")
  static final int MAX_WAITING_STEPS = 10_000;

  @Limit(
      of = "time after which an idle thread for handshakes ends",
      then = "the next handshake starts another")
  private static final Duration THREAD_IDLE = Duration.ofSeconds(30);

  private static final Logger log = LoggerFactory.getLogger(TlsContexts.class);

  private final Clock clock;
  private final MeterRegistry meters;
  private final ScheduledExecutorService looks;
  private final ThreadPoolExecutor work;
  private final Map<ContextKey, SharedContext> open = new HashMap<>();
  private boolean librarySaid;

  private record ContextKey(
      ReloadableTlsContext.TlsContextFiles sources, Optional<ClientAuth> server) {}

  /** A shared context and its reference count. */
  private static final class SharedContext {
    private final ReloadableTlsContext live;
    private int users;

    SharedContext(ReloadableTlsContext live) {
      this.live = live;
    }
  }

  private TlsContexts(Clock clock, MeterRegistry meters) {
    this.clock = clock;
    this.meters = meters;
    this.looks =
        new ScheduledThreadPoolExecutor(1, new DefaultThreadFactory("holdfast-keys", true));
    int threads = Math.max(1, Runtime.getRuntime().availableProcessors() / 2);
    this.work =
        new ThreadPoolExecutor(
            threads,
            threads,
            THREAD_IDLE.toNanos(),
            TimeUnit.NANOSECONDS,
            new LinkedBlockingQueue<>(MAX_WAITING_STEPS),
            new DefaultThreadFactory("holdfast-handshake", true));
    work.allowCoreThreadTimeOut(true);
  }

  /**
   * A keyring without contexts; starts its polling thread.
   *
   * @throws IllegalArgumentException when {@code -Dholdfast.gateway.tls} names an unknown library
   */
  public static TlsContexts open(MeterRegistry meters) {
    TlsLibrary.requireKnown();
    return open(Clock.system(), meters);
  }

  /**
   * A keyring with another clock.
   *
   * @param clock decides about expiry
   */
  static TlsContexts open(Clock clock, MeterRegistry meters) {
    TlsContexts ring = new TlsContexts(clock, meters);
    long nanos = CHECK_INTERVAL.toNanos();
    var unused = ring.looks.scheduleWithFixedDelay(ring::look, nanos, nanos, TimeUnit.NANOSECONDS);
    return ring;
  }

  /**
   * The TLS contexts of a listener. The caller closes the result.
   *
   * @throws IllegalArgumentException that names the file that can't be used
   */
  public TlsServer server(ListenerTls tls) {
    ClientAuth clients =
        tls.clients()
            .map(known -> known.required() ? ClientAuth.REQUIRE : ClientAuth.OPTIONAL)
            .orElse(ClientAuth.NONE);
    Optional<Path> authority = tls.clients().map(ListenerTls.ClientAuthentication::authority);
    List<Subscription> uses = new ArrayList<>();
    Subscription all = once(() -> uses.forEach(Subscription::close));
    try {
      ReloadableTlsContext first = shown(tls.identity(), authority, clients, uses);
      Map<String, ReloadableTlsContext> named = new HashMap<>();
      for (ListenerTls.SniCertificate each : tls.named()) {
        ReloadableTlsContext context = shown(each.identity(), authority, clients, uses);
        each.names().forEach(name -> named.put(name, context));
      }
      TlsServer.ServerCertificates serverCertificates =
          new TlsServer.ServerCertificates(first, new ServerNames<>(named));
      ListenerTls.ClientCertForwarding clientCertForwarding =
          tls.clients()
              .map(ListenerTls.ClientAuthentication::forwarding)
              .orElse(ListenerTls.ClientCertForwarding.NONE);
      return new TlsServer(serverCertificates, clientCertForwarding, work, all, meters);
    } catch (IllegalArgumentException e) {
      all.close();
      throw e;
    }
  }

  private ReloadableTlsContext shown(
      TlsIdentity tlsIdentity,
      Optional<Path> authority,
      ClientAuth clients,
      List<Subscription> uses) {
    ContextKey contextKey =
        new ContextKey(
            new ReloadableTlsContext.TlsContextFiles(Optional.of(tlsIdentity), authority),
            Optional.of(clients));
    ReloadableTlsContext live =
        shared(
            contextKey,
            (keyMaterial, provider) -> TlsContextFactory.server(keyMaterial, clients, provider));
    uses.add(() -> release(contextKey));
    return live;
  }

  /**
   * The TLS context for connections to a cluster's endpoints. The caller closes the result.
   *
   * @throws IllegalArgumentException that names the file that can't be used
   */
  public TlsClient client(UpstreamTls tls) {
    ContextKey contextKey =
        new ContextKey(
            new ReloadableTlsContext.TlsContextFiles(tls.identity(), tls.authority()),
            Optional.empty());
    ReloadableTlsContext live =
        shared(contextKey, (keyMaterial, provider) -> TlsContextFactory.client(keyMaterial));
    return new TlsClient(live, tls.serverName(), work, once(() -> release(contextKey)));
  }

  private static Subscription once(Runnable end) {
    AtomicBoolean ended = new AtomicBoolean();
    return () -> {
      if (ended.compareAndSet(false, true)) {
        end.run();
      }
    };
  }

  private synchronized ReloadableTlsContext shared(
      ContextKey contextKey, ReloadableTlsContext.TlsContextMaker tlsContextMaker) {
    SharedContext sharedContext = open.get(contextKey);
    if (sharedContext == null) {
      sayLibrary();
      sharedContext =
          new SharedContext(
              new ReloadableTlsContext(contextKey.sources(), tlsContextMaker, clock, meters));
      open.put(contextKey, sharedContext);
    }
    sharedContext.users++;
    return sharedContext.live;
  }

  /** Logs the TLS library when the first context is made; without TLS there is nothing to log. */
  private void sayLibrary() {
    if (!librarySaid) {
      librarySaid = true;
      TlsLibrary library = TlsLibrary.ofProcess();
      log.info(
          "event=tls_library library={} reason=\"{}\"",
          library.name(),
          LogEscaper.escape(library.reason()));
    }
  }

  private synchronized void release(ContextKey contextKey) {
    SharedContext sharedContext = open.get(contextKey);
    if (sharedContext != null && --sharedContext.users == 0) {
      open.remove(contextKey);
      sharedContext.live.close();
    }
  }

  private void look() {
    List<ReloadableTlsContext> all;
    synchronized (this) {
      all = open.values().stream().map(sharedContext -> sharedContext.live).toList();
    }
    for (ReloadableTlsContext live : all) {
      try {
        live.look();
      } catch (RuntimeException e) {
        // One set of files must not end the checks of all others.
        log.error("event=tls_poll_failed", e);
      }
    }
  }

  /** Stops the threads and closes all contexts. Pending handshakes fail. */
  @Override
  public synchronized void close() {
    looks.shutdownNow();
    work.shutdownNow();
    open.values().forEach(sharedContext -> sharedContext.live.close());
    open.clear();
  }
}
