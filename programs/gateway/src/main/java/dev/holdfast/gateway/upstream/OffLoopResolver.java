package dev.holdfast.gateway.upstream;

import dev.holdfast.core.annotation.Limit;
import io.netty.resolver.AddressResolver;
import io.netty.resolver.AddressResolverGroup;
import io.netty.resolver.InetNameResolver;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.netty.util.concurrent.EventExecutor;
import io.netty.util.concurrent.Promise;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * A host name resolver that uses the JDK's lookup on threads of its own. A lookup would block an
 * event loop, and an unresponsive name server blocks a thread for many seconds.
 */
public final class OffLoopResolver extends AddressResolverGroup<InetSocketAddress> {
  @Limit(
      of = "names of hosts that are looked up at once for connections to upstreams",
      then = "further ones wait for their turn")
  static final int MAX_LOOKUPS = 32;

  private static final Executor THREADS = threads();

  private final HostLookup hostLookup;

  /** The lookup of a host's addresses; may block. */
  interface HostLookup {
    InetAddress[] all(String host) throws UnknownHostException;
  }

  public OffLoopResolver() {
    this(InetAddress::getAllByName);
  }

  OffLoopResolver(HostLookup hostLookup) {
    this.hostLookup = hostLookup;
  }

  @Override
  protected AddressResolver<InetSocketAddress> newResolver(EventExecutor executor) {
    return new Names(executor).asAddressResolver();
  }

  private static Executor threads() {
    ThreadPoolExecutor threads =
        new ThreadPoolExecutor(
            MAX_LOOKUPS,
            MAX_LOOKUPS,
            10,
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(),
            new DefaultThreadFactory("holdfast-gateway-lookup", true));
    threads.allowCoreThreadTimeOut(true);
    return threads;
  }

  private static <T> void answer(Promise<T> promise, Callable<T> question) {
    THREADS.execute(
        () -> {
          try {
            promise.trySuccess(question.call());
          } catch (Exception e) {
            promise.tryFailure(e);
          }
        });
  }

  private final class Names extends InetNameResolver {
    Names(EventExecutor executor) {
      super(executor);
    }

    @Override
    protected void doResolve(String host, Promise<InetAddress> promise) {
      answer(promise, () -> hostLookup.all(host)[0]);
    }

    @Override
    protected void doResolveAll(String host, Promise<List<InetAddress>> promise) {
      answer(promise, () -> List.of(hostLookup.all(host)));
    }
  }
}
