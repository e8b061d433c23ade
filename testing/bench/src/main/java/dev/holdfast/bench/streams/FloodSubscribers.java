package dev.holdfast.bench.streams;

import dev.holdfast.bench.run.RunResources;
import dev.holdfast.bench.v1.EchoGrpc;
import dev.holdfast.bench.v1.FloodReply;
import dev.holdfast.bench.v1.FloodRequest;
import dev.holdfast.lab.process.ChildJvm;
import dev.holdfast.lab.process.ParentLine;
import dev.holdfast.streams.grpc.Holdfast;
import io.grpc.ManagedChannel;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * A child process of subscribers that read nothing. Killing it leaves their sessions behind, with
 * full buffers.
 */
final class FloodSubscribers {
  private static final String OPEN = "OPEN";
  private static final Duration PATIENCE = Duration.ofMinutes(2);
  private static final int STREAMS_OF_A_CHANNEL = 64;

  private FloodSubscribers() {}

  static ChildJvm start(RunResources runResources, int port, int streams, int messageBytes)
      throws Exception {
    List<String> args = List.of("" + port, "" + streams, "" + messageBytes);
    ChildJvm child =
        runResources.own(
            ChildJvm.start("subscribers", FloodSubscribers.class, List.of("-Xmx256m"), args));
    child.await(OPEN, PATIENCE);
    return child;
  }

  /**
   * The main method of the child process; the arguments are the port, the number of streams and the
   * message size in bytes.
   */
  public static void main(String[] args) throws Exception {
    int port = Integer.parseInt(args[0]);
    int streams = Integer.parseInt(args[1]);
    int messageBytes = Integer.parseInt(args[2]);
    List<ManagedChannel> channels = new ArrayList<>();
    for (int i = 0; i < streams; i++) {
      if (i % STREAMS_OF_A_CHANNEL == 0) {
        channels.add(
            NettyChannelBuilder.forAddress(
                    new InetSocketAddress(InetAddress.getLoopbackAddress(), port))
                .usePlaintext()
                .intercept(Holdfast.resumable())
                .build());
      }
      var requests = EchoGrpc.newStub(channels.get(channels.size() - 1)).flood(new TakesNothing());
      requests.onNext(FloodRequest.newBuilder().setBeginBytes(messageBytes).build());
    }
    ParentLine parent = new ParentLine();
    parent.say(OPEN);
    var unused = parent.next();
    channels.forEach(ManagedChannel::shutdownNow);
    System.exit(0);
  }

  private static final class TakesNothing
      implements ClientResponseObserver<FloodRequest, FloodReply> {
    @Override
    public void beforeStart(ClientCallStreamObserver<FloodRequest> stream) {
      stream.disableAutoRequestWithInitial(0);
    }

    @Override
    public void onNext(FloodReply reply) {
      throw new IllegalStateException("a message that nobody asked for");
    }

    @Override
    public void onError(Throwable cause) {
      // It ends with its process.
    }

    @Override
    public void onCompleted() {
      // It ends with its process.
    }
  }
}
