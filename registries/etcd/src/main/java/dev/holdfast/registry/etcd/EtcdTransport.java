package dev.holdfast.registry.etcd;

import dev.holdfast.registry.etcd.proto.WatchRequest;
import dev.holdfast.registry.etcd.proto.WatchResponse;
import io.grpc.MethodDescriptor;
import java.time.Duration;
import java.util.function.Consumer;

/**
 * The transport of requests to etcd, whichever member answers.
 *
 * <p>All methods are called on the registry's scheduler. Callbacks run there too, later and exactly
 * once. Tests replace the transport by a simulated etcd.
 */
interface EtcdTransport {

  /**
   * Sends one request and takes the first answer; for a stream (a lease's keepalive) too.
   *
   * @param timeout after which the request fails with {@link EtcdError#TIMEOUT}, members tried
   *     included
   */
  <Q, R> void call(
      MethodDescriptor<Q, R> method,
      Q request,
      Duration timeout,
      Consumer<? super R> onReply,
      Consumer<? super EtcdException> onError);

  /** Opens a stream of watches at the member that answers at the moment. */
  WatchCall openWatch(WatchCallListener listener);

  /** How long one member is waited for before the next one is asked. */
  Duration attemptTimeout();

  /** Ends everything. Requests under way fail with {@link EtcdError#CLOSED}. */
  void close();

  /** A bidirectional stream that carries watches. */
  interface WatchCall {
    void send(WatchRequest request);

    /** Ends the stream; its listener is not called any more. */
    void cancel();

    /** Ends the stream because it does not answer: its member is not asked next. */
    void cancelUnresponsive();

    /** The token of the stream was refused: the next stream gets a new one. */
    void invalidateToken();
  }

  /** The listener of a watch stream. */
  interface WatchCallListener {
    void onResponse(WatchResponse response);

    /** The stream has ended; no further method of the listener is called. */
    void onClosed(EtcdException cause);

    /** Requests go to another member now: a reason to ask whether this stream still lives. */
    void onMemberSwitched();
  }
}
