package dev.holdfast.bench.registry;

import dev.holdfast.bench.process.EtcdStub;
import dev.holdfast.lab.load.PacedWait;
import dev.holdfast.lab.load.Pacer;
import dev.holdfast.lab.process.ParentLine;
import dev.holdfast.registry.etcd.proto.Event;
import dev.holdfast.registry.etcd.proto.RequestOp;
import dev.holdfast.registry.etcd.proto.TxnResponse;
import dev.holdfast.registry.etcd.proto.WatchResponse;
import io.grpc.stub.StreamObserver;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.HdrHistogram.ConcurrentHistogram;

/**
 * A child process that fills etcd with services, then replaces one instance after the other at a
 * fixed rate. Every new record carries the send time of its put in {@link #MARKER}. The time is
 * that of the monotonic clock, which all processes of a Linux machine share.
 */
public final class FleetWriter {
  /** The metadata that carries the time of the put; "0" in records that don't count. */
  static final String MARKER = "put";

  static final String POPULATED = "POPULATED";
  static final String GO = "GO";
  static final String WARM = "WARM";
  static final String DONE = "DONE";

  private static final long HIGHEST_MICROS = TimeUnit.MINUTES.toMicros(1);
  private static final long ANSWER_TIMEOUT_NANOS = TimeUnit.SECONDS.toNanos(15);
  private static final double NANOS_PER_MILLI = 1e6;

  private final EtcdStub etcd;
  private final List<String> addresses;
  private final FleetSize size;
  private final int[] replaced;
  private final AtomicLong answered = new AtomicLong();
  private final AtomicLong failed = new AtomicLong();
  private final ConcurrentHistogram putMicros = new ConcurrentHistogram(HIGHEST_MICROS, 3);
  private final ConcurrentHistogram plainMicros = new ConcurrentHistogram(HIGHEST_MICROS, 3);
  private final Map<String, Long> unseen = new ConcurrentHashMap<>();
  private long sent;
  private long latestNanos;

  private FleetWriter(EtcdStub etcd, List<String> addresses, FleetSize size) {
    this.etcd = etcd;
    this.addresses = addresses;
    this.size = size;
    this.replaced = new int[size.services()];
  }

  /**
   * The figures of the writer over the counted changes.
   *
   * @param failed puts that etcd did not accept, including those of the warm-up
   * @param latestMillis the longest delay of the writer behind its schedule
   * @param plainP99Millis 99th percentile of the time from a put to its event at a plain watch of
   *     the whole namespace
   */
  record Done(
      long sent,
      long failed,
      double seconds,
      double latestMillis,
      double putP50Millis,
      double putP99Millis,
      double plainP99Millis) {

    /** The inverse of {@link #toString()}. */
    static Done parse(String line) {
      String[] words = line.split(" ", -1);
      return new Done(
          Long.parseLong(words[0]),
          Long.parseLong(words[1]),
          Double.parseDouble(words[2]),
          Double.parseDouble(words[3]),
          Double.parseDouble(words[4]),
          Double.parseDouble(words[5]),
          Double.parseDouble(words[6]));
    }

    @Override
    public String toString() {
      return String.format(
          Locale.ROOT,
          "%d %d %.3f %.3f %.3f %.3f %.3f",
          sent,
          failed,
          seconds,
          latestMillis,
          putP50Millis,
          putP99Millis,
          plainP99Millis);
    }
  }

  static String service(int number) {
    return String.format(Locale.ROOT, "s%04d", number);
  }

  /** The program: {@code ETCD ADDRESSES} and the fleet's size. */
  public static void main(String[] args) throws Exception {
    ParentLine parent = new ParentLine();
    try (EtcdStub etcd = new EtcdStub(args[0])) {
      FleetWriter writer =
          new FleetWriter(
              etcd,
              Arrays.asList(args[1].split(",", -1)),
              FleetSize.parse(Arrays.asList(args).subList(2, args.length)));
      writer.populate();
      PlainWatch watch = writer.new PlainWatch();
      etcd.watch(FleetBenchmark.NAMESPACE, watch);
      parent.say(POPULATED);
      if (parent.next().equals(GO)) {
        writer.replaceUntil(writer.size.warmUpChanges());
        parent.say(WARM);
        parent.say("%s %s", DONE, writer.replaceWhatCounts());
        // The plain watch stays until the parent has counted all watches.
        var unused = parent.next();
      }
      watch.over = true;
    }
    System.exit(0);
  }

  private void populate() {
    List<RequestOp> batch = new ArrayList<>();
    for (int s = 0; s < size.services(); s++) {
      for (int e = 0; e < size.endpoints(); e++) {
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

  private Done replaceWhatCounts() throws InterruptedException {
    putMicros.reset();
    latestNanos = 0;
    long start = System.nanoTime();
    replaceUntil(size.allChanges());
    double tookSeconds = (System.nanoTime() - start) / 1e9;
    long deadline = System.nanoTime() + ANSWER_TIMEOUT_NANOS;
    while (answered.get() + failed.get() < sent && System.nanoTime() - deadline < 0) {
      TimeUnit.MILLISECONDS.sleep(1);
    }
    return new Done(
        sent - size.warmUpChanges(),
        sent - answered.get(),
        tookSeconds,
        latestNanos / NANOS_PER_MILLI,
        putMicros.getValueAtPercentile(50) / 1e3,
        putMicros.getValueAtPercentile(99) / 1e3,
        plainMicros.getValueAtPercentile(99) / 1e3);
  }

  private void replaceUntil(long end) {
    List<Integer> order = size.order();
    Pacer pacer = new Pacer(System.nanoTime(), size.rate());
    while (sent < end) {
      long due = PacedWait.untilDue(pacer);
      pacer.advance();
      latestNanos = Math.max(latestNanos, System.nanoTime() - due);
      replaceOne(order.get((int) (sent % size.services())), sent >= size.warmUpChanges());
      sent++;
    }
  }

  /** The oldest instance of a service goes and a new one comes, in one revision. */
  private void replaceOne(int service, boolean counts) {
    int oldest = replaced[service]++;
    int newcomer = oldest + size.endpoints();
    long now = System.nanoTime();
    if (counts) {
      unseen.put(key(service, newcomer), now);
    }
    etcd.commit(
        List.of(
            EtcdStub.deleting(key(service, oldest)), putting(service, newcomer, counts ? now : 0)),
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
    return EtcdStub.key(FleetBenchmark.NAMESPACE + "/" + service(service), address(generation));
  }

  private String address(int generation) {
    return addresses.get(generation % addresses.size());
  }

  /** Sees every change as anybody would who watches etcd: the floor for all others. */
  private final class PlainWatch implements StreamObserver<WatchResponse> {
    volatile boolean over;

    @Override
    public void onNext(WatchResponse response) {
      long now = System.nanoTime();
      for (Event event : response.getEventsList()) {
        Long put = unseen.remove(event.getKv().getKey().toStringUtf8());
        if (put != null) {
          plainMicros.recordValue(Math.min(HIGHEST_MICROS, (now - put) / 1_000));
        }
      }
    }

    @Override
    public void onError(Throwable cause) {
      if (!over) {
        System.err.println("the plain watch broke, so its percentile is of less: " + cause);
      }
    }

    @Override
    public void onCompleted() {
      onError(new IllegalStateException("the server ended it"));
    }
  }
}
