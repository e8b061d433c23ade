package dev.holdfast.gateway.http2;

import dev.holdfast.core.DurationText;
import dev.holdfast.core.LogText;
import dev.holdfast.gateway.cluster.Ejection;
import dev.holdfast.gateway.cluster.LoopContext;
import dev.holdfast.gateway.limits.GatewayMeters;
import dev.holdfast.gateway.socket.SteadyEpoll;
import io.netty.channel.EventLoop;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The environment of clusters on an event loop: its clock, timers and random source, and the log
 * and meters of ejections.
 */
record ClusterLoop(EventLoop loop, GatewayMeters meters) implements LoopContext {
  private static final Logger log = LoggerFactory.getLogger(ClusterLoop.class);

  @Override
  public long nanoTime() {
    return SteadyEpoll.nanoTime();
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
        LogText.of(ejection.cause()));
  }

  @Override
  public void onReturned(String cluster, String address) {
    log.info("event=endpoint_returned cluster={} endpoint={}", cluster, address);
  }
}
