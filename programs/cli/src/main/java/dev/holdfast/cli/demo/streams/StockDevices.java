package dev.holdfast.cli.demo.streams;

import dev.holdfast.examples.v1.Reading;
import dev.holdfast.examples.v1.Receipt;
import dev.holdfast.examples.v1.TelemetryGrpc;
import io.grpc.ManagedChannel;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The devices on stock grpc-java, whose applications reopen streams themselves. A stream that ends
 * is opened again after about a second, and the readings believed unsent are sent again.
 *
 * <p>The application must guess which readings those are. Half of the devices treat every written
 * reading as sent, which loses those in flight. The other half treat only answered readings as
 * sent, which repeats those handled but not yet answered. Channels use keepalive, or a silent path
 * would hold a stream for ever, and learn at once which servers there are.
 */
final class StockDevices implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(StockDevices.class);
  private static final long REOPEN_MILLIS = 500;
  private static final long REOPEN_JITTER_MILLIS = 1_000;

  private final UpdatableResolverProvider addresses = new UpdatableResolverProvider();
  private final List<ManagedChannel> sites = new ArrayList<>();
  private final List<Device> devices = new ArrayList<>();
  private final AtomicLong cut = new AtomicLong();
  private final ScheduledExecutorService timer =
      Executors.newSingleThreadScheduledExecutor(
          task -> {
            Thread thread = new Thread(task, "demo-stock-devices");
            thread.setDaemon(true);
            return thread;
          });
  private volatile boolean finishing;
  private volatile boolean closed;

  StockDevices(int count) {
    for (int i = 0; i < count; i++) {
      if (i % DurableDevices.DEVICES_A_SITE == 0) {
        sites.add(addresses.channel());
      }
      devices.add(new Device("stock" + (i + 1), i % 2 == 0, sites.get(sites.size() - 1)));
    }
  }

  /** The list of server addresses that the devices' channels follow. */
  UpdatableResolverProvider addresses() {
    return addresses;
  }

  void open() {
    devices.forEach(Device::open);
  }

  /** Each device of one of {@code slots} groups has a new reading. */
  void send(int slot, int slots) {
    for (int i = slot; i < devices.size(); i += slots) {
      devices.get(i).produce();
    }
  }

  /**
   * Stops producing readings and ends the streams. A stream that breaks meanwhile is opened once
   * more.
   */
  void finish() {
    finishing = true;
    devices.forEach(Device::flush);
  }

  boolean isFinished() {
    return devices.stream().allMatch(device -> device.done);
  }

  DeliveryTracker.DeliveryTotals deliveryTotals() {
    return devices.stream()
        .map(device -> device.ledger.deliveryTotals())
        .reduce(DeliveryTracker.DeliveryTotals.NONE, DeliveryTracker.DeliveryTotals::plus);
  }

  /** The number of streams that broke. */
  long cut() {
    return cut.get();
  }

  /**
   * The losses and duplicates of all devices, computed from the effects in the servers' handlers.
   */
  ReadingLosses outcome(Map<String, EffectLog.Effects> effects) {
    return outcome(true, effects).plus(outcome(false, effects));
  }

  /**
   * The losses and duplicates of one half of the devices: those that treat written readings as
   * sent, or the others.
   */
  ReadingLosses outcome(boolean believesWritten, Map<String, EffectLog.Effects> effects) {
    ReadingLosses sum = new ReadingLosses(0, 0);
    for (Device device : devices) {
      if (device.treatsWrittenAsSent == believesWritten) {
        EffectLog.Effects done = effects.getOrDefault(device.name, EffectLog.Effects.NONE);
        long missing = device.ledger.deliveryTotals().sent() - done.distinct();
        sum = sum.plus(new ReadingLosses(missing, done.repeated()));
      }
    }
    return sum;
  }

  /** Readings that no handler acted on, and times that one was acted on again. */
  record ReadingLosses(long lost, long duplicated) {
    ReadingLosses plus(ReadingLosses other) {
      return new ReadingLosses(lost + other.lost, duplicated + other.duplicated);
    }

    @Override
    public String toString() {
      return "lost=" + lost + " duplicated=" + duplicated;
    }
  }

  @Override
  public void close() {
    closed = true;
    timer.shutdownNow();
    sites.forEach(ManagedChannel::shutdownNow);
  }

  private final class Device {
    private final String name;
    private final boolean treatsWrittenAsSent;
    private final ManagedChannel channel;
    private final DeliveryTracker ledger = new DeliveryTracker();

    // Guarded by this.
    private final Deque<Integer> unsent = new ArrayDeque<>();
    private @Nullable ClientCallStreamObserver<Reading> stream;
    private boolean halfClosed;

    private volatile boolean done;

    Device(String name, boolean believesWritten, ManagedChannel channel) {
      this.name = name;
      this.treatsWrittenAsSent = believesWritten;
      this.channel = channel;
    }

    synchronized void produce() {
      unsent.add(ledger.next());
      flush();
    }

    synchronized void open() {
      if (closed || done) {
        return;
      }
      if (!treatsWrittenAsSent) {
        unsent.clear();
        unsent.addAll(ledger.unanswered());
      }
      halfClosed = false;
      stream =
          (ClientCallStreamObserver<Reading>)
              TelemetryGrpc.newStub(channel).withWaitForReady().report(new Answers());
      flush();
    }

    synchronized void flush() {
      ClientCallStreamObserver<Reading> to = stream;
      if (to == null || halfClosed) {
        return;
      }
      // What a stream is not ready for the application knows to be unsent.
      while (!unsent.isEmpty() && (finishing || to.isReady())) {
        to.onNext(Reading.newBuilder().setDevice(name).setNumber(unsent.remove()).build());
      }
      if (finishing) {
        halfClosed = true;
        to.onCompleted();
      }
    }

    private synchronized void onEnd(boolean inOrder) {
      stream = null;
      if (finishing && inOrder) {
        done = true;
        return;
      }
      cut.incrementAndGet();
      long millis = REOPEN_MILLIS + ThreadLocalRandom.current().nextLong(REOPEN_JITTER_MILLIS);
      try {
        var unused = timer.schedule(this::open, millis, TimeUnit.MILLISECONDS);
      } catch (RejectedExecutionException e) {
        log.debug("event=stock_devices_closed", e);
      }
    }

    private final class Answers implements StreamObserver<Receipt> {
      @Override
      public void onNext(Receipt receipt) {
        ledger.onAnswer(Math.toIntExact(receipt.getNumber()));
      }

      @Override
      public void onError(Throwable failure) {
        onEnd(false);
      }

      @Override
      public void onCompleted() {
        onEnd(true);
      }
    }
  }
}
