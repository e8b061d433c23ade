package dev.holdfast.gateway.loop;

import dev.holdfast.core.DurationText;
import dev.holdfast.core.LogEscaper;
import dev.holdfast.gateway.cluster.Ejection;
import dev.holdfast.gateway.cluster.LoopContext;
import dev.holdfast.gateway.limits.GatewayMeters;
import dev.holdfast.gateway.socket.GatewayEpollIoHandler;
import io.netty.channel.EventLoop;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The environment of clusters on an event loop: its clock, timers and random source, and the log
 * and meters of ejections.
 */
record EventLoopContext(EventLoop loop, GatewayMeters meters) implements LoopContext {
  private static final Logger log = LoggerFactory.getLogger(EventLoopContext.class);

  @Override
  public long nanoTime() {
    return GatewayEpollIoHandler.nanoTime();
  }

  @Override
  public void assertInLoop() {
    assertIn(loop);
  }

  /**
   * Asserts that the caller runs on an event loop.
   *
   * @throws AssertionError on any other thread
   */
  static void assertIn(EventLoop loop) {
    if (!loop.inEventLoop()) {
      throw new AssertionError(
          "thread: " + Thread.currentThread().getName() + " (expected: that of the event loop)");
    }
  }

  @Override
  public int random(int bound) {
    return ThreadLocalRandom.current().nextInt(bound);
  }

  @Override
  public void after(long nanos, Runnable task) {
    var unused = loop.schedule(task, nanos, TimeUnit.NANOSECONDS);
  }

  @Override
  public void onEjected(String cluster, Ejection ejection) {
    meters.ejected(cluster, ejection.fault().tag());
    log.warn(
        "event=endpoint_ejected cluster={} endpoint={} reason={} faults={} for={} ejections={}"
            + " cause=\"{}\"",
        cluster,
        ejection.address(),
        ejection.fault().tag(),
        ejection.faults(),
        DurationText.format(ejection.time()),
        ejection.ejections(),
        LogEscaper.escape(ejection.cause()));
  }

  @Override
  public void onUnejected(String cluster, String address) {
    log.info("event=endpoint_unejected cluster={} endpoint={}", cluster, address);
  }
}
