package dev.holdfast.bench.deploy;

import com.google.protobuf.ByteString;
import dev.holdfast.bench.deploy.DeliveryLedger.Direction;
import dev.holdfast.bench.deploy.DeliveryLedger.Role;
import dev.holdfast.bench.v1.EchoGrpc;
import dev.holdfast.bench.v1.EchoReply;
import dev.holdfast.bench.v1.EchoRequest;
import dev.holdfast.bench.v1.FloodReply;
import dev.holdfast.bench.v1.FloodRequest;
import io.grpc.Channel;
import io.grpc.stub.StreamObserver;
import org.jspecify.annotations.Nullable;

/**
 * A stream as an application has it: a call of a generated stub, whose end it is told. Everything
 * that it sends and takes stands in the ledger.
 *
 * <p>After an end that it did not ask for it opens another call if it is told to, which goes on
 * with the next number, as far as it can know which that is.
 */
abstract class ApplicationStream {
  /** Told of each stream's progress; on any thread. */
  interface Listener {
    /** A message came. */
    void onMessage(ApplicationStream stream);

    /** The call ended as the application wanted it to. */
    void onFinished(ApplicationStream stream);

    /** The call ended though the application did not want it to. */
    void onEnded(ApplicationStream stream, Throwable cause);
  }

  private final Listener listener;
  private final Channel channel;
  final long number;

  // Guarded by this.
  private boolean finishing;
  private boolean over;
  private long lastNanos;
  private long longestNanos;

  private ApplicationStream(Listener listener, Channel channel, long number) {
    this.listener = listener;
    this.channel = channel;
    this.number = number;
  }

  static ApplicationStream of(
      StreamKind kind, Listener listener, Channel channel, long number, DeliveryLedger ledger) {
    return switch (kind) {
      case SERVER_STREAMING -> new Subscription(listener, channel, number, ledger);
      case CLIENT_STREAMING -> new Upload(listener, channel, number, ledger);
      case BIDIRECTIONAL -> new Chat(listener, channel, number, ledger);
    };
  }

  /** Opens the call, and another one after an end. */
  final synchronized void open() {
    over = false;
    call(EchoGrpc.newStub(channel));
  }

  /** Sends the next message, if this is a stream that sends and has a call. */
  final synchronized void send() {
    if (!finishing && !over) {
      sendNext();
    }
  }

  /** Ends its side of the call; the server ends the other one. */
  final synchronized void finish() {
    finishing = true;
    if (!over) {
      halfClose();
    }
  }

  /** The longest time between two messages that came since this was asked before; 0 for none. */
  final synchronized long takeLongestPauseNanos() {
    long nowNanos = System.nanoTime();
    long longest = lastNanos == 0 ? 0 : Math.max(longestNanos, nowNanos - lastNanos);
    longestNanos = 0;
    return longest;
  }

  final void onMessage() {
    synchronized (this) {
      long nowNanos = System.nanoTime();
      longestNanos = lastNanos == 0 ? 0 : Math.max(longestNanos, nowNanos - lastNanos);
      lastNanos = nowNanos;
    }
    listener.onMessage(this);
  }

  private void onEnd(@Nullable Throwable cause) {
    boolean wanted;
    synchronized (this) {
      over = true;
      wanted = finishing && cause == null;
    }
    if (wanted) {
      listener.onFinished(this);
    } else {
      listener.onEnded(
          this, cause == null ? new IllegalStateException("completed by the server") : cause);
    }
  }

  abstract void call(EchoGrpc.EchoStub stub);

  abstract void sendNext();

  abstract void halfClose();

  /** The observer of a call, which hands on what it carries. */
  abstract class Replies<T> implements StreamObserver<T> {
    @Override
    public void onError(Throwable cause) {
      onEnd(cause);
    }

    @Override
    public void onCompleted() {
      onEnd(null);
    }
  }

  private static final class Subscription extends ApplicationStream {
    private final MessageRuns taken;

    Subscription(Listener listener, Channel channel, long number, DeliveryLedger ledger) {
      super(listener, channel, number);
      taken = ledger.open(StreamKind.SERVER_STREAMING, number, Direction.FROM_SERVER, Role.TAKEN);
    }

    @Override
    void call(EchoGrpc.EchoStub stub) {
      ByteString from = NumberedBytes.of(number, taken.last());
      stub.subscribe(
          FloodRequest.newBuilder().setPayload(from).build(),
          new Replies<FloodReply>() {
            @Override
            public void onNext(FloodReply reply) {
              taken.add(NumberedBytes.number(reply.getPayload()));
              onMessage();
            }
          });
    }

    @Override
    void sendNext() {}

    @Override
    void halfClose() {}
  }

  private static final class Upload extends ApplicationStream {
    private final MessageRuns sent;
    private final MessageRuns taken;
    private @Nullable StreamObserver<FloodRequest> requests;

    Upload(Listener listener, Channel channel, long number, DeliveryLedger ledger) {
      super(listener, channel, number);
      sent = ledger.open(StreamKind.CLIENT_STREAMING, number, Direction.FROM_CLIENT, Role.SENT);
      taken = ledger.open(StreamKind.CLIENT_STREAMING, number, Direction.FROM_SERVER, Role.TAKEN);
      // The one answer of a call.
      ledger.open(StreamKind.CLIENT_STREAMING, number, Direction.FROM_SERVER, Role.SENT).add(1);
    }

    @Override
    void call(EchoGrpc.EchoStub stub) {
      requests =
          stub.upload(
              new Replies<FloodReply>() {
                @Override
                public void onNext(FloodReply reply) {
                  // An answer that says something else than what was sent is none.
                  if (reply.getMessages() == sent.last()) {
                    taken.add(1);
                  }
                }
              });
    }

    @Override
    void sendNext() {
      if (requests != null) {
        long next = sent.last() + 1;
        sent.add(next);
        requests.onNext(
            FloodRequest.newBuilder().setPayload(NumberedBytes.of(number, next)).build());
      }
    }

    @Override
    void halfClose() {
      if (requests != null) {
        requests.onCompleted();
      }
    }
  }

  private static final class Chat extends ApplicationStream {
    private final MessageRuns sent;
    private final MessageRuns taken;
    private @Nullable StreamObserver<EchoRequest> requests;

    Chat(Listener listener, Channel channel, long number, DeliveryLedger ledger) {
      super(listener, channel, number);
      sent = ledger.open(StreamKind.BIDIRECTIONAL, number, Direction.FROM_CLIENT, Role.SENT);
      taken = ledger.open(StreamKind.BIDIRECTIONAL, number, Direction.FROM_SERVER, Role.TAKEN);
    }

    @Override
    void call(EchoGrpc.EchoStub stub) {
      requests =
          stub.chat(
              new Replies<EchoReply>() {
                @Override
                public void onNext(EchoReply reply) {
                  taken.add(NumberedBytes.number(reply.getPayload()));
                  onMessage();
                }
              });
    }

    @Override
    void sendNext() {
      if (requests != null) {
        long next = sent.last() + 1;
        sent.add(next);
        requests.onNext(
            EchoRequest.newBuilder().setPayload(NumberedBytes.of(number, next)).build());
      }
    }

    @Override
    void halfClose() {
      if (requests != null) {
        requests.onCompleted();
      }
    }
  }
}
