package dev.holdfast.bench.sessions;

import dev.holdfast.bench.load.StaticResolver;
import dev.holdfast.bench.process.BenchTls;
import dev.holdfast.bench.run.Machine;
import dev.holdfast.lab.process.ParentLine;
import dev.holdfast.streams.grpc.ClientStreams;
import io.grpc.EquivalentAddressGroup;
import io.grpc.ManagedChannel;
import io.grpc.NameResolverRegistry;
import io.grpc.netty.NettyChannelBuilder;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/** The program of {@link Devices}: {@code RESUMABLE TLS PORT CONNECTIONS PER_CONNECTION}. */
final class DeviceProgram {
  /** Asked: open all streams; answered when each has had an answer. */
  static final String OPEN = "OPEN";

  /** Asked and answered: what they have seen. */
  static final String COUNT = "COUNT";

  /** Asked, with a number n: each n-th sends a message; answered when they have. */
  static final String SEND = "SEND";

  /** Asked and answered: what their streams have counted. */
  static final String COUNTERS = "COUNTERS";

  /** Streams that open at the same time: two cores serve that many without a queue. */
  private static final int OPENING_AT_ONCE = 1_000;

  private static final long PATIENCE_SECONDS = 240;
  private static final String SCHEME = "bench-devices";

  private final boolean resumable;
  private final boolean tls;
  private final int port;
  private final Device.DeviceTally deviceTally = new Device.DeviceTally();
  private final List<Device> devices = new ArrayList<>();
  private final List<ManagedChannel> channels = new ArrayList<>();
  private final ScheduledExecutorService clock = Executors.newSingleThreadScheduledExecutor();

  private DeviceProgram(String[] args) {
    resumable = Boolean.parseBoolean(args[0]);
    tls = Boolean.parseBoolean(args[1]);
    port = Integer.parseInt(args[2]);
  }

  /** Runs the program until its standard input ends. */
  public static void main(String[] args) throws Exception {
    StreamCounters.begin();
    DeviceProgram program = new DeviceProgram(args);
    ParentLine parent = new ParentLine();
    for (String asked = parent.next(); !asked.isEmpty(); asked = parent.next()) {
      String[] words = asked.split(" ", -1);
      switch (words[0]) {
        case OPEN -> {
          program.open(Integer.parseInt(args[3]), Integer.parseInt(args[4]));
          parent.say(OPEN);
        }
        case SEND -> {
          program.send(Integer.parseInt(words[1]));
          parent.say(SEND);
        }
        case COUNTERS -> parent.say("%s %s", COUNTERS, StreamCounters.line());
        case COUNT -> parent.say("%s %s", COUNT, program.deviceTally.count().line());
        default -> throw new IllegalArgumentException(asked);
      }
    }
    program.clock.shutdownNow();
    program.channels.forEach(ManagedChannel::shutdownNow);
    System.exit(0);
  }

  private void open(int connections, int perConnection) throws InterruptedException {
    // Few threads: a hundred thousand devices are a hundred thousand processes elsewhere.
    Executor callbacks = Executors.newFixedThreadPool(Machine.cores());
    ClientStreams streams = ClientStreams.builder().executor(callbacks).build();
    EquivalentAddressGroup server =
        new EquivalentAddressGroup(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
    NameResolverRegistry.getDefaultRegistry().register(new StaticResolver(SCHEME, List.of(server)));
    Semaphore opening = new Semaphore(OPENING_AT_ONCE);
    for (int i = 0; i < connections; i++) {
      NettyChannelBuilder builder =
          BenchTls.secure(NettyChannelBuilder.forTarget(SCHEME + ":///servers"), tls)
              .executor(callbacks);
      ManagedChannel channel = (resumable ? builder.intercept(streams) : builder).build();
      channels.add(channel);
      for (int j = 0; j < perConnection; j++) {
        acquire(opening, 1);
        Device device =
            resumable
                ? new SessionDevice(deviceTally, opening::release)
                : new ReopenedDevice(deviceTally, opening::release, clock);
        devices.add(device);
        device.open(channel);
        device.send();
      }
    }
    acquire(opening, OPENING_AT_ONCE);
  }

  private void send(int nth) {
    for (int i = 0; i < devices.size(); i += nth) {
      devices.get(i).send();
    }
  }

  private static void acquire(Semaphore opening, int permits) throws InterruptedException {
    if (!opening.tryAcquire(permits, PATIENCE_SECONDS, TimeUnit.SECONDS)) {
      throw new IllegalStateException("streams were not answered");
    }
  }
}
