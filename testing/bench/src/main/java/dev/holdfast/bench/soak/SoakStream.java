package dev.holdfast.bench.soak;

import com.google.protobuf.BytesValue;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.Status;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.StreamObserver;
import org.jspecify.annotations.Nullable;

/** A stream as an application has it, which counts what it sends and takes. Thread-safe. */
abstract class SoakStream implements StreamObserver<BytesValue> {
  /** The streams of one channel and interval. */
  enum Kind {
    CHAT,
    SUBSCRIPTION,
    UPLOAD
  }

  // Guarded by this.
  long sent;
  long taken;
  private long duplicated;
  private long reordered;
  private boolean lastCame;
  private boolean finishing;
  private boolean over;
  private @Nullable String cause;

  // Set once, before the stream is handed out.
  private int fleet;
  private @Nullable ClientCallStreamObserver<BytesValue> requests;

  private SoakStream() {}

  /**
   * Opens a stream.
   *
   * @param fleet the index of the servers, for people
   * @param intervalMillis the time between two messages of a subscription
   */
  static SoakStream open(Kind kind, int fleet, Channel channel, long intervalMillis) {
    SoakStream stream =
        switch (kind) {
          case CHAT -> new Chat();
          case SUBSCRIPTION -> new Subscription();
          case UPLOAD -> new Upload();
        };
    stream.fleet = fleet;
    stream.requests = stream.start(channel, intervalMillis);
    return stream;
  }

  /** Begins the call; returns where its messages go, null when it sends none. */
  abstract @Nullable ClientCallStreamObserver<BytesValue> start(
      Channel channel, long intervalMillis);

  /** Messages that have no answer. Guarded by this. */
  abstract long missing();

  /** Whether its first answer has come, or none is to be awaited. */
  synchronized boolean isAnswered() {
    return taken > 0 || over;
  }

  /** Sends a message, if it sends any and there is room. */
  final synchronized void send() {
    ClientCallStreamObserver<BytesValue> to = requests;
    if (to != null && !finishing && !over && to.isReady()) {
      sent++;
      to.onNext(SoakMessage.of(sent, false));
    }
  }

  /** Ends its side; from now on an end is what its application wants. */
  final synchronized void finish() {
    finishing = true;
    ClientCallStreamObserver<BytesValue> to = requests;
    if (to != null && !over) {
      to.onCompleted();
    }
  }

  final synchronized SoakCounts counts() {
    return new SoakCounts(
        sent,
        taken,
        missing(),
        duplicated,
        reordered,
        cause == null ? 0 : 1,
        over ? 0 : 1,
        fault());
  }

  private String fault() {
    String name = getClass().getSimpleName() + " to fleet " + fleet + ": ";
    if (cause != null) {
      return name + cause;
    }
    boolean whole = !over || (missing() == 0 && duplicated == 0 && reordered == 0);
    return whole ? "" : name + "sent " + sent + ", taken " + taken + ", last " + lastCame;
  }

  final boolean lastCame() {
    return lastCame;
  }

  /** Takes the next number of an ordered stream. */
  void take(long number) {
    duplicated += number <= taken ? 1 : 0;
    reordered += number > taken + 1 ? 1 : 0;
    taken = Math.max(taken, number);
  }

  @Override
  public final synchronized void onNext(BytesValue message) {
    take(SoakMessage.number(message));
    lastCame |= SoakMessage.isLast(message);
  }

  @Override
  public final synchronized void onError(Throwable error) {
    over = true;
    cause = Status.fromThrowable(error).toString();
  }

  @Override
  public final synchronized void onCompleted() {
    over = true;
    if (!finishing) {
      cause = "completed by the server";
    }
  }

  /** Each message is said back. */
  private static final class Chat extends SoakStream {
    @Override
    ClientCallStreamObserver<BytesValue> start(Channel channel, long intervalMillis) {
      return (ClientCallStreamObserver<BytesValue>)
          ClientCalls.asyncBidiStreamingCall(
              channel.newCall(SoakMethods.CHAT, CallOptions.DEFAULT), this);
    }

    @Override
    long missing() {
      return sent - taken;
    }
  }

  private static final class Subscription extends SoakStream {
    @Override
    @Nullable ClientCallStreamObserver<BytesValue> start(Channel channel, long intervalMillis) {
      ClientCalls.asyncServerStreamingCall(
          channel.newCall(SoakMethods.SUBSCRIBE, CallOptions.DEFAULT),
          SoakMessage.of(intervalMillis, false),
          this);
      return null;
    }

    @Override
    long missing() {
      return lastCame() ? 0 : 1;
    }
  }

  /** Its one answer has the number of its last message. */
  private static final class Upload extends SoakStream {
    @Override
    ClientCallStreamObserver<BytesValue> start(Channel channel, long intervalMillis) {
      return (ClientCallStreamObserver<BytesValue>)
          ClientCalls.asyncClientStreamingCall(
              channel.newCall(SoakMethods.UPLOAD, CallOptions.DEFAULT), this);
    }

    @Override
    synchronized boolean isAnswered() {
      return true;
    }

    @Override
    void take(long number) {
      taken += number;
    }

    @Override
    long missing() {
      return Math.abs(sent - taken);
    }
  }
}
