package dev.holdfast.inprocess;

import dev.holdfast.core.annotation.Limit;
import dev.holdfast.gateway.call.CallListener;
import dev.holdfast.gateway.call.HttpExchange;
import dev.holdfast.gateway.call.OutgoingCall;
import dev.holdfast.gateway.headers.CallEnd;
import dev.holdfast.gateway.headers.GrpcTimeout;
import dev.holdfast.transcoding.status.GrpcStatusCode;
import io.grpc.Context;
import io.grpc.Metadata;
import io.grpc.ServerMethodDefinition;
import io.netty.channel.EventLoop;
import io.netty.handler.codec.http2.EmptyHttp2Headers;
import io.netty.handler.codec.http2.Http2Headers;
import java.util.ArrayDeque;
import java.util.concurrent.CancellationException;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * The client side of one in-process call. Its methods run on the request's event loop. The service
 * posts headers, messages and the end by {@link #post} from any thread. They are delivered in order
 * on the loop, messages only when requested.
 */
final class InProcessCall<Q, A> implements OutgoingCall {
  @Limit(
      of = "bytes of one call in the process that wait for its handler",
      then = "the client is not read until it takes them")
  static final int UNTAKEN_BYTES = 262_144;

  private final ServerMethodDefinition<Q, A> method;
  private final EventLoop loop;
  private final CallListener listener;
  private final Executor executor;
  private final InProcessServerCall<Q, A> served;
  private final ArrayDeque<Object> outbox = new ArrayDeque<>(4);
  private final AtomicInteger untakenBytes = new AtomicInteger();
  private Context.@Nullable CancellableContext context;
  private boolean posted;
  private boolean delivering;
  private boolean unready;
  private boolean ended;
  private int wanted;

  InProcessCall(
      ServerMethodDefinition<Q, A> method,
      HttpExchange web,
      CallListener listener,
      Executor executor) {
    this.method = method;
    this.loop = web.loop().eventLoop();
    this.listener = listener;
    this.executor = executor;
    this.served = new InProcessServerCall<>(method, web, this, new SerialExecutor(executor));
  }

  /**
   * Starts the call on its event loop.
   *
   * @param parent of the call's Context
   * @param timeoutNanos until its deadline; negative for none
   */
  void start(Metadata headers, Context parent, long timeoutNanos) {
    Context.CancellableContext own =
        timeoutNanos < 0
            ? parent.withCancellation()
            : parent.withDeadlineAfter(timeoutNanos, TimeUnit.NANOSECONDS, loop);
    context = own;
    if (timeoutNanos == 0) {
      onDeadline(0);
      return;
    }
    if (timeoutNanos > 0) {
      own.addListener(cancelled -> onDeadline(timeoutNanos), loop);
    }
    run(() -> served.start(headers, own));
  }

  @Override
  public void send(byte[] bytes, int offset, int length, boolean last) {
    if (ended) {
      return;
    }
    Q message;
    try {
      message = method.getMethodDescriptor().parseRequest(new MessageInput(bytes, offset, length));
    } catch (RuntimeException e) {
      // What a marshaller throws is its own matter; the message came from outside.
      abort(
          GrpcStatusCode.INVALID_ARGUMENT,
          "a message that the service can't read: " + e.getMessage());
      return;
    }
    untakenBytes.addAndGet(length);
    run(() -> served.onMessage(message, length, last));
  }

  @Override
  public void halfClose() {
    if (!ended) {
      run(served::onHalfClose);
    }
  }

  @Override
  public boolean isReady() {
    unready = untakenBytes.get() >= UNTAKEN_BYTES;
    return !unready;
  }

  @Override
  public void request(int messages) {
    wanted += messages;
    deliver();
  }

  @Override
  public void cancel() {
    if (!ended) {
      end();
      cancelServed("the client is gone");
    }
  }

  /** Frees room when the handler took a message. Called from any thread. */
  void onTaken(int bytes) {
    int left = untakenBytes.addAndGet(-bytes);
    if (left < UNTAKEN_BYTES && left + bytes >= UNTAKEN_BYTES) {
      loop.execute(this::tellReady);
    }
  }

  /**
   * Queues an event of the service: Http2Headers, a {@link MessageOutput} or a {@link CallEnd}.
   * Called from any thread.
   */
  void post(Object word) {
    boolean here = loop.inEventLoop();
    synchronized (outbox) {
      outbox.add(word);
      if (!here && posted) {
        return;
      }
      posted = !here;
    }
    if (here) {
      deliver();
    } else {
      loop.execute(this::deliver);
    }
  }

  private void deliver() {
    if (delivering) {
      return;
    }
    delivering = true;
    try {
      for (Object word = next(); word != null; word = next()) {
        deliver(word);
      }
    } finally {
      delivering = false;
    }
  }

  private @Nullable Object next() {
    synchronized (outbox) {
      posted = false;
      boolean held = ended || (wanted == 0 && outbox.peek() instanceof MessageOutput);
      return held ? null : outbox.poll();
    }
  }

  private void deliver(Object word) {
    if (word instanceof MessageOutput message) {
      wanted--;
      listener.onMessage(message.array(), 0, message.size());
      served.onDelivered(message.size());
    } else if (word instanceof Http2Headers headers) {
      listener.onHeaders(headers);
    } else if (word instanceof CallEnd last) {
      end();
      listener.onEnd(last);
      run(served::onComplete);
    }
  }

  private void tellReady() {
    if (unready && !ended && isReady()) {
      listener.onReady();
    }
  }

  private void onDeadline(long timeoutNanos) {
    String what = "deadline of " + GrpcTimeout.inSeconds(timeoutNanos) + " exceeded";
    abort(GrpcStatusCode.DEADLINE_EXCEEDED, what);
  }

  /** Ends the call with a status that is not the service's. */
  private void abort(GrpcStatusCode status, String what) {
    if (!ended) {
      end();
      listener.onEnd(new CallEnd(status, "gateway: " + what, EmptyHttp2Headers.INSTANCE));
      cancelServed(what);
    }
  }

  private void end() {
    ended = true;
    synchronized (outbox) {
      outbox.clear();
    }
  }

  private void cancelServed(String why) {
    served.setCancelled();
    Context.CancellableContext known = context;
    if (known != null) {
      try {
        // Apart from the call's own tasks: its handler may sleep in one of them.
        executor.execute(() -> known.cancel(new CancellationException(why)));
      } catch (RejectedExecutionException e) {
        known.cancel(e);
      }
      run(served::onCancel);
    }
  }

  private void run(Runnable task) {
    try {
      served.tasks().run(task);
    } catch (RejectedExecutionException e) {
      abort(GrpcStatusCode.UNAVAILABLE, "the service's executor takes no more: " + e.getMessage());
    }
  }
}
