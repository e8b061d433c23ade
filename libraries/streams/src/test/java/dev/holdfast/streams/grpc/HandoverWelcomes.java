package dev.holdfast.streams.grpc;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.streams.grpc.internal.callback.CallbackQueue;
import dev.holdfast.streams.grpc.internal.message.HandshakeMetadata;
import dev.holdfast.streams.wire.SessionHandover;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ClientInterceptor;
import io.grpc.ForwardingClientCall;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import java.util.Arrays;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;

/**
 * An interceptor below the streams of a client: the welcome of each attachment that shows a
 * hand-over is held until {@link #release}, and what the call says later is passed on behind it.
 * Each such call has a thread of its own.
 */
final class HandoverWelcomes implements ClientInterceptor, AutoCloseable {
  private final CountDownLatch arrived = new CountDownLatch(1);
  private final CountDownLatch released = new CountDownLatch(1);
  private final ExecutorService threads = Executors.newCachedThreadPool();

  /** Waits until a welcome is held. */
  void awaitFirst() throws InterruptedException {
    await(arrived);
  }

  /** Passes on all that is held, and what comes later. */
  void release() {
    released.countDown();
  }

  private static void await(CountDownLatch latch) throws InterruptedException {
    assertThat(latch.await(CursorFleet.PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();
  }

  @Override
  public <Q, A> ClientCall<Q, A> interceptCall(
      MethodDescriptor<Q, A> method, CallOptions options, Channel next) {
    return new ForwardingClientCall.SimpleForwardingClientCall<Q, A>(
        next.newCall(method, options)) {
      @Override
      public void start(Listener<A> listener, Metadata headers) {
        super.start(isHandedOver(headers) ? new Behind<>(listener) : listener, headers);
      }
    };
  }

  private static boolean isHandedOver(Metadata headers) {
    byte[] shown = headers.get(HandshakeMetadata.HANDOVER_KEY);
    return shown != null && !Arrays.equals(shown, SessionHandover.OFFER.toByteArray());
  }

  /** Passes everything on, in order, on one thread at a time. */
  private final class Behind<A> extends ClientCall.Listener<A> {
    private final ClientCall.Listener<A> to;
    private final CallbackQueue inOrder = new CallbackQueue(threads);

    Behind(ClientCall.Listener<A> to) {
      this.to = to;
    }

    @Override
    public void onHeaders(Metadata headers) {
      inOrder.execute(
          () -> {
            arrived.countDown();
            try {
              await(released);
            } catch (InterruptedException e) {
              throw new IllegalStateException(e);
            }
          });
      inOrder.execute(() -> to.onHeaders(headers));
    }

    @Override
    public void onMessage(A message) {
      inOrder.execute(() -> to.onMessage(message));
    }

    @Override
    public void onClose(Status status, Metadata trailers) {
      inOrder.execute(() -> to.onClose(status, trailers));
    }

    @Override
    public void onReady() {
      inOrder.execute(to::onReady);
    }
  }

  @Override
  public void close() {
    threads.shutdownNow();
  }
}
