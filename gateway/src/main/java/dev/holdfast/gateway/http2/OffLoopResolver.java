package dev.holdfast.gateway.http2;

import io.netty.resolver.AddressResolver;
import io.netty.resolver.AddressResolverGroup;
import io.netty.resolver.InetNameResolver;
import io.netty.util.concurrent.EventExecutor;
import io.netty.util.concurrent.Promise;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.ForkJoinPool;

/** Looks names of hosts up as the JDK does, but never on an event loop, which it would stop. */
final class OffLoopResolver extends AddressResolverGroup<InetSocketAddress> {
  private static final Executor LOOKUPS = ForkJoinPool.commonPool();

  @Override
  protected AddressResolver<InetSocketAddress> newResolver(EventExecutor executor) {
    return new Names(executor).asAddressResolver();
  }

  private static final class Names extends InetNameResolver {
    Names(EventExecutor executor) {
      super(executor);
    }

    @Override
    protected void doResolve(String host, Promise<InetAddress> promise) {
      LOOKUPS.execute(
          () -> {
            try {
              promise.setSuccess(InetAddress.getByName(host));
            } catch (UnknownHostException e) {
              promise.setFailure(e);
            }
          });
    }

    @Override
    protected void doResolveAll(String host, Promise<List<InetAddress>> promise) {
      LOOKUPS.execute(
          () -> {
            try {
              promise.setSuccess(List.of(InetAddress.getAllByName(host)));
            } catch (UnknownHostException e) {
              promise.setFailure(e);
            }
          });
    }
  }
}
