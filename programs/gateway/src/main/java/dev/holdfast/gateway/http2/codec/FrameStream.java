package dev.holdfast.gateway.http2.codec;

import io.netty.handler.codec.http2.Http2Connection.PropertyKey;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2RemoteFlowController.FlowControlled;
import io.netty.handler.codec.http2.Http2Stream;
import java.util.ArrayDeque;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * An HTTP/2 stream (RFC 9113, 5.1) with all its state in one object: windows, frames that wait, and
 * the consumer of its frames. Stream 0 stands for the connection itself.
 */
final class FrameStream extends CallStream implements Http2Stream, WriteListener {
  private static final int RESET_SENT = 1;
  private static final int HEADERS_SENT = 2;
  private static final int TRAILERS_SENT = 4;
  private static final int HEADERS_RECEIVED = 8;
  private static final int TRAILERS_RECEIVED = 16;
  private static final int RESET_RECEIVED = 32;
  private static final @Nullable Object[] NONE = {};

  /**
   * The check of DATA against the content-length; null if the headers did not take the fast path of
   * {@link FrameDecoder}.
   */
  @Nullable ContentLengthCheck body;

  /**
   * The receive window: bytes of DATA that the peer may still send. Negative after the window was
   * made smaller.
   */
  int receiveWindow;

  /** The receive window without the bytes that were read and not yet given back. */
  int processedWindow;

  /** The size of the receive window, which WINDOW_UPDATE frames refill. */
  int mostReceived;

  /**
   * The lowest allowed receive window: below 0 after the window was made smaller, since the peer
   * may not know yet.
   */
  int receiveFloor;

  /** Whether the peer's DATA has ended, so that its window needs no refill. */
  boolean receivedAll;

  /** The send window: bytes of DATA that the peer accepts. */
  int sendWindow;

  /** The frames that wait for the send window; null for none. */
  @Nullable ArrayDeque<FlowControlled> waiting;

  /** Whether the stream is in the queue of {@link SendWindows}. */
  boolean queued;

  boolean writing;
  boolean cancelled;

  private final FrameStreams connection;
  private final int id;
  private State state;
  private int seen;
  private @Nullable Object[] others = NONE;

  FrameStream(FrameStreams connection, int id, State state) {
    this.connection = connection;
    this.id = id;
    this.state = state;
  }

  @Override
  public int unreturnedBytes() {
    return processedWindow - receiveWindow;
  }

  @Override
  public boolean isWaiting() {
    return firstWaiting() != null;
  }

  @Override
  public long waitingBytes() {
    ArrayDeque<FlowControlled> frames = waiting;
    return frames == null ? 0 : frames.stream().mapToLong(FlowControlled::size).sum();
  }

  /** The first frame that waits; null for none. */
  @Nullable FlowControlled firstWaiting() {
    ArrayDeque<FlowControlled> frames = waiting;
    return frames == null ? null : frames.peekFirst();
  }

  @Override
  public int id() {
    return id;
  }

  @Override
  public State state() {
    return state;
  }

  /** Always fails: only reserved streams are opened so, and there are none without server push. */
  @Override
  public Http2Stream open(boolean halfClosed) throws Http2Exception {
    throw Http2Exception.connectionError(
        Http2Error.INTERNAL_ERROR, "stream %d: %s (expected: reserved)", id, state);
  }

  @Override
  public Http2Stream close() {
    if (state != State.CLOSED) {
      boolean open = state.remoteSideOpen();
      state = State.CLOSED;
      connection.onClosed(this, open);
    }
    return this;
  }

  @Override
  public Http2Stream closeLocalSide() {
    if (state == State.OPEN) {
      state = State.HALF_CLOSED_LOCAL;
      connection.onHalfClosed(this);
    } else if (state != State.HALF_CLOSED_LOCAL) {
      close();
    }
    return this;
  }

  @Override
  public Http2Stream closeRemoteSide() {
    if (state == State.OPEN) {
      state = State.HALF_CLOSED_REMOTE;
    } else if (state != State.HALF_CLOSED_REMOTE) {
      close();
    }
    return this;
  }

  /** Ends the stream when its last frame was written, or the write failed. */
  @Override
  public void onWritten(boolean success) {
    connection.end(this);
  }

  @Override
  public boolean isResetSent() {
    return is(RESET_SENT);
  }

  @Override
  public Http2Stream resetSent() {
    seen |= RESET_SENT;
    return this;
  }

  /** Records an RST_STREAM of the peer. */
  void resetReceived() {
    seen |= RESET_RECEIVED;
  }

  boolean isResetReceived() {
    return is(RESET_RECEIVED);
  }

  @Override
  public Http2Stream headersSent(boolean isInformational) {
    if (!isInformational) {
      seen |= is(HEADERS_SENT) ? TRAILERS_SENT : HEADERS_SENT;
    }
    return this;
  }

  @Override
  public boolean isHeadersSent() {
    return is(HEADERS_SENT);
  }

  @Override
  public boolean isTrailersSent() {
    return is(TRAILERS_SENT);
  }

  @Override
  public Http2Stream headersReceived(boolean isInformational) {
    if (!isInformational) {
      seen |= is(HEADERS_RECEIVED) ? TRAILERS_RECEIVED : HEADERS_RECEIVED;
    }
    return this;
  }

  /**
   * Whether the headers of the peer's message came, so that only trailers may follow. False once
   * the peer has ended its half: whatever follows is refused as a frame on a closed stream (RFC
   * 9113, 5.1), not as headers too many.
   */
  @Override
  public boolean isHeadersReceived() {
    return is(HEADERS_RECEIVED) && state.remoteSideOpen();
  }

  /** As {@link #isHeadersReceived}, for trailers. */
  @Override
  public boolean isTrailersReceived() {
    return is(TRAILERS_RECEIVED) && state.remoteSideOpen();
  }

  @Override
  public Http2Stream pushPromiseSent() {
    throw new UnsupportedOperationException("server push is disabled");
  }

  @Override
  public boolean isPushPromiseSent() {
    return false;
  }

  // Netty's own keys say of which type what they stand for is.
  @SuppressWarnings({"unchecked", "TypeParameterUnusedInFormals"})
  @Override
  public <V> @Nullable V getProperty(PropertyKey key) {
    int index = FrameStreams.index(key);
    return index < others.length ? (V) others[index] : null;
  }

  @SuppressWarnings("unchecked")
  @Override
  public <V> @Nullable V setProperty(PropertyKey key, V value) {
    int index = FrameStreams.index(key);
    if (index >= others.length) {
      others = Arrays.copyOf(others, index + 1);
    }
    V before = (V) others[index];
    others[index] = value;
    return before;
  }

  @SuppressWarnings({"unchecked", "TypeParameterUnusedInFormals"})
  @Override
  public <V> @Nullable V removeProperty(PropertyKey key) {
    V before = getProperty(key);
    if (before != null) {
      others[FrameStreams.index(key)] = null;
    }
    return before;
  }

  @Override
  public String toString() {
    return "stream " + id + " (" + state + ")";
  }

  private boolean is(int what) {
    return (seen & what) != 0;
  }
}
