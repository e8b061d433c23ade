package dev.holdfast.inprocess;

import dev.holdfast.core.annotation.Limit;
import dev.holdfast.gateway.call.HttpExchange;
import dev.holdfast.gateway.headers.CallEnd;
import dev.holdfast.transcoding.status.GrpcStatusCode;
import io.grpc.Attributes;
import io.grpc.Context;
import io.grpc.Grpc;
import io.grpc.InternalMetadata;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.ServerCall;
import io.grpc.ServerMethodDefinition;
import io.grpc.Status;
import io.netty.handler.codec.http2.EmptyHttp2Headers;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.util.NetUtil;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayDeque;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The server side of one in-process call, for interceptors and handler, with the contract of
 * grpc-java. Listener methods run one at a time, within the call's Context, on threads of the
 * executor.
 */
final class InProcessServerCall<Q, A> extends ServerCall<Q, A> {
  /** The same value as in grpc-java's streams. */
  @Limit(
      of = "bytes that a handler in the process sent and that wait for its client",
      then = "its call is not ready; a handler that sends on is not held back")
  static final int UNDELIVERED_BYTES = 32_768;

  private static final Logger log = LoggerFactory.getLogger(InProcessServerCall.class);

  private final ServerMethodDefinition<Q, A> method;
  private final HttpExchange web;
  private final InProcessCall<Q, A> client;
  private final SerialExecutor tasks;
  private final ArrayDeque<Arrival<Q>> inbox = new ArrayDeque<>(2);
  private final AtomicLong requested = new AtomicLong();
  private final AtomicInteger undeliveredBytes = new AtomicInteger();
  private Context.CancellableContext context = Context.ROOT.withCancellation();
  private @Nullable Listener<Q> listener;
  private boolean halfClosed;
  private boolean halfCloseTold;
  private boolean over;
  private boolean began;
  private boolean closed;
  private volatile boolean cancelled;

  private record Arrival<Q>(Q message, int bytes) {}

  InProcessServerCall(
      ServerMethodDefinition<Q, A> method,
      HttpExchange web,
      InProcessCall<Q, A> client,
      SerialExecutor tasks) {
    this.method = method;
    this.web = web;
    this.client = client;
    this.tasks = tasks;
  }

  SerialExecutor tasks() {
    return tasks;
  }

  /**
   * Starts the call. Runs as a task, as do all methods with "on" in their name but {@link
   * #onDelivered}.
   */
  void start(Metadata headers, Context.CancellableContext own) {
    context = own;
    Context before = own.attach();
    try {
      Listener<Q> begun = method.getServerCallHandler().startCall(this, headers);
      listener = begun;
      begun.onReady();
    } catch (RuntimeException e) {
      failed(Status.fromThrowable(e), e);
    } catch (Error e) {
      failed(Status.UNKNOWN, e);
      throw e;
    } finally {
      own.detach(before);
    }
  }

  void onMessage(Q message, int bytes, boolean last) {
    inbox.add(new Arrival<>(message, bytes));
    halfClosed |= last;
    tell(this::pump);
  }

  void onHalfClose() {
    halfClosed = true;
    tell(this::pump);
  }

  void onComplete() {
    tell(Listener::onComplete);
    over = true;
    context.cancel(null);
  }

  void onCancel() {
    tell(Listener::onCancel);
    over = true;
  }

  /** Marks the call as cancelled, from any thread. Further output of the handler is dropped. */
  void setCancelled() {
    cancelled = true;
  }

  /** Frees room when the client took a message. Called on its event loop. */
  void onDelivered(int bytes) {
    int left = undeliveredBytes.addAndGet(-bytes);
    if (left < UNDELIVERED_BYTES && left + bytes >= UNDELIVERED_BYTES) {
      later(() -> tell(Listener::onReady));
    }
  }

  @Override
  public void request(int messages) {
    requested.addAndGet(messages);
    later(() -> tell(this::pump));
  }

