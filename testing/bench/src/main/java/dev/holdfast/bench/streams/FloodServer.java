package dev.holdfast.bench.streams;

import com.google.protobuf.ByteString;
import dev.holdfast.bench.run.RunResources;
import dev.holdfast.bench.v1.EchoGrpc;
import dev.holdfast.bench.v1.EchoReply;
import dev.holdfast.bench.v1.EchoRequest;
import dev.holdfast.bench.v1.FloodReply;
import dev.holdfast.bench.v1.FloodRequest;
import dev.holdfast.lab.process.ChildJvm;
import dev.holdfast.lab.process.ParentLine;
import dev.holdfast.streams.BufferBudget;
import dev.holdfast.streams.grpc.Holdfast;
import dev.holdfast.streams.grpc.SessionView;
import io.grpc.Server;
import io.grpc.ServerServiceDefinition;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A child process with a small heap and streams whose handler is slow with large messages. */
final class FloodServer {
  /** The size from which a message counts as large, in bytes. */
  static final int LARGE_BYTES = 1 << 20;

  static final Duration HANDLING = Duration.ofSeconds(1);

  private static final String READY = "READY";
  private static final String HELD = "HELD";
  private static final Duration PATIENCE = Duration.ofMinutes(3);

  private final ChildJvm child;
  private final int port;
  private final long budgetBytes;

  private FloodServer(ChildJvm child, int port, long budgetBytes) {
    this.child = child;
    this.port = port;
    this.budgetBytes = budgetBytes;
  }

  /**
   * Starts the child process and waits until it listens.
   *
   * @param heap size of its heap, as a JVM option names it
   * @param resumable whether the streams are resumable; otherwise they are plain gRPC
   */
  static FloodServer start(RunResources runResources, String heap, boolean resumable)
      throws Exception {
    // A look at its memory collects it all, which would make a heap smaller that may be small, and
    // pauses more frequent: those of the look.
    List<String> wholeHeap = List.of("-Xms" + heap, "-Xmx" + heap);
    List<String> args = List.of(Boolean.toString(resumable));
    ChildJvm child = runResources.own(ChildJvm.start("server", FloodServer.class, wholeHeap, args));
    String[] said = child.await(READY, PATIENCE).split(" ", -1);
    return new FloodServer(child, Integer.parseInt(said[0]), Long.parseLong(said[1]));
  }

  int port() {
    return port;
  }

  /** Bytes that all sessions of the process may hold. */
  long budgetBytes() {
    return budgetBytes;
  }

  long pid() {
    return child.pid();
  }

  boolean isAlive() {
    return child.isAlive();
  }

  void kill() throws InterruptedException {
    child.kill();
  }

  /** Bytes that its sessions hold by their own account. */
  long heldBytes() throws Exception {
    child.send(HELD);
    return Long.parseLong(child.await(HELD, PATIENCE));
  }

  /** The main method of the child process; the argument tells whether streams are resumable. */
  public static void main(String[] args) throws Exception {
    Service service = new Service();
    ServerServiceDefinition streams =
        Boolean.parseBoolean(args[0]) ? Holdfast.resumable(service) : service.bindService();
    Server server =
        NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
            .addService(streams)
            .build()
            .start();
    ParentLine parent = new ParentLine();
    parent.say("%s %d %d", READY, server.getPort(), BufferBudget.ofProcess().limitBytes());
    while (parent.next().equals(HELD)) {
      long heldBytes =
          Holdfast.server().sessions().stream().mapToLong(SessionView::queuedBytes).sum();
      parent.say("%s %d", HELD, heldBytes);
    }
    server.shutdownNow();
    System.exit(0);
  }

  private static final class Service extends EchoGrpc.EchoImplBase {
    private final StreamService quick = new StreamService();

    @Override
    public StreamObserver<EchoRequest> chat(StreamObserver<EchoReply> replies) {
      return quick.chat(replies);
    }

    @Override
    public StreamObserver<FloodRequest> flood(StreamObserver<FloodReply> replies) {
      return new Handler((ServerCallStreamObserver<FloodReply>) replies);
    }
  }

  /** Sends while the call is ready, and takes its time with what is large. */
  private static final class Handler implements StreamObserver<FloodRequest> {
    private final ServerCallStreamObserver<FloodReply> replies;
    private int sentBytes;

    Handler(ServerCallStreamObserver<FloodReply> replies) {
      this.replies = replies;
      replies.setOnReadyHandler(this::pump);
      replies.setOnCancelHandler(() -> sentBytes = 0);
    }

    private void pump() {
      while (sentBytes > 0 && replies.isReady()) {
        // One of its own each, or a thousand of them would be one in memory.
        ByteString payload = ByteString.copyFrom(new byte[sentBytes]);
        replies.onNext(FloodReply.newBuilder().setPayload(payload).build());
      }
    }

    @Override
    public void onNext(FloodRequest request) {
      if (request.getBeginBytes() > 0) {
        sentBytes = request.getBeginBytes();
        pump();
      } else if (request.getStop()) {
        sentBytes = 0;
        replies.onNext(FloodReply.newBuilder().setStopped(true).build());
      } else if (request.getPayload().size() >= LARGE_BYTES) {
        try {
          TimeUnit.NANOSECONDS.sleep(HANDLING.toNanos());
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
        }
      }
    }

    @Override
    public void onError(Throwable cause) {
      sentBytes = 0;
    }

    @Override
    public void onCompleted() {
      replies.onCompleted();
    }
  }
}
