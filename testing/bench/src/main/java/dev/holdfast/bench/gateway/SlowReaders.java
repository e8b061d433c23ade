package dev.holdfast.bench.gateway;

import dev.holdfast.bench.v1.EchoGrpc;
import dev.holdfast.bench.v1.FloodReply;
import dev.holdfast.bench.v1.FloodRequest;
import io.grpc.Channel;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * The streams on which the server sends as much as flow control allows, while the client reads a
 * message only now and then. The messages in flight fill the buffers of all hops.
 */
final class SlowReaders {
  private static final long READ_EVERY_MILLIS = 200;
  private static final long PATIENCE_SECONDS = 180;

  private final List<Reader> readers = new ArrayList<>();
  private final ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor();
  private final Semaphore stopped = new Semaphore(0);
  private final AtomicLong messages = new AtomicLong();
  private final AtomicLong failures = new AtomicLong();

  /**
   * Opens the streams and starts reading slowly.
   *
   * @param channels the channels, one stream on each
   * @param payloadBytes size of each message
   */
  SlowReaders(List<? extends Channel> channels, int payloadBytes) {
    for (Channel channel : channels) {
      Reader reader = new Reader();
      readers.add(reader);
      var unused = EchoGrpc.newStub(channel).flood(reader);
      reader.requests().onNext(FloodRequest.newBuilder().setBeginBytes(payloadBytes).build());
    }
    var unused =
        timer.scheduleAtFixedRate(
            () -> readers.forEach(reader -> reader.requests().request(1)),
            READ_EVERY_MILLIS,
            READ_EVERY_MILLIS,
            TimeUnit.MILLISECONDS);
  }

  /** The number of messages that the clients have read. */
  long messages() {
    return messages.get();
  }

  /** Streams that ended before they were told to. */
  long failures() {
    return failures.get();
  }

  /** Tells the server to stop and takes what is under way, as fast as it comes. */
  void end() throws InterruptedException {
    timer.shutdownNow();
    for (Reader reader : readers) {
      reader.requests().onNext(FloodRequest.newBuilder().setStop(true).build());
      reader.requests().request(Integer.MAX_VALUE);
    }
    if (!stopped.tryAcquire(readers.size(), PATIENCE_SECONDS, TimeUnit.SECONDS)) {
      failures.addAndGet(readers.size() - stopped.availablePermits());
    }
    readers.forEach(reader -> reader.requests().onCompleted());
  }

  private final class Reader implements ClientResponseObserver<FloodRequest, FloodReply> {
    private @Nullable ClientCallStreamObserver<FloodRequest> requests;
    private volatile boolean over;

    @Override
    public void beforeStart(ClientCallStreamObserver<FloodRequest> stream) {
      requests = stream;
      stream.disableAutoRequestWithInitial(1);
    }

    ClientCallStreamObserver<FloodRequest> requests() {
      return Objects.requireNonNull(requests);
    }

    @Override
    public void onNext(FloodReply reply) {
      if (reply.getStopped()) {
        over = true;
        stopped.release();
      } else {
        messages.incrementAndGet();
      }
    }

    @Override
    public void onError(Throwable cause) {
      failures.incrementAndGet();
      stopped.release();
    }

    @Override
    public void onCompleted() {
      if (!over) {
        onError(new IllegalStateException("the server ended a stream"));
      }
    }
  }
}