  @Override
  public void sendHeaders(Metadata headers) {
    require(!began, "headers were sent already");
    require(!closed, "the call is closed");
    began = true;
    if (!cancelled && InternalMetadata.headerCount(headers) > 0) {
      client.post(MetadataConversion.http2(headers));
    }
  }

  @Override
  public void sendMessage(A message) {
    require(began, "headers were not sent");
    require(!closed, "the call is closed");
    if (cancelled) {
      return;
    }
    MessageOutput output;
    try {
      output = MessageOutput.of(method.getMethodDescriptor().streamResponse(message));
    } catch (IOException e) {
      close(Status.INTERNAL.withDescription("a message that can't be written"), new Metadata());
      throw Status.INTERNAL.withCause(e).asRuntimeException();
    }
    undeliveredBytes.addAndGet(output.size());
    client.post(output);
  }

  @Override
  public boolean isReady() {
    return !closed && !cancelled && undeliveredBytes.get() < UNDELIVERED_BYTES;
  }

  @Override
  public void close(Status status, Metadata trailers) {
    require(!closed, "the call is closed already");
    closed = true;
    if (!cancelled) {
      String description = status.getDescription();
      Http2Headers last =
          InternalMetadata.headerCount(trailers) == 0
              ? EmptyHttp2Headers.INSTANCE
              : MetadataConversion.http2(trailers);
      client.post(
          new CallEnd(
              GrpcStatusCode.of(status.getCode().value()),
              description == null ? "" : description,
              last));
    }
  }

  @Override
  public boolean isCancelled() {
    return cancelled;
  }

  @Override
  public MethodDescriptor<Q, A> getMethodDescriptor() {
    return method.getMethodDescriptor();
  }

  @Override
  public String getAuthority() {
    return web.authority().toString();
  }

  /** Attributes with the client's address; the port is unknown here and 0. */
  @Override
  public Attributes getAttributes() {
    InetAddress client =
        NetUtil.createInetAddressFromIpAddressString(web.clientIdentity().address().toString());
    return client == null
        ? Attributes.EMPTY
        : Attributes.newBuilder()
            .set(Grpc.TRANSPORT_ATTR_REMOTE_ADDR, new InetSocketAddress(client, 0))
            .build();
  }

  private void pump(Listener<Q> told) {
    while (!inbox.isEmpty() && !cancelled && requested.get() > 0) {
      requested.decrementAndGet();
      Arrival<Q> next = inbox.remove();
      client.onTaken(next.bytes);
      told.onMessage(next.message);
    }
    if (halfClosed && inbox.isEmpty() && !halfCloseTold && !cancelled) {
      halfCloseTold = true;
      told.onHalfClose();
    }
  }

  private interface Word<Q> {
    void tell(Listener<Q> listener);
  }

  private void tell(Word<Q> word) {
    Listener<Q> known = listener;
    if (known == null || over) {
      return;
    }
    Context before = context.attach();
    try {
      word.tell(known);
    } catch (RuntimeException e) {
      failed(Status.UNKNOWN.withDescription("Application error processing RPC"), e);
    } catch (Error e) {
      failed(Status.UNKNOWN, e);
      throw e;
    } finally {
      context.detach(before);
    }
  }

  /**
   * Ends a call whose handler threw, as a server does: the client gets the status, only the log
   * gets the cause.
   */
  private void failed(Status status, Throwable why) {
    log.warn(
        "event=handler_failed method={}", method.getMethodDescriptor().getFullMethodName(), why);
    if (!closed) {
      close(status, new Metadata());
    }
  }

  private void later(Runnable task) {
    try {
      tasks.run(task);
    } catch (RejectedExecutionException e) {
      log.warn(
          "event=executor_refused method={}", method.getMethodDescriptor().getFullMethodName(), e);
    }
  }

  private static void require(boolean holds, String what) {
    if (!holds) {
      throw new IllegalStateException("call: " + what);
    }
  }
}
