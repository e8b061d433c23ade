package dev.holdfast.bench.streams;

import com.google.protobuf.ByteString;
import dev.holdfast.bench.run.RunResources;
import dev.holdfast.bench.v1.EchoGrpc;
import dev.holdfast.bench.v1.FloodReply;
import dev.holdfast.bench.v1.FloodRequest;
import dev.holdfast.lab.process.ChildJvm;
import dev.holdfast.lab.process.ParentLine;
import dev.holdfast.streams.BufferBudget;
import dev.holdfast.streams.SessionOptions;
import dev.holdfast.streams.grpc.ClientStreams;
import io.grpc.ManagedChannel;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.StreamObserver;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;

/**
 * A child process of hostile senders, as they share no event loop and no heap with neighbours: each
 * wins credit by small messages and then sends large ones, whatever its session says.
 */
final class FloodSenders {
  /** A message that a stock server takes, its header included. */
  static final int LARGE_BYTES = (4 << 20) - 1_024;

  private static final String SENT = "SENT";
  private static final Duration PATIENCE = Duration.ofMinutes(3);
  private static final int SMALL_MESSAGES = 400;

  /** So many of {@link #LARGE_BYTES} each, which its handler takes one after the other. */
  static final int LARGE_MESSAGES = 256;

  private static final long UNLIMITED_BYTES = 1L << 50;

  private FloodSenders() {}

  /**
   * Begins; they go on for as long as their process.
   *
   * @param command the command line with which their process is started, of the plain one
   */
  static ChildJvm start(
      UnaryOperator<List<String>> command, RunResources runResources, int port, int senders)
      throws Exception {
    List<String> args = List.of("" + port, "" + senders);
    ChildJvm child =
        runResources.own(
            ChildJvm.startIn(command, "senders", FloodSenders.class, List.of("-Xmx512m"), args));
    child.await(SENT, PATIENCE);
    return child;
  }

  /** Runs the senders until the process is killed. */
  public static void main(String[] args) throws Exception {
    int port = Integer.parseInt(args[0]);
    int senders = Integer.parseInt(args[1]);
    List<ManagedChannel> channels = new ArrayList<>();
    for (int i = 0; i < senders; i++) {
      ManagedChannel channel = channel(port);
      channels.add(channel);
      send(channel);
    }
    ParentLine parent = new ParentLine();
    parent.say(SENT);
    var unused = parent.next();
    channels.forEach(ManagedChannel::shutdownNow);
    System.exit(0);
  }

  private static ManagedChannel channel(int port) {
    SessionOptions greedy =
        SessionOptions.DEFAULT.withSendBuffer(
            2 * (SMALL_MESSAGES + LARGE_MESSAGES), UNLIMITED_BYTES);
    return NettyChannelBuilder.forAddress(
            new InetSocketAddress(InetAddress.getLoopbackAddress(), port))
        .usePlaintext()
        .intercept(
            ClientStreams.builder()
                .options(greedy)
                .budget(new BufferBudget(UNLIMITED_BYTES))
                .build())
        .build();
  }

  private static void send(ManagedChannel channel) {
    StreamObserver<FloodRequest> sender = EchoGrpc.newStub(channel).flood(new Ignored());
    FloodRequest small = FloodRequest.newBuilder().setMark(true).build();
    FloodRequest large =
        FloodRequest.newBuilder().setPayload(ByteString.copyFrom(new byte[LARGE_BYTES])).build();
    for (int i = 0; i < SMALL_MESSAGES; i++) {
      sender.onNext(small);
    }
    for (int i = 0; i < LARGE_MESSAGES; i++) {
      sender.onNext(large);
    }
  }

  private static final class Ignored implements StreamObserver<FloodReply> {
    @Override
    public void onNext(FloodReply reply) {
      // Nobody looks at it.
    }

    @Override
    public void onError(Throwable cause) {
      // It ends with its process.
    }

    @Override
    public void onCompleted() {
      // The server ends nothing.
    }
  }
}
