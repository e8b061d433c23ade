package dev.holdfast.bench;

import dev.holdfast.registry.etcd.proto.RequestOp;
import dev.holdfast.registry.etcd.proto.TxnResponse;
import io.grpc.stub.StreamObserver;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.HdrHistogram.ConcurrentHistogram;

/**
 * A child process: fills etcd with services, then replaces one instance after the other at a fixed
 * rate. Every new record says when its put was sent, in {@link #MARKER}, on the monotonic clock
 * that all processes of a Linux machine share.
 */
public final class FleetWriter {
  /** The metadata that carries the time of the put; "0" in the records of the beginning. */
  static final String MARKER = "put";

  static final String POPULATED = "POPULATED";
  static final String GO = "GO";
  static final String DONE = "DONE";

  private static final long HIGHEST_MICROS = TimeUnit.MINUTES.toMicros(1);

  private final EtcdStub etcd;
  private final int services;
  private final int endpoints;
  private final List<String> addresses;
  private final int[] replaced;
  private final AtomicLong answered = new AtomicLong();
  private final AtomicLong failed = new AtomicLong();
  private final ConcurrentHistogram putMicros = new ConcurrentHistogram(HIGHEST_MICROS, 3);

  private FleetWriter(EtcdStub etcd, int services, int endpoints, List<String> addresses) {
    this.etcd = etcd;
    this.services = services;
    this.endpoints = endpoints;
    this.addresses = addresses;
    this.replaced = new int[services];
  }

  /**
   * What the writer did.
   *
   * @param failed puts that etcd did not take
   * @param latestMillis how far behind its schedule the writer was at worst
   */
  record Done(long sent, long failed, double seconds, double latestMillis, double putP99Millis) {
    static Done parse(String line) {
      String[] words = line.split(" ", -1);
      return new Done(
          Long.parseLong(words[0]),
          Long.parseLong(words[1]),
          Double.parseDouble(words[2]),
          Double.parseDouble(words[3]),
          Double.parseDouble(words[4]));
    }
  }

  static String service(int number) {
    return String.format(java.util.Locale.ROOT, "s%04d", number);
  }

  /** In which order services change, again and again. */
  private static List<Integer> order(int services) {
    List<Integer> order = new ArrayList<>();
    for (int s = 0; s < services; s++) {
      order.add(s);
    }
    Collections.shuffle(order, new Random(1));
    return order;
  }

  /** How many of the first changes concern the services whose number is below a limit. */
  static long changesBelow(int limit, int services, long changes) {
    long rounds = changes / services;
    long rest =
        order(services).subList(0, (int) (changes % services)).stream()
            .filter(s -> s < limit)
            .count();
    return rounds * limit + rest;
  }

  /** The program: {@code ETCD SERVICES ENDPOINTS RATE SECONDS ADDRESSES}. */
  public static void main(String[] args) throws Exception {
    int rate = Integer.parseInt(args[3]);
    int seconds = Integer.parseInt(args[4]);
    ParentLine parent = new ParentLine();
    try (EtcdStub etcd = new EtcdStub(args[0])) {
      FleetWriter writer =
          new FleetWriter(
              etcd,
              Integer.parseInt(args[1]),
              Integer.parseInt(args[2]),
              Arrays.asList(args[5].split(",", -1)));
      writer.populate();
      parent.say("%s %d", POPULATED, writer.services * writer.endpoints);
      if (parent.next().equals(GO)) {
        parent.say("%s %s", DONE, writer.replaceForAWhile(rate, seconds));
      }
    }
    System.exit(0);
  }

  private void populate() {
    List<RequestOp> batch = new ArrayList<>();
    for (int s = 0; s < services; s++) {
      for (int e = 0; e < endpoints; e++) {
        batch.add(putting(s, e, 0));
        if (batch.size() == EtcdStub.MAX_OPERATIONS) {
          etcd.commit(batch);
          batch.clear();
        }
      }
    }
    if (!batch.isEmpty()) {
      etcd.commit(batch);
    }
  }

  private String replaceForAWhile(int rate, int seconds) throws InterruptedException {
    List<Integer> order = order(services);
    long wanted = (long) rate * seconds;
    long intervalNanos = TimeUnit.SECONDS.toNanos(1) / rate;
    long start = System.nanoTime();
    long latest = 0;
    for (long n = 0; n < wanted; n++) {
      long due = start + n * intervalNanos;
      while (System.nanoTime() - due < 0) {
        LockSupport.parkNanos(due - System.nanoTime());
      }
      latest = Math.max(latest, System.nanoTime() - due);
      replaceOne(order.get((int) (n % services)));
    }
    double took = (System.nanoTime() - start) / 1e9;
    long give = System.nanoTime() + TimeUnit.SECONDS.toNanos(15);
    while (answered.get() + failed.get() < wanted && System.nanoTime() - give < 0) {
      TimeUnit.MILLISECONDS.sleep(1);
    }
    return String.format(
        java.util.Locale.ROOT,
        "%d %d %.3f %.3f %.3f",
        wanted,
        wanted - answered.get(),
        took,
        latest / 1e6,
        putMicros.getValueAtPercentile(99) / 1e3);
  }

  /** The oldest instance of a service goes and a new one comes, in one revision. */
  private void replaceOne(int service) {
    int generation = replaced[service]++;
    long now = System.nanoTime();
    etcd.commit(
        List.of(
            EtcdStub.deleting(key(service, generation)),
            putting(service, generation + endpoints, now)),
        new StreamObserver<TxnResponse>() {
          @Override
          public void onNext(TxnResponse response) {
            putMicros.recordValue(Math.min(HIGHEST_MICROS, (System.nanoTime() - now) / 1_000));
            answered.incrementAndGet();
          }

          @Override
          public void onError(Throwable cause) {
            failed.incrementAndGet();
          }

          @Override
          public void onCompleted() {}
        });
  }

  private RequestOp putting(int service, int generation, long putNanos) {
    return EtcdStub.putting(
        key(service, generation),
        EtcdStub.record(
            address(generation), "g" + generation, Map.of(MARKER, Long.toString(putNanos))));
  }

  private String key(int service, int generation) {
    return EtcdStub.key(Fleet.NAMESPACE + "/" + service(service), address(generation));
  }

  private String address(int generation) {
    return addresses.get(generation % addresses.size());
  }
}
