package dev.holdfast.bench.streams;

import com.google.protobuf.ByteString;
import dev.holdfast.bench.v1.EchoGrpc;
import dev.holdfast.bench.v1.FloodReply;
import dev.holdfast.bench.v1.FloodRequest;
import io.grpc.Channel;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * The client-streaming calls whose client sends as many messages as flow control allows. The server
 * counts them. Between slices the calls stay open and send nothing.
 */
final class Uploads implements StreamLoad {
  private static final Duration PATIENCE = Duration.ofMinutes(3);
  private static final Duration POLL = Duration.ofMillis(2);

  private final StreamServers servers;
  private final FloodRequest message;
  private final List<Lane> lanes = new ArrayList<>();
  private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
  private volatile boolean flooding;

  Uploads(Channel channel, StreamServers servers, int streams, int payloadBytes) {
    this.servers = servers;
    this.message =
        FloodRequest.newBuilder().setPayload(ByteString.copyFrom(new byte[payloadBytes])).build();
    for (int i = 0; i < streams; i++) {
      Lane lane = new Lane();
      lanes.add(lane);
      var unused = EchoGrpc.newStub(channel).upload(lane);
    }
  }

  @Override
  public Slice run(Duration leadIn, Duration measured) throws InterruptedException {
    long idle = uploaded() - sent();
    flooding = true;
    List<Thread> senders = lanes.stream().map(Lane::begin).toList();
    TimeUnit.NANOSECONDS.sleep(leadIn.toNanos());
    long before = uploaded();
    long start = System.nanoTime();
    TimeUnit.NANOSECONDS.sleep(measured.toNanos());
    long count = uploaded() - before;
    long took = System.nanoTime() - start;
    flooding = false;
    for (Thread sender : senders) {
      sender.join();
    }
    awaitUploaded(idle + sent());
    return new Slice(count * 1e9 / took, 0);
  }

  /**
   * Waits for what the transport still holds: of a plain stream that is a window of messages, which
   * the server would take during the next slice.
   */
  private void awaitUploaded(long expected) throws InterruptedException {
    long start = System.nanoTime();
    for (long uploaded = uploaded(); uploaded < expected; uploaded = uploaded()) {
      failIfAStreamFailed();
      if (System.nanoTime() - start > PATIENCE.toNanos()) {
        throw new IllegalStateException(
            "the servers took %d messages in %d s (expected: %d)"
                .formatted(uploaded, PATIENCE.toSeconds(), expected));
      }
      TimeUnit.NANOSECONDS.sleep(POLL.toNanos());
    }
    failIfAStreamFailed();
  }

  private void failIfAStreamFailed() {
    Throwable cause = failure.get();
    if (cause != null) {
      throw new IllegalStateException("a stream of a slice failed", cause);
    }
  }

  private long sent() {
    return lanes.stream().mapToLong(Lane::sent).sum();
  }

  private long uploaded() throws InterruptedException {
    try {
      return servers.uploaded();
    } catch (IOException e) {
      throw new IllegalStateException("the servers are gone", e);
    }
  }

  private final class Lane implements ClientResponseObserver<FloodRequest, FloodReply> {
    private @Nullable ClientCallStreamObserver<FloodRequest> requests;
    private long sent;

    @Override
    public void beforeStart(ClientCallStreamObserver<FloodRequest> stream) {
      requests = stream;
      stream.setOnReadyHandler(this::pump);
    }

    /** It may go on for as long as the slice. */
    Thread begin() {
      Thread sender = new Thread(this::pump, "bench-upload");
      sender.setDaemon(true);
      sender.start();
      return sender;
    }

    synchronized long sent() {
      return sent;
    }

    private synchronized void pump() {
      ClientCallStreamObserver<FloodRequest> to = Objects.requireNonNull(requests);
      while (flooding && to.isReady()) {
        to.onNext(message);
        sent++;
      }
    }

    @Override
    public void onNext(FloodReply reply) {
      onError(new IllegalStateException("the server answered before the end"));
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
