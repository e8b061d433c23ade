package dev.holdfast.lab.kubernetes;

import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A Kubernetes API server for tests, on one port of the loopback address, with fault injection:
 * EndpointSlices and Services can be got, listed and watched as at a real one.
 *
 * <p>Everything that a client can see follows the API's documents and the code of the real server:
 * versions, pages, bookmarks, selectors, errors. The server accepts no writes; tests write into the
 * {@link #store()}. Everything is deterministic. Thread-safe.
 */
public final class ApiServer implements AutoCloseable {
  /** The number of requests that are recorded; older ones are discarded. */
  public static final int REMEMBERED_REQUESTS = 100_000;

  private final EventLoopGroup loop = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
  private final ApiStore store = new ApiStore();
  private final ApiFaults faults = new ApiFaults();
  private final ApiAccess access = new ApiAccess();
  private final Set<ApiWatchStream> watches = ConcurrentHashMap.newKeySet();
  private final Deque<ApiRequest> requests = new ArrayDeque<>();
  private final int port;
  private volatile ApiServerOptions options;
  private volatile boolean expiresByStatus;
  private @Nullable ApiListener listener;

  private ApiServer(ApiServerOptions options) {
    this.options = options;
    ApiListener first = new ApiListener(this, loop, 0);
    listener = first;
    port = first.address().getPort();
  }

  /** Starts a plain server on a free port. */
  public static ApiServer start() {
    return start(ApiServerOptions.defaults());
  }

  /** Starts a server on a free port. */
  public static ApiServer start(ApiServerOptions options) {
    return new ApiServer(options);
  }

  /** Where it listens, or listened before it was stopped. */
  public InetSocketAddress address() {
    return new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
  }

  /** {@code 127.0.0.1:port}, as it stands in URIs. */
  public String authority() {
    return "127.0.0.1:" + port;
  }

  /** {@code http://127.0.0.1:port} or the same with {@code https}. */
  public String url() {
    return (options.tls().isPresent() ? "https" : "http") + "://" + authority();
  }

  /** The store of the server's objects. */
  public ApiStore store() {
    return store;
  }

  /** The faults that the server injects into future requests. */
  public ApiFaults faults() {
    return faults;
  }

  /** The authentication and authorization of the server. */
  public ApiAccess access() {
    return access;
  }

  /** The recorded requests, oldest first. */
  public List<ApiRequest> requests() {
    synchronized (requests) {
      return List.copyOf(requests);
    }
  }

  /** How many requests of a verb there were. */
  public int count(ApiVerb verb) {
    return (int) requests().stream().filter(request -> request.verb() == verb).count();
  }

  /** How many watches are open; those that were made silent count. */
  public int openWatches() {
    return watches.size();
  }

  /** How many connections are open. */
  public synchronized int openConnections() {
    return listener == null ? 0 : listener.connections().size();
  }

  /**
   * Whether a watch from a version that is too old is refused with the HTTP code 410; otherwise it
   * begins with 200 and an ERROR event, as real ones mostly do.
   */
  public void expireByStatus(boolean value) {
    expiresByStatus = value;
  }

  /** Every open watch stays open and says nothing more; new ones are as they should be. */
  public void silenceWatches() {
    onEach(ApiWatchStream::goSilent);
  }

  /** Nothing is answered on the connections of now any more; new ones are as they should be. */
  public void silenceConnections() {
    connections().forEach(ApiConnection::stopAnswering);
  }

  /** Every open watch ends in good order, as at its time limit. */
  public void endWatches() {
    onEach(ApiWatchStream::timeUp);
  }

  /** Every open watch ends with 410 in an ERROR event. */
  public void expireWatches() {
    onEach(ApiWatchStream::expire);
  }

  /** Sends a text to every open watch as it is, such as half an event. */
  public void sendToWatches(String text) {
    onEach(watch -> watch.sendRaw(text));
  }

  /** Closes every connection; new ones are accepted. */
  public void cutConnections() {
    connections().forEach(ApiConnection::close);
  }

  /** Closes the port and every connection, until {@link #startAgain()}. */
  public synchronized void stop() {
    if (listener != null) {
      listener.stop();
      listener = null;
    }
  }

  /**
   * Listens on the same port as before. The store is as it was, but what changed before can't be
   * watched any more: the cache of a new process begins with the present.
   */
  public synchronized void startAgain() {
    if (listener == null) {
      store.forgetWatchableChanges();
      listener = new ApiListener(this, loop, port);
    }
  }

  /** Stops the server and starts it again on the same port, with the same store. */
  public synchronized void restart() {
    stop();
    startAgain();
  }

  /** Stops, loses everything it kept and the count of versions, and starts again. */
  public synchronized void restartEmpty() {
    stop();
    store.wipe();
    startAgain();
  }

  /** Takes another certificate for connections to come: those of now are closed. */
  public synchronized void replaceTls(ApiServerTls tls) {
    stop();
    options = options.withTls(tls);
    startAgain();
  }

  @Override
  public void close() {
    stop();
    loop.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly(2, TimeUnit.SECONDS);
  }

  ApiServerOptions options() {
    return options;
  }

  boolean expiresByStatus() {
    return expiresByStatus;
  }

  void note(ApiRequest request) {
    synchronized (requests) {
      if (requests.size() == REMEMBERED_REQUESTS) {
        requests.removeFirst();
      }
      requests.addLast(request);
    }
  }

  void opened(ApiWatchStream watch) {
    watches.add(watch);
  }

  void closed(ApiWatchStream watch) {
    watches.remove(watch);
  }

  private synchronized Set<ApiConnection> connections() {
    return listener == null ? Set.of() : listener.connections();
  }

  /** Done when it returns: a test that goes on finds it so. */
  private void onEach(Consumer<ApiWatchStream> action) {
    loop.next().submit(() -> watches.forEach(action)).awaitUninterruptibly(5, TimeUnit.SECONDS);
  }
}
