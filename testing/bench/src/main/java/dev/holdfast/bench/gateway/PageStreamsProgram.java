package dev.holdfast.bench.gateway;

import dev.holdfast.bench.v1.FinishReply;
import dev.holdfast.bench.v1.FinishRequest;
import dev.holdfast.bench.v1.PageGrpc;
import dev.holdfast.bench.v1.Tick;
import dev.holdfast.bench.v1.WatchRequest;
import io.grpc.Server;
import io.grpc.Status;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.protobuf.services.ProtoReflectionServiceV1;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/**
 * The service of {@code scripts/browser-streams}: plain grpc-java, which knows nothing of sessions.
 * Prints {@code READY PORT} and serves on the loopback address until the process is stopped.
 */
public final class PageStreamsProgram {
  private PageStreamsProgram() {}

  /** The main method of the child process. */
  public static void main(String[] args) throws IOException, InterruptedException {
    Server server = start();
    System.out.println("READY " + server.getPort());
    server.awaitTermination();
  }

  /** Starts the service at a free port of loopback. */
  public static Server start() throws IOException {
    ScheduledExecutorService clock = Executors.newSingleThreadScheduledExecutor();
    return NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
        .addService(new PageService(clock))
        .addService(ProtoReflectionServiceV1.newInstance())
        .build()
        .start();
  }

  private static final class PageService extends PageGrpc.PageImplBase {
    private final ScheduledExecutorService clock;
    private volatile boolean finished;

    PageService(ScheduledExecutorService clock) {
      this.clock = clock;
    }

    @Override
    public void watch(WatchRequest request, StreamObserver<Tick> ticks) {
      if (request.getIntervalMillis() < 1) {
        ticks.onError(
            Status.INVALID_ARGUMENT
                .withDescription("interval_millis: 0 (expected: 1 or more)")
                .asRuntimeException());
        return;
      }
      new Ticking((ServerCallStreamObserver<Tick>) ticks, () -> finished)
          .begin(clock, request.getIntervalMillis());
    }

    @Override
    public void finish(FinishRequest request, StreamObserver<FinishReply> reply) {
      finished = true;
      reply.onNext(FinishReply.getDefaultInstance());
      reply.onCompleted();
    }

    @Override
    public StreamObserver<Tick> talk(StreamObserver<Tick> echoes) {
      return new StreamObserver<>() {
        @Override
        public void onNext(Tick tick) {
          echoes.onNext(tick);
        }

        @Override
        public void onError(Throwable failure) {
          // The gateway gave the stream up.
        }

        @Override
        public void onCompleted() {
          echoes.onCompleted();
        }
      };
    }
  }

  /** A stream of numbers. Confined to the clock's thread. */
  private static final class Ticking {
    private final ServerCallStreamObserver<Tick> ticks;
    private final BooleanSupplier isLast;
    private boolean over;
    private int sent;

    Ticking(ServerCallStreamObserver<Tick> ticks, BooleanSupplier isLast) {
      this.ticks = ticks;
      this.isLast = isLast;
    }

    void begin(ScheduledExecutorService clock, int intervalMillis) {
      var ticking = clock.scheduleAtFixedRate(this::tick, 0, intervalMillis, TimeUnit.MILLISECONDS);
      ticks.setOnCancelHandler(() -> ticking.cancel(false));
      ticks.setOnCloseHandler(() -> ticking.cancel(false));
    }

    private void tick() {
      if (over || ticks.isCancelled()) {
        return;
      }
      sent++;
      over = isLast.getAsBoolean();
      ticks.onNext(Tick.newBuilder().setNumber(sent).setLast(over).build());
      if (over) {
        ticks.onCompleted();
      }
    }
  }
}
