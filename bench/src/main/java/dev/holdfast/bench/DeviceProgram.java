package dev.holdfast.bench;

import dev.holdfast.streams.grpc.ClientStreams;
import io.grpc.ManagedChannel;
import io.grpc.netty.NettyChannelBuilder;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/** The program of {@link Devices}: {@code RESUMABLE PORT CONNECTIONS PER_CONNECTION}. */
final class DeviceProgram {
  /** Asked: open all streams; answered when each has had an answer. */
  static final String OPEN = "OPEN";

  /** Asked and answered: what they have seen. */
  static final String COUNT = "COUNT";

  /** Asked: each sends a message; answered when they have. */
  static final String SEND = "SEND";

  /** What a machine with two cores opens at a time without waiting for itself. */
  private static final int OPENING_AT_ONCE = 1_000;

  private static final long PATIENCE_SECONDS = 240;

  private final List<Device> devices = new ArrayList<>();
  private final List<ManagedChannel> channels = new ArrayList<>();

  private DeviceProgram() {}

  /** The program. */
  public static void main(String[] args) throws Exception {
    boolean resumable = Boolean.parseBoolean(args[0]);
    int port = Integer.parseInt(args[1]);
    int connections = Integer.parseInt(args[2]);
    int perConnection = Integer.parseInt(args[3]);
    DeviceProgram program = new DeviceProgram();
    ParentLine parent = new ParentLine();
    for (String asked = parent.next(); !asked.isEmpty(); asked = parent.next()) {
      switch (asked) {
        case OPEN -> {
          program.open(resumable, port, connections, perConnection);
          parent.say(OPEN);
        }
        case SEND -> {
          program.devices.forEach(Device::send);
          parent.say(SEND);
        }
        case COUNT -> parent.say("%s %s", COUNT, program.count().line());
        default -> throw new IllegalArgumentException(asked);
      }
    }
    program.channels.forEach(ManagedChannel::shutdownNow);
    System.exit(0);
  }

  private void open(boolean resumable, int port, int connections, int perConnection)
      throws InterruptedException {
    // Few threads: a hundred thousand devices are a hundred thousand processes elsewhere.
    Executor callbacks = Executors.newFixedThreadPool(Machine.cores());
    ClientStreams streams = ClientStreams.builder().executor(callbacks).build();
    InetSocketAddress server = new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
    Semaphore opening = new Semaphore(OPENING_AT_ONCE);
    for (int i = 0; i < connections; i++) {
      NettyChannelBuilder builder =
          NettyChannelBuilder.forAddress(server).usePlaintext().executor(callbacks);
      ManagedChannel channel = (resumable ? builder.intercept(streams) : builder).build();
      channels.add(channel);
      for (int j = 0; j < perConnection; j++) {
        acquire(opening, 1);
        Device device = new Device(opening::release);
        devices.add(device);
        device.open(channel);
        device.send();
      }
    }
    acquire(opening, OPENING_AT_ONCE);
  }

  private static void acquire(Semaphore opening, int permits) throws InterruptedException {
    if (!opening.tryAcquire(permits, PATIENCE_SECONDS, TimeUnit.SECONDS)) {
      throw new IllegalStateException("streams were not answered");
    }
  }

  private DeviceCount count() {
    return devices.stream()
        .map(Device::count)
        .reduce(new DeviceCount(0, 0, 0, 0, 0), DeviceCount::plus);
  }
}
