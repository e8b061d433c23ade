package dev.holdfast.bench.spring;

import dev.holdfast.bench.process.LocalEtcd;
import dev.holdfast.bench.run.Report;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * The faults, played on the servers of all sides in the same moments, while every client makes its
 * calls.
 */
final class FaultStory {
  private final List<Side> sides;
  private final List<BootProcess> clients;
  private final Map<BootProcess, Long> failedBefore = new LinkedHashMap<>();
  private final LocalEtcd etcd;
  private final Report report;
  private final Lengths lengths;

  /**
   * How long the parts of the story take.
   *
   * @param steadySeconds calls without a fault, before the first one and after the last one
   * @param killedSeconds for how long nothing replaces the killed server
   * @param pauseSeconds between two restarts
   * @param outageSeconds for which etcd is away
   */
  record Lengths(int steadySeconds, int killedSeconds, int pauseSeconds, int outageSeconds) {}

  /** The servers of a side that run, the oldest first. */
  static final class Side {
    final OrdersServers servers;
    final List<OrdersServers.Instance> running = new ArrayList<>();
    final List<OrdersServers.Instance> all = new ArrayList<>();

    Side(OrdersServers servers) {
      this.servers = servers;
    }

    OrdersServers.Instance begin() throws Exception {
      OrdersServers.Instance next = servers.begin();
      running.add(next);
      all.add(next);
      return next;
    }

    OrdersServers.Instance newest() {
      return running.get(running.size() - 1);
    }
  }

  FaultStory(
      List<Side> sides, List<BootProcess> clients, LocalEtcd etcd, Report report, Lengths lengths) {
    this.sides = sides;
    this.clients = clients;
    this.etcd = etcd;
    this.report = report;
    this.lengths = lengths;
  }

  /** Plays all of them; calls are under way, and every instance is called. */
  void play() throws Exception {
    TimeUnit.SECONDS.sleep(lengths.steadySeconds());
    tell("steady");
    for (Side side : sides) {
      side.servers.kill(side.running.remove(0));
    }
    TimeUnit.SECONDS.sleep(lengths.killedSeconds());
    addOne();
    TimeUnit.SECONDS.sleep(lengths.pauseSeconds());
    tell("kill -9 of one of two, replaced after " + lengths.killedSeconds() + " s");
    for (int i = sides.get(0).running.size(); i > 0; i--) {
      replaceOldest();
      TimeUnit.SECONDS.sleep(lengths.pauseSeconds());
    }
    tell("rolling restart");
    replaceOldest();
    etcd.stop();
    TimeUnit.SECONDS.sleep(lengths.outageSeconds());
    tell("etcd away for " + lengths.outageSeconds() + " s, one replaced just before");
    etcd.startAgain();
    replaceOldest();
    TimeUnit.SECONDS.sleep(lengths.steadySeconds());
    tell("etcd back, one replaced at once");
  }

  /** Adds a server to each side, and waits until clients can find it. */
  void addOne() throws Exception {
    for (Side side : sides) {
      OrdersServers.Instance unused = side.begin();
    }
    for (Side side : sides) {
      side.servers.awaitFound(side.newest());
    }
  }

  /** The new one first, then SIGTERM for the oldest, as an orchestrator does it. */
  private void replaceOldest() throws Exception {
    addOne();
    List<OrdersServers.Instance> leaving = new ArrayList<>();
    for (Side side : sides) {
      OrdersServers.Instance oldest = side.running.remove(0);
      side.servers.beginStop(oldest);
      leaving.add(oldest);
    }
    for (int i = 0; i < sides.size(); i++) {
      sides.get(i).servers.awaitForgotten(leaving.get(i));
      leaving.get(i).process().awaitEnd();
    }
  }

  private void tell(String phase) throws Exception {
    StringBuilder text = new StringBuilder();
    for (BootProcess client : clients) {
      BootProcess.Counts counts = client.counts("COUNT", "COUNTED");
      long failed = counts.failed() - failedBefore.getOrDefault(client, 0L);
      failedBefore.put(client, counts.failed());
      text.append(text.isEmpty() ? "" : ", ").append(client.name()).append(' ').append(failed);
    }
    report.say("%s; failed: %s", phase, text);
  }
}
