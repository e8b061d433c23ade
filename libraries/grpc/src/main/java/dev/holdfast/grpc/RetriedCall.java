package dev.holdfast.grpc;

import dev.holdfast.core.OffloadExecutor;
import dev.holdfast.grpc.internal.balancer.SchedulePicker;
import dev.holdfast.grpc.internal.meter.GrpcMeter;
import io.grpc.Attributes;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.Context;
import io.grpc.ForwardingClientCallListener.SimpleForwardingClientCallListener;
import io.grpc.Grpc;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import java.io.InputStream;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A call of an idempotent method, with the attempts it takes.
 *
 * <p>An attempt is retried when it ended with UNAVAILABLE (or a status that {@link
 * RetryDecision#isConnectionFailure} accepts) and without trailers: this side made the status,
 * because the connection died. An UNAVAILABLE from the server is retried only if {@code
 * grpc-retry-pushback-ms} asks for it. A unary response is held back until it is complete, because
 * a process can be killed between its message and its trailers (seen in one kill of five under
 * load). So the application never sees part of an attempt that failed. The headers of a streaming
 * response commit the call to its attempt.
 *
 * <p>At most one attempt is alive. The application's thread sends until {@link #halfClose}, and an
 * attempt that failed before is retried there. After the half-close only a finished attempt starts
 * the next one. {@code request} and {@code cancel} may come from any thread, and are held back
 * between attempts.
 */
final class RetriedCall<ReqT, RespT> extends ClientCall<ReqT, RespT> {
  static final Metadata.Key<String> PREVIOUS_ATTEMPTS =
      Metadata.Key.of("grpc-previous-rpc-attempts", Metadata.ASCII_STRING_MARSHALLER);

  private final IdempotentRetry.RetryContext retryContext;
  private final Channel channel;
  private final MethodDescriptor<ReqT, RespT> method;
  private final CallOptions callOptions;
  private final Context context = Context.current();
  private final TrailersTracerFactory firstWord = new TrailersTracerFactory();
  private final RetryDecision decision;
  private final Object lock = new Object();

  // Set before the first attempt starts.
  private @Nullable Listener<RespT> listener;
  private @Nullable Metadata headers;

  // Guarded by lock.
  private ClientCall<ReqT, RespT> current;
  private int attempts = 1;
  private boolean switching;
  private int requested;
  private @Nullable ReqT message;
  private boolean halfClosed;
  private boolean committed;
  private @Nullable Boolean compressed;
  private @Nullable Retry pending;
  private @Nullable Cancellation cancellation;

  /**
   * An attempt that is due.
   *
   * @param attempt which one it will be; 2 is the first retry
   * @param delay after the one before ended
   * @param failed where the one before went; null when it found no connection
   */
  private record Retry(int attempt, Duration delay, @Nullable SocketAddress failed) {}

  private record Cancellation(@Nullable String reason, @Nullable Throwable cause) {
    Status status() {
      return Status.CANCELLED.withDescription(reason).withCause(cause);
    }
  }

  RetriedCall(
      IdempotentRetry.RetryContext retryContext,
      Channel channel,
      MethodDescriptor<ReqT, RespT> method,
      CallOptions callOptions) {
    this.retryContext = retryContext;
    this.channel = channel;
    this.method = method;
    this.callOptions = callOptions;
    this.decision = new RetryDecision(retryContext, callOptions, context);
    this.current = channel.newCall(method, callOptions.withStreamTracerFactory(firstWord));
  }

  @Override
  public void start(Listener<RespT> newListener, Metadata newHeaders) {
    listener = newListener;
    Metadata copy = new Metadata();
    copy.merge(newHeaders);
    headers = copy;
    current.start(new Attempt(newListener, current, firstWord), newHeaders);
  }

  @Override
  public void request(int count) {
    ClientCall<ReqT, RespT> to;
    synchronized (lock) {
      requested = (int) Math.min(Integer.MAX_VALUE, (long) requested + count);
      if (switching) {
        return;
      }
      to = current;
    }
    to.request(count);
  }

  @Override
  public void sendMessage(ReqT newMessage) {
    ClientCall<ReqT, RespT> to;
    synchronized (lock) {
      // A stream can be read once only, and a second message isn't expected of such a method.
      committed |= message != null || newMessage instanceof InputStream;
      message = committed ? null : newMessage;
      to = current;
    }
    to.sendMessage(newMessage);
  }

  @Override
  public void halfClose() {
    ClientCall<ReqT, RespT> to;
    Retry retry;
    synchronized (lock) {
      halfClosed = true;
      retry = pending;
      to = current;
    }
    if (retry == null) {
      to.halfClose();
    } else {
      await(retry);
    }
  }

  @Override
  public void cancel(@Nullable String reason, @Nullable Throwable cause) {
    ClientCall<ReqT, RespT> to;
    Retry retry = null;
    synchronized (lock) {
      if (cancellation != null) {
        return;
      }
      cancellation = new Cancellation(reason, cause);
      to = switching ? null : current;
      retry = pending;
    }
    if (to != null) {
      to.cancel(reason, cause);
    } else if (retry != null) {
      launch(retry);
    }
  }

  @Override
  public boolean isReady() {
    return latest().isReady();
  }

  @Override
  public void setMessageCompression(boolean enabled) {
    ClientCall<ReqT, RespT> to;
    synchronized (lock) {
      compressed = enabled;
      to = switching ? null : current;
    }
    if (to != null) {
      to.setMessageCompression(enabled);
    }
  }

  @Override
  public Attributes getAttributes() {
    return latest().getAttributes();
  }

  private ClientCall<ReqT, RespT> latest() {
    synchronized (lock) {
      return current;
    }
  }

  private void await(Retry retry) {
    if (retry.delay().isZero()) {
      launch(retry);
    } else {
      // Interceptors see the next attempt begin, and may block.
      Runnable launch = () -> retryContext.offload().execute(() -> launch(retry));
      var unused = retryContext.scheduler().schedule(retry.delay(), launch);
    }
  }

  private void launch(Retry retry) {
    Cancellation cancelled;
    synchronized (lock) {
      // A timer, a cancellation and the end of sending may all want to launch it.
      if (pending == null || pending.attempt() != retry.attempt()) {
        return;
      }
      pending = null;
      cancelled = cancellation;
    }
    if (cancelled != null) {
      cancelledContext(cancelled).run(() -> send(retry));
      return;
    }
    if (retry.attempt() == 2) {
      retryContext.count(GrpcMeter.CALLS_RETRIED);
    }
    retryContext.count(GrpcMeter.RETRIES);
    context.run(() -> send(retry));
  }

  /**
   * A context in which an attempt ends CANCELLED on the call's executor, and nothing is sent: an
   * attempt that is cancelled after its start may end UNAVAILABLE first.
   */
  private Context cancelledContext(Cancellation cancelled) {
    Context.CancellableContext ended = context.withCancellation();
    ended.cancel(cancelled.status().asRuntimeException());
    return ended;
  }

  private void send(Retry retry) {
    OffloadExecutor.assertNotSchedulerThread();
    TrailersTracerFactory word = new TrailersTracerFactory();
    ClientCall<ReqT, RespT> next =
        channel.newCall(method, optionsFor(retry).withStreamTracerFactory(word));
    ReqT replayed;
    boolean complete;
    Boolean compression;
    synchronized (lock) {
      current = next;
      replayed = message;
      complete = halfClosed;
      compression = compressed;
    }
    Metadata again = new Metadata();
    again.merge(Objects.requireNonNull(headers));
    again.put(PREVIOUS_ATTEMPTS, Integer.toString(retry.attempt() - 1));
    next.start(new Attempt(Objects.requireNonNull(listener), next, word), again);
    if (compression != null) {
      next.setMessageCompression(compression);
    }
    if (replayed != null) {
      next.sendMessage(replayed);
    }
    if (complete) {
      next.halfClose();
    }
    handOver(retry.attempt(), next);
  }

  /** Passes on what was asked for during the switch, until nothing is left. */
  private void handOver(int attempt, ClientCall<ReqT, RespT> next) {
    int handed = 0;
    while (true) {
      int missing;
      Cancellation cancelled;
      synchronized (lock) {
        if (attempts != attempt) {
          // It failed already, and the one after it took over.
          return;
        }
        missing = requested - handed;
        handed = requested;
        cancelled = cancellation;
        switching = missing > 0;
      }
      if (missing > 0) {
        next.request(missing);
      } else {
        if (cancelled != null) {
          next.cancel(cancelled.reason(), cancelled.cause());
        }
        return;
      }
    }
  }

  private CallOptions optionsFor(Retry retry) {
    return retry.failed() == null
        ? callOptions
        : callOptions.withOption(SchedulePicker.AVOIDED, retry.failed());
  }

  /** The listener of one attempt, which also hears whether the server ended it. */
  private final class Attempt extends SimpleForwardingClientCallListener<RespT> {
    private final ClientCall<ReqT, RespT> call;
    private final TrailersTracerFactory trailersTracerFactory;
    private @Nullable Metadata heldHeaders;
    private @Nullable RespT heldMessage;
    private boolean holding = method.getType().serverSendsOneMessage();

    Attempt(
        Listener<RespT> delegate,
        ClientCall<ReqT, RespT> call,
        TrailersTracerFactory trailersTracerFactory) {
      super(delegate);
      this.call = call;
      this.trailersTracerFactory = trailersTracerFactory;
    }

    @Override
    public void onHeaders(Metadata answer) {
      if (holding) {
        heldHeaders = answer;
      } else {
        commit();
        super.onHeaders(answer);
      }
    }

    @Override
    public void onMessage(RespT answer) {
      if (holding && heldMessage == null) {
        heldMessage = answer;
        return;
      }
      // More than one: not for us to judge.
      release();
      super.onMessage(answer);
    }

    @Override
    public void onClose(Status status, Metadata trailers) {
      Retry retry = RetryDecision.isConnectionFailure(status) ? retryOrNull(trailers) : null;
      if (retry == null) {
        release();
        super.onClose(status, trailers);
        return;
      }
      boolean sent;
      synchronized (lock) {
        attempts = retry.attempt();
        switching = true;
        pending = retry;
        sent = halfClosed || cancellation != null;
      }
      if (sent) {
        await(retry);
      }
    }

    private void commit() {
      synchronized (lock) {
        committed = true;
        message = null;
      }
    }

    private void release() {
      if (!holding) {
        return;
      }
      holding = false;
      commit();
      if (heldHeaders != null) {
        super.onHeaders(heldHeaders);
      }
      if (heldMessage != null) {
        super.onMessage(heldMessage);
      }
    }

    private @Nullable Retry retryOrNull(Metadata trailers) {
      int attempt;
      synchronized (lock) {
        if (committed || cancellation != null) {
          return null;
        }
        attempt = attempts;
      }
      SocketAddress failed = call.getAttributes().get(Grpc.TRANSPORT_ATTR_REMOTE_ADDR);
      Duration delay =
          decision.delayOrNull(
              trailers, trailersTracerFactory.hasTrailers(), attempt, failed != null);
      return delay == null ? null : new Retry(attempt + 1, delay, failed);
    }
  }
}
