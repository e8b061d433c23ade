package dev.holdfast.bench.streams;

import com.google.protobuf.ByteString;
import dev.holdfast.bench.v1.EchoGrpc;
import dev.holdfast.bench.v1.FloodReply;
import dev.holdfast.bench.v1.FloodRequest;
import io.grpc.Channel;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/**
 * The streams that send as many messages in one direction as flow control allows. The sender checks
 * {@code isReady}, as a sender with bounded memory does. The receiver counts the messages.
 */
public final class Flood implements StreamLoad {
  private static final long PATIENCE_SECONDS = 180;

  /** Upward: after so many messages, or bytes, the server says how many it has got. */
  private static final int MARK_EVERY = 256;

  private static final int MARK_BYTES = 1 << 20;

  private final boolean up;
  private final int payloadBytes;
  private final int markEvery;
  private final FloodRequest upward;
  private final FloodRequest marked;
  private final List<Lane> lanes = new ArrayList<>();
  private final LongAdder received = new LongAdder();
  private final Semaphore stopped = new Semaphore(0);
  private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
  private volatile boolean flooding;

  /**
   * @param up whether the client sends, or else the server
   */
  public Flood(Channel channel, boolean up, int streams, int payloadBytes) {
    this.up = up;
    this.payloadBytes = payloadBytes;
    this.markEvery = Math.max(1, Math.min(MARK_EVERY, MARK_BYTES / payloadBytes));
    this.upward =
        FloodRequest.newBuilder().setPayload(ByteString.copyFrom(new byte[payloadBytes])).build();
    this.marked = upward.toBuilder().setMark(true).build();
    for (int i = 0; i < streams; i++) {
      lanes.add(new Lane(channel));
    }
  }

  @Override
  public Slice run(Duration leadIn, Duration measured) throws InterruptedException {
    flooding = true;
    lanes.forEach(Lane::begin);
    TimeUnit.NANOSECONDS.sleep(leadIn.toNanos());
    long before = received.sum();
    long start = System.nanoTime();
    TimeUnit.NANOSECONDS.sleep(measured.toNanos());
    long count = received.sum() - before;
    long took = System.nanoTime() - start;
    flooding = false;
    lanes.forEach(Lane::stop);
    boolean all = stopped.tryAcquire(lanes.size(), PATIENCE_SECONDS, TimeUnit.SECONDS);
    Throwable cause = failure.get();
    if (!all || cause != null) {
      throw new IllegalStateException("a stream of a slice failed", cause);
    }
    return new Slice(count * 1e9 / took, 0);
  }

  private final class Lane implements ClientResponseObserver<FloodRequest, FloodReply> {
    private @Nullable ClientCallStreamObserver<FloodRequest> requests;
    private long sent;
    private long counted;

    Lane(Channel channel) {
      var unused = EchoGrpc.newStub(channel).flood(this);
    }

    @Override
    public void beforeStart(ClientCallStreamObserver<FloodRequest> stream) {
      requests = stream;
      stream.setOnReadyHandler(this::pump);
    }

    private synchronized void pump() {
      while (up && flooding && stream().isReady()) {
        sent++;
        stream().onNext(sent % markEvery == 0 ? marked : upward);
      }
    }

    void begin() {
      if (up) {
        // It may go on for as long as the slice.
        Thread sender = new Thread(this::pump, "bench-flood");
        sender.setDaemon(true);
        sender.start();
      } else {
        stream().onNext(FloodRequest.newBuilder().setBeginBytes(payloadBytes).build());
      }
    }

    synchronized void stop() {
      stream().onNext(FloodRequest.newBuilder().setStop(true).build());
    }

    @Override
    public void onNext(FloodReply reply) {
      if (reply.getStopped()) {
        stopped.release();
      } else if (reply.getMessages() > 0) {
        received.add(reply.getMessages() - counted);
        counted = reply.getMessages();
      } else {
        received.increment();
      }
    }

    @Override
    public void onError(Throwable cause) {
      failure.compareAndSet(null, cause);
      stopped.release();
    }

    @Override
    public void onCompleted() {
      onError(new IllegalStateException("the server ended a stream"));
    }

    private ClientCallStreamObserver<FloodRequest> stream() {
      return Objects.requireNonNull(requests);
    }
  }
}
