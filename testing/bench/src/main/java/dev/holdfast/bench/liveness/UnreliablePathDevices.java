package dev.holdfast.bench.liveness;

import dev.holdfast.bench.v1.EchoGrpc;
import dev.holdfast.bench.v1.EchoReply;
import dev.holdfast.bench.v1.EchoRequest;
import dev.holdfast.lab.process.ParentLine;
import io.grpc.ManagedChannel;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.StreamObserver;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/**
 * The devices with one stream each: stock clients without keepalive, which never end a connection
 * and reconnect when one was ended.
 */
final class UnreliablePathDevices {
  /** The line that the child prints when the last device has begun to connect. */
  static final String STARTED = "STARTED";

  private static final long BACK_AFTER_MILLIS = 500;

  private UnreliablePathDevices() {}

  /** The program: {@code DEVICES PACE_MILLIS HOST:PORT..}; so many devices of each server. */
  public static void main(String[] args) throws Exception {
    int devices = Integer.parseInt(args[0]);
    long paceMillis = Long.parseLong(args[1]);
    ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor();
    List<ManagedChannel> channels = new ArrayList<>();
    for (int i = 0; i < devices; i++) {
      for (String server : List.of(args).subList(2, args.length)) {
        ManagedChannel channel = channel(server);
        channels.add(channel);
        new Device(EchoGrpc.newStub(channel).withWaitForReady(), timer).listen();
      }
      // At an even pace, or all of them would be asked in the same moment for ever.
      TimeUnit.MILLISECONDS.sleep(paceMillis);
    }
    ParentLine parent = new ParentLine();
    parent.say("%s", STARTED);
    while (!parent.next().isEmpty()) {
      // Nothing is asked of devices but to be there.
    }
    timer.shutdownNow();
    channels.forEach(ManagedChannel::shutdownNow);
    System.exit(0);
  }

  private static ManagedChannel channel(String server) {
    int colon = server.lastIndexOf(':');
    return NettyChannelBuilder.forAddress(
            new InetSocketAddress(
                server.substring(0, colon), Integer.parseInt(server.substring(colon + 1))))
        .usePlaintext()
        .build();
  }

  /** A device with its stream. */
  private record Device(EchoGrpc.EchoStub stub, ScheduledExecutorService timer)
      implements StreamObserver<EchoReply> {
    void listen() {
      stub.hold(EchoRequest.getDefaultInstance(), this);
    }

    @Override
    public void onNext(EchoReply news) {}

    @Override
    public void onError(Throwable cause) {
      if (!timer.isShutdown()) {
        var unused = timer.schedule(this::listen, BACK_AFTER_MILLIS, TimeUnit.MILLISECONDS);
      }
    }

    @Override
    public void onCompleted() {
      throw new IllegalStateException("the server ended a stream that it holds open");
    }
  }
}
