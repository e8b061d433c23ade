package dev.holdfast.gateway.tls;

import dev.holdfast.core.Clock;
import dev.holdfast.core.Limit;
import dev.holdfast.core.LogText;
import dev.holdfast.core.Subscription;
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
public final class Keyring implements AutoCloseable {
  /** Pause between two polls of the files. */
  @Limit(
      of = "pause between two looks at a gateway's files of certificates and keys",
      then = "they are read; what was found twice and is good counts")
  public static final Duration LOOK_INTERVAL = Duration.ofMillis(200);

  @Limit(
      of = "steps of TLS handshakes that wait for a thread",
      then = "the connection of the next one is closed")
  static final int MAX_WAITING_STEPS = 10_000;

  @Limit(
      of = "time after which an idle thread for handshakes ends",
      then = "the next handshake starts another")
  private static final Duration THREAD_IDLE = Duration.ofSeconds(30);

  private static final Logger log = LoggerFactory.getLogger(Keyring.class);

  private final Clock clock;
  private final MeterRegistry meters;
  private final ScheduledExecutorService looks;
  private final ThreadPoolExecutor work;
  private final Map<Terms, Shared> open = new HashMap<>();
  private boolean librarySaid;

  private record Terms(LiveContext.Sources sources, Optional<ClientAuth> server) {}

  /** A shared context and its reference count. */
  private static final class Shared {
    private final LiveContext live;
    private int users;

    Shared(LiveContext live) {
      this.live = live;
    }
  }

  private Keyring(Clock clock, MeterRegistry meters) {
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
  public static Keyring open(MeterRegistry meters) {
    TlsLibrary.requireKnown();
    return open(Clock.system(), meters);
  }

  /**
   * A keyring with another clock.
   *
   * @param clock decides about expiry
   */
  static Keyring open(Clock clock, MeterRegistry meters) {
    Keyring ring = new Keyring(clock, meters);
    long nanos = LOOK_INTERVAL.toNanos();
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
    Optional<Path> authority = tls.clients().map(ListenerTls.Clients::authority);
    List<Subscription> uses = new ArrayList<>();
    Subscription all = once(() -> uses.forEach(Subscription::close));
    try {
      LiveContext first = shown(tls.identity(), authority, clients, uses);
      Map<String, LiveContext> named = new HashMap<>();
      for (ListenerTls.Named each : tls.named()) {
        LiveContext context = shown(each.identity(), authority, clients, uses);
        each.names().forEach(name -> named.put(name, context));
      }
      TlsServer.Certificates certificates =
          new TlsServer.Certificates(first, new ServerNames<>(named));
      ListenerTls.Forwarding forwarding =
          tls.clients().map(ListenerTls.Clients::forwarding).orElse(ListenerTls.Forwarding.NONE);
      return new TlsServer(certificates, forwarding, work, all, meters);
    } catch (IllegalArgumentException e) {
      all.close();
      throw e;
    }
  }

  private LiveContext shown(
      Identity identity, Optional<Path> authority, ClientAuth clients, List<Subscription> uses) {
    Terms terms =
        new Terms(new LiveContext.Sources(Optional.of(identity), authority), Optional.of(clients));
    LiveContext live = shared(terms, (keys, provider) -> Contexts.server(keys, clients, provider));
    uses.add(() -> release(terms));
    return live;
  }

  /**
   * The TLS context for connections to a cluster's endpoints. The caller closes the result.
   *
   * @throws IllegalArgumentException that names the file that can't be used
   */
  public TlsClient client(UpstreamTls tls) {
    Terms terms =
        new Terms(new LiveContext.Sources(tls.identity(), tls.authority()), Optional.empty());
    LiveContext live = shared(terms, (keys, provider) -> Contexts.client(keys));
    return new TlsClient(live, tls.serverName(), work, once(() -> release(terms)));
  }

  private static Subscription once(Runnable end) {
    AtomicBoolean ended = new AtomicBoolean();
    return () -> {
      if (ended.compareAndSet(false, true)) {
        end.run();
      }
    };
  }

  private synchronized LiveContext shared(Terms terms, LiveContext.Maker maker) {
    Shared shared = open.get(terms);
    if (shared == null) {
      sayLibrary();
      shared = new Shared(new LiveContext(terms.sources(), maker, clock, meters));
      open.put(terms, shared);
    }
    shared.users++;
    return shared.live;
  }

  /** Logs the TLS library when the first context is made; without TLS there is nothing to log. */
  private void sayLibrary() {
    if (!librarySaid) {
      librarySaid = true;
      TlsLibrary library = TlsLibrary.ofProcess();
      log.info(
          "event=tls_library library={} reason=\"{}\"",
          library.name(),
          LogText.of(library.reason()));
    }
  }

  private synchronized void release(Terms terms) {
    Shared shared = open.get(terms);
    if (shared != null && --shared.users == 0) {
      open.remove(terms);
      shared.live.close();
    }
  }

  private void look() {
    List<LiveContext> all;
    synchronized (this) {
      all = open.values().stream().map(shared -> shared.live).toList();
    }
    for (LiveContext live : all) {
      try {
        live.look();
      } catch (RuntimeException e) {
        // One set of files must not end the looks at all others.
        log.error("event=tls_look_failed", e);
      }
    }
  }

  /** Stops the threads and closes all contexts. Pending handshakes fail. */
  @Override
  public synchronized void close() {
    looks.shutdownNow();
    work.shutdownNow();
    open.values().forEach(shared -> shared.live.close());
    open.clear();
  }
}
