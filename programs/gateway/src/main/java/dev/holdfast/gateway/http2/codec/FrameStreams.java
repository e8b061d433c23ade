package dev.holdfast.gateway.http2.codec;

import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.http2.Http2Connection;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2FlowController;
import io.netty.handler.codec.http2.Http2LifecycleManager;
import io.netty.handler.codec.http2.Http2LocalFlowController;
import io.netty.handler.codec.http2.Http2RemoteFlowController;
import io.netty.handler.codec.http2.Http2Stream;
import io.netty.handler.codec.http2.Http2StreamVisitor;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.Promise;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The streams of one connection, in place of Netty's implementation. That one keeps a dozen objects
 * per stream and reports each state to all listeners, and a gateway opens two streams per call.
 *
 * <p>Listeners are told only of closed streams and of GOAWAY.
 */
final class FrameStreams implements Http2Connection {
  private final StreamTable table = new StreamTable();
  private final List<Listener> listeners = new ArrayList<>(2);
  private final FrameStream whole = new FrameStream(this, 0, Http2Stream.State.IDLE);
  private final ReceiveWindows receiving = new ReceiveWindows(this);
  private final SendWindows sending = new SendWindows(this);
  private final ClosedStreams ended = new ClosedStreams();
  private final StreamSide<Http2LocalFlowController> local;
  private final StreamSide<Http2RemoteFlowController> remote;
  private @Nullable Http2LifecycleManager lifecycle;
  private int keys;
  private boolean closed;

  FrameStreams(boolean server) {
    local = new StreamSide<>(this, server, true, receiving);
    remote = new StreamSide<>(this, !server, false, sending);
  }

  /** The key of a stream property: its index. */
  private record Key(int index) implements PropertyKey {}

  static int index(PropertyKey key) {
    return ((Key) key).index;
  }

  @Override
  public PropertyKey newKey() {
    return new Key(keys++);
  }

  /**
   * Sets the manager that ends streams, and closes the connection after the last one if that is
   * due.
   */
  void lifecycle(Http2LifecycleManager manager) {
    lifecycle = manager;
  }

  /** Closes a stream whose two halves have ended. */
  void end(FrameStream stream) {
    Http2LifecycleManager manager = lifecycle;
    if (manager != null) {
      manager.closeStream(stream, sending.channelHandlerContext().newSucceededFuture());
    }
  }

  /** Adds a stream that either side opened. */
  void add(FrameStream stream) {
    receiving.begin(stream);
    sending.begin(stream);
    table.add(stream);
  }

  /** Drops the frames that wait on a stream whose local half has closed. */
  void onHalfClosed(FrameStream stream) {
    sending.cancel(stream);
  }

  /**
   * Removes a closed stream and drops its frames that wait.
   *
   * @param open whether the peer's half was open
   */
  void onClosed(FrameStream stream, boolean open) {
    boolean ours = local.isValidStreamId(stream.id());
    if (open && !ours) {
      if (stream.isResetReceived()) {
        ended.onResetByClient(stream.id());
      } else {
        ended.onEndedHere(stream.id());
      }
    }
    if (ours) {
      local.onClosed();
    } else {
      remote.onClosed();
    }
    sending.cancel(stream);
    for (int i = 0; i < listeners.size(); i++) {
      listeners.get(i).onStreamClosed(stream);
    }
    table.remove(stream.id());
  }

  /** The memory of closed streams that the peer had opened. */
  ClosedStreams ended() {
    return ended;
  }

  boolean isClosed() {
    return closed;
  }

  /** The receive windows of all streams. */
  ReceiveWindows receiving() {
    return receiving;
  }

  /** The send windows of all streams. */
  SendWindows sending() {
    return sending;
  }

  @Override
  public Future<Void> close(Promise<Void> promise) {
    closed = true;
    for (FrameStream each : table.all()) {
      each.close();
    }
    promise.trySuccess(null);
    return promise;
  }

  @Override
  public void addListener(Listener listener) {
    listeners.add(listener);
  }

  @Override
  public void removeListener(Listener listener) {
    listeners.remove(listener);
  }

  @Override
  public @Nullable FrameStream stream(int streamId) {
    return streamId == 0 ? whole : table.get(streamId);
  }

  @Override
  public boolean streamMayHaveExisted(int streamId) {
    return remote.mayHaveCreatedStream(streamId) || local.mayHaveCreatedStream(streamId);
  }

  @Override
  public FrameStream connectionStream() {
    return whole;
  }

  @Override
  public int numActiveStreams() {
    return local.numActiveStreams() + remote.numActiveStreams();
  }

  @Override
  public @Nullable Http2Stream forEachActiveStream(Http2StreamVisitor visitor)
      throws Http2Exception {
    for (FrameStream each : table.all()) {
      if (each.state() != Http2Stream.State.CLOSED && !visitor.visit(each)) {
        return each;
      }
    }
    return null;
  }

  @Override
  public boolean isServer() {
    return local.isServer();
  }

  @Override
  public StreamSide<Http2LocalFlowController> local() {
    return local;
  }

  @Override
  public StreamSide<Http2RemoteFlowController> remote() {
    return remote;
  }

  @Override
  public boolean goAwayReceived() {
    return local.isPeerLeaving();
  }

  @Override
  public void goAwayReceived(int last, long errorCode, ByteBuf message) throws Http2Exception {
    requireNoMore(local, last);
    local.lastStreamKnownByPeer(last);
    for (int i = 0; i < listeners.size(); i++) {
      listeners.get(i).onGoAwayReceived(last, errorCode, message);
    }
    closeBehind(last, local);
  }

  @Override
  public boolean goAwaySent() {
    return remote.isPeerLeaving();
  }

  @Override
  public boolean goAwaySent(int last, long errorCode, ByteBuf message) throws Http2Exception {
    if (remote.isPeerLeaving() && last == remote.lastStreamKnownByPeer()) {
      return false;
    }
    requireNoMore(remote, last);
    remote.lastStreamKnownByPeer(last);
    for (int i = 0; i < listeners.size(); i++) {
      listeners.get(i).onGoAwaySent(last, errorCode, message);
    }
    closeBehind(last, remote);
    return true;
  }

  private static void requireNoMore(StreamSide<?> side, int last) throws Http2Exception {
    if (side.isPeerLeaving() && last > side.lastStreamKnownByPeer()) {
      throw Http2Exception.connectionError(
          Http2Error.PROTOCOL_ERROR,
          "last stream of a GOAWAY: %d (expected: <= %d, as said before)",
          last,
          side.lastStreamKnownByPeer());
    }
  }

  private void closeBehind(int last, StreamSide<? extends Http2FlowController> side) {
    for (FrameStream each : table.all()) {
      if (each.id() > last && side.isValidStreamId(each.id())) {
        each.close();
      }
    }
  }
}
