package dev.holdfast.cli.demo.streams;

import dev.holdfast.examples.v1.Reading;
import dev.holdfast.examples.v1.Receipt;
import dev.holdfast.examples.v1.TelemetryGrpc;
import dev.holdfast.grpc.HoldfastChannelBuilder;
import dev.holdfast.streams.DurabilityLevel;
import dev.holdfast.streams.SessionEnd;
import dev.holdfast.streams.SessionOptions;
import dev.holdfast.streams.SessionState;
import dev.holdfast.streams.grpc.ClientStreams;
import dev.holdfast.streams.grpc.SessionView;
import dev.holdfast.streams.grpc.StreamEvents;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.MetadataUtils;
import io.grpc.stub.StreamObserver;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The devices on Holdfast, with one durable stream each for the whole run. Their code sends a
 * reading per second and counts the answers; none of it deals with connections.
 */
final class DurableDevices implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(DurableDevices.class);

  /** The prefix of every device name. */
  static final String NAME = "d";

  /** Devices that share a connection, as behind one router. */
  static final int DEVICES_A_SITE = 20;

  /** Silence is noticed in seconds: the demo has no minutes. */
  private static final SessionOptions OPTIONS =
      SessionOptions.DEFAULT
          .withLevel(DurabilityLevel.DURABLE)
          .withTiming(
              SessionOptions.Timing.DEFAULT
                  .withHandshake(Duration.ofSeconds(4))
                  .withHeartbeat(
                      Duration.ofSeconds(2), Duration.ofSeconds(5), Duration.ofSeconds(5)));

  private final ClientStreams streams = ClientStreams.builder().options(OPTIONS).build();
  private final List<ManagedChannel> sites = new ArrayList<>();
  private final List<Device> devices = new ArrayList<>();
  private final AtomicLong lost = new AtomicLong();

  /** Opens all streams; the servers may come later. */
  DurableDevices(String target, int count) {
    for (int i = 0; i < count; i++) {
      if (i % DEVICES_A_SITE == 0) {
        sites.add(
            HoldfastChannelBuilder.forTarget(target, InsecureChannelCredentials.create())
                .intercept(streams)
                .build());
      }
      devices.add(new Device(NAME + (i + 1), sites.get(sites.size() - 1)));
    }
  }

  /** Each device of one of {@code slots} groups sends a reading, if its stream has room. */
  void send(int slot, int slots) {
    for (int i = slot; i < devices.size(); i += slots) {
      devices.get(i).send();
    }
  }

  /** Stops sending and ends each stream in order. */
  void finish() {
    devices.forEach(Device::finish);
  }

  boolean isFinished() {
    return devices.stream().allMatch(device -> device.end != null);
  }

  /** Streams that ended otherwise than they should, the first of them. */
  List<String> failures() {
    return devices.stream()
        .filter(device -> device.end != null && !device.end.isOk())
        .map(device -> device.name + ": " + device.end)
        .toList();
  }

  DeliveryTracker.DeliveryTotals deliveryTotals() {
    return devices.stream()
        .map(device -> device.ledger.deliveryTotals())
        .reduce(DeliveryTracker.DeliveryTotals.NONE, DeliveryTracker.DeliveryTotals::plus);
  }

  /** Sessions that could not be kept. */
  long sessionsLost() {
    return lost.get();
  }

  /** The number of sessions by state. */
  Map<SessionState, Long> states() {
    Map<SessionState, Long> states = new EnumMap<>(SessionState.class);
    for (SessionView session : streams.sessions()) {
      states.merge(session.state(), 1L, Long::sum);
    }
    return states;
  }

  /** Connections that sessions had after their first. */
  long resumed() {
    return streams.sessions().stream().mapToLong(view -> Math.max(0, view.attempts() - 1)).sum();
  }

  /** Whether each device had an answer. */
  boolean allAnswered() {
    return devices.stream().allMatch(device -> device.ledger.deliveryTotals().answered() > 0);
  }

  @Override
  public void close() {
    streams.close();
    sites.forEach(ManagedChannel::shutdownNow);
  }

  private final class Device implements StreamObserver<Receipt>, StreamEvents {
    private final String name;
    private final DeliveryTracker ledger = new DeliveryTracker();
    private final ClientCallStreamObserver<Reading> readings;
    private volatile @Nullable Status end;

    Device(String name, ManagedChannel channel) {
      this.name = name;
      Metadata who = new Metadata();
      who.put(DeviceServerMain.DEVICE, name);
      this.readings =
          (ClientCallStreamObserver<Reading>)
              TelemetryGrpc.newStub(channel)
                  .withOption(StreamEvents.KEY, this)
                  .withInterceptors(MetadataUtils.newAttachHeadersInterceptor(who))
                  .report(this);
    }

    void send() {
      if (end == null && readings.isReady()) {
        readings.onNext(Reading.newBuilder().setDevice(name).setNumber(ledger.next()).build());
      }
    }

    void finish() {
      if (end == null) {
        readings.onCompleted();
      }
    }

    @Override
    public void onNext(Receipt receipt) {
      ledger.onAnswer(Math.toIntExact(receipt.getNumber()));
    }

    @Override
    public void onError(Throwable failure) {
      log.warn("event=device_stream_failed device={}", name, failure);
      end = Status.fromThrowable(failure);
    }

    @Override
    public void onCompleted() {
      end = Status.OK;
    }

    @Override
    public void onMoved(long lastProcessed) {
      lost.incrementAndGet();
    }

    @Override
    public void onLost(SessionEnd why) {
      lost.incrementAndGet();
    }
  }
}
