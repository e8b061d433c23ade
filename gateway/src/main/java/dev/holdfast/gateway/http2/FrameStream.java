package dev.holdfast.gateway.http2;

import dev.holdfast.gateway.limits.MemoryAccount;
import io.netty.handler.codec.http2.Http2Connection.PropertyKey;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2RemoteFlowController.FlowControlled;
import io.netty.handler.codec.http2.Http2Stream;
import java.util.ArrayDeque;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * One stream (RFC 9113, 5.1) with all that its connection knows of it, in one object: its state,
 * its windows, what waits for them, and who takes its frames. The connection itself is the one with
 * number 0.
 */
final class FrameStream implements Http2Stream, Written {
  private static final int RESET_SENT = 1;
  private static final int HEADERS_SENT = 2;
  private static final int TRAILERS_SENT = 4;
  private static final int HEADERS_RECEIVED = 8;
  private static final int TRAILERS_RECEIVED = 16;
  private static final int RESET_RECEIVED = 32;
  private static final @Nullable Object[] NONE = {};

  /** What takes its frames; see {@link FrameConnection#attach}. */
  @Nullable Object taker;

  /** Pays for the bytes that were read on it and are not passed on yet; null for nobody. */
  @Nullable MemoryAccount account;

  /** What is remembered of it to judge its end by. */
  @Nullable OpenedStream opened;

  /** See {@link HeaderMemory}. */
  int headerBytes;

  /** What is expected of its DATA; see {@link FrameDecoder}. */
  @Nullable SaidLength body;

  /** What the peer may still send. */
  int receiveWindow;

  /** What it may send when all that came is done with, before it is told of more. */
  int processedWindow;

  /** What it is told of, in the end. */
  int mostReceived;

  /** How far below zero the window may be: it was made smaller, and the peer may not know yet. */
  int receiveFloor;

  /** No more DATA comes, so no more need be allowed. */
  boolean receivedAll;

  /** What the peer takes. */
  int sendWindow;

  /** What waits for that; null for nothing. */
  @Nullable ArrayDeque<FlowControlled> waiting;

  /** See {@link SendWindows}. */
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

  /** Bytes that were read on it and are not passed on yet. */
  int unreturnedBytes() {
    return processedWindow - receiveWindow;
  }

  @Override
  public int id() {
    return id;
  }

  @Override
  public State state() {
    return state;
  }

  /** Those that are reserved are opened so, and there are none: nobody may push. */
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

  /** Its last frame is out, or never will be. */
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

  /** The peer sent RST_STREAM. */
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

  @Override
  public boolean isHeadersReceived() {
    return is(HEADERS_RECEIVED);
  }

  @Override
  public boolean isTrailersReceived() {
    return is(TRAILERS_RECEIVED);
  }

  @Override
  public Http2Stream pushPromiseSent() {
    throw new UnsupportedOperationException("nobody may push");
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
