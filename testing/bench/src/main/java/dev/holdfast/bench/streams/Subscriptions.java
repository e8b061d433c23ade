package dev.holdfast.bench.streams;

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
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/**
 * The server-streaming calls whose server sends as many messages as flow control allows. Between
 * slices the calls stay open and ask for nothing, so that their buffers are full.
 */
final class Subscriptions implements StreamLoad {
  private final List<Lane> lanes = new ArrayList<>();
  private final LongAdder received = new LongAdder();
  private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
  private volatile boolean flooding;

  Subscriptions(Channel channel, int streams, int payloadBytes) {
    FloodRequest request = FloodRequest.newBuilder().setBeginBytes(payloadBytes).build();
    for (int i = 0; i < streams; i++) {
      Lane lane = new Lane();
      lanes.add(lane);
      EchoGrpc.newStub(channel).subscribe(request, lane);
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
    Throwable cause = failure.get();
    if (cause != null) {
      throw new IllegalStateException("a stream of a slice failed", cause);
    }
    return new Slice(count * 1e9 / took, 0);
  }

  private final class Lane implements ClientResponseObserver<FloodRequest, FloodReply> {
    private @Nullable ClientCallStreamObserver<FloodRequest> call;

    /** Whether a message was asked for that has not come. */
    private boolean asked;

    @Override
    public void beforeStart(ClientCallStreamObserver<FloodRequest> stream) {
      call = stream;
      stream.disableAutoRequestWithInitial(0);
    }

    synchronized void begin() {
      if (!asked) {
        asked = true;
        Objects.requireNonNull(call).request(1);
      }
    }

    @Override
    public synchronized void onNext(FloodReply reply) {
      received.increment();
      asked = false;
      if (flooding) {
        begin();
      }
    }

    @Override
    public void onError(Throwable cause) {
      failure.compareAndSet(null, cause);
    }

    @Override
    public void onCompleted() {
      onError(new IllegalStateException("the server ended a stream"));
    }
  }
}
