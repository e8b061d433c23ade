package dev.holdfast.gateway.upstream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.util.concurrent.DefaultEventExecutor;
import io.netty.util.concurrent.Future;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Names of hosts whose name server answers late, or not, beside one that answers. */
class OffLoopResolverTest {
  private static final int PATIENCE_SECONDS = 60;

  private final CountDownLatch answered = new CountDownLatch(1);
  private final DefaultEventExecutor loop = new DefaultEventExecutor();
  private final OffLoopResolver resolver = new OffLoopResolver(this::lookUp);

  @AfterEach
  void stop() {
    answered.countDown();
    resolver.close();
    loop.shutdownGracefully(0, 0, TimeUnit.SECONDS).awaitUninterruptibly();
  }

  /** As many as processors have threads of the common pool, and more. */
  @Test
  void namesThatWaitKeepNoOtherNameWaiting() throws Exception {
    List<Future<InetSocketAddress>> waiting = new ArrayList<>();
    for (int i = 0; i < OffLoopResolver.MAX_LOOKUPS - 1; i++) {
      waiting.add(resolve("slow-" + i));
    }
    assertThat(resolve("quick").get(PATIENCE_SECONDS, TimeUnit.SECONDS).getAddress())
        .isEqualTo(InetAddress.getLoopbackAddress());
    assertThat(waiting).noneMatch(Future::isDone);
    answered.countDown();
    for (Future<InetSocketAddress> each : waiting) {
      assertThat(each.get(PATIENCE_SECONDS, TimeUnit.SECONDS).isUnresolved()).isFalse();
    }
  }

  @Test
  void unknownNameIsTold() {
    Future<InetSocketAddress> unknown = resolve("unknown");
    assertThatThrownBy(() -> unknown.get(PATIENCE_SECONDS, TimeUnit.SECONDS))
        .hasRootCauseInstanceOf(UnknownHostException.class);
  }

  private Future<InetSocketAddress> resolve(String host) {
    return resolver.getResolver(loop).resolve(InetSocketAddress.createUnresolved(host, 80));
  }

  private InetAddress[] lookUp(String host) throws UnknownHostException {
    if (host.startsWith("slow")) {
      try {
        answered.await();
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
    } else if (host.equals("unknown")) {
      throw new UnknownHostException(host);
    }
    return new InetAddress[] {InetAddress.getLoopbackAddress()};
  }
}
