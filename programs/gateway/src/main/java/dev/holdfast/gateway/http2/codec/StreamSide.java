package dev.holdfast.gateway.http2.codec;

import io.netty.handler.codec.http2.Http2Connection.Endpoint;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2Exception.ShutdownHint;
import io.netty.handler.codec.http2.Http2FlowController;
import io.netty.handler.codec.http2.Http2Stream;
import io.netty.handler.codec.http2.Http2Stream.State;

/**
 * An endpoint of a connection: the streams that it opened, and its limit of open streams (RFC 9113,
 * 5.1.1 and 5.1.2).
 *
 * @param <F> the flow controller of this side
 */
final class StreamSide<F extends Http2FlowController> implements Endpoint<F> {
  private static final int NONE = -1;

  private final FrameStreams connection;
  private final boolean server;
  private final boolean local;
  private F windows;
  private int nextId;
  private int reservedId;
  private int lastKnownByPeer = NONE;
  private int active;
  private int mostActive = Integer.MAX_VALUE;

  StreamSide(FrameStreams connection, boolean server, boolean local, F windows) {
    this.connection = connection;
    this.server = server;
    this.local = local;
    this.windows = windows;
    this.nextId = server ? 2 : 1;
    // As with Netty, a client's first stream is 3: 1 is that of an upgrade.
    this.reservedId = server ? 0 : 1;
  }

  @Override
  public int incrementAndGetNextStreamId() {
    if (reservedId >= 0) {
      reservedId += 2;
    }
    return reservedId;
  }

  @Override
  public boolean isValidStreamId(int streamId) {
    return streamId > 0 && server == ((streamId & 1) == 0);
  }

  @Override
  public boolean mayHaveCreatedStream(int streamId) {
    return isValidStreamId(streamId) && streamId <= lastStreamCreated();
  }

  @Override
  public boolean created(Http2Stream stream) {
    return stream instanceof FrameStream && isValidStreamId(stream.id());
  }

  @Override
  public boolean canOpenStream() {
    return active < mostActive;
  }

  @Override
  public FrameStream createStream(int streamId, boolean halfClosed) throws Http2Exception {
    requireAllowed(streamId);
    State half = local ? State.HALF_CLOSED_LOCAL : State.HALF_CLOSED_REMOTE;
    FrameStream stream = new FrameStream(connection, streamId, halfClosed ? half : State.OPEN);
    if (halfClosed && local) {
      stream.headersSent(false);
    } else if (halfClosed) {
      stream.headersReceived(false);
    }
    reservedId = reservedId >= 0 ? Math.max(reservedId, streamId) : reservedId;
    pass(streamId);
    active++;
    connection.add(stream);
    return stream;
  }

  private void requireAllowed(int streamId) throws Http2Exception {
    if (lastKnownByPeer != NONE && streamId > lastKnownByPeer) {
      throw Http2Exception.streamError(
          streamId,
          Http2Error.REFUSED_STREAM,
          "stream %d is above %d, the last stream of the GOAWAY",
          streamId,
          lastKnownByPeer);
    }
    // Who pushes is refused before; nothing else lets a server open one (RFC 9113, 5.1.1).
    if (!isValidStreamId(streamId) || (server && !local)) {
      throw Http2Exception.connectionError(
          Http2Error.PROTOCOL_ERROR,
          "stream %d can't be opened by a %s",
          streamId,
          server ? "server" : "client");
    }
    if (nextId <= 0) {
      throw new Http2Exception(
          Http2Error.REFUSED_STREAM,
          "stream identifiers are exhausted",
          ShutdownHint.GRACEFUL_SHUTDOWN);
    }
    if (streamId < nextId) {
      throw Http2Exception.closedStreamError(
          Http2Error.PROTOCOL_ERROR, "stream %d (expected: >= %d)", streamId, nextId);
    }
    if (!canOpenStream()) {
      if (!local) {
        // It did exist: what follows its headers is no breach by the peer.
        pass(streamId);
        connection.ended().onEndedHere(streamId);
      }
      throw Http2Exception.streamError(
          streamId, Http2Error.REFUSED_STREAM, "more than %d streams are open", mostActive);
    }
    if (connection.isClosed()) {
      throw Http2Exception.connectionError(
          Http2Error.INTERNAL_ERROR, "stream %d after the end of its connection", streamId);
    }
  }

  /** Marks stream numbers up to this one as used. */
  private void pass(int streamId) {
    if (!local && streamId > nextId) {
      connection.ended().onImplicitlyClosed(nextId, streamId - 2);
    }
    nextId = streamId + 2;
  }

  /** Counts a closed stream of this side. */
  void onClosed() {
    active--;
  }

  /** Always fails: server push is not allowed. */
  @Override
  public Http2Stream reservePushStream(int streamId, Http2Stream parent) throws Http2Exception {
    throw Http2Exception.connectionError(
        Http2Error.PROTOCOL_ERROR, "stream %d is pushed, which was not allowed", streamId);
  }

  @Override
  public boolean isServer() {
    return server;
  }

  /** Does nothing: server push is never allowed. */
  @Override
  public void allowPushTo(boolean allow) {}

  @Override
  public boolean allowPushTo() {
    return false;
  }

  @Override
  public int numActiveStreams() {
    return active;
  }

  @Override
  public int maxActiveStreams() {
    return mostActive;
  }

  @Override
  public void maxActiveStreams(int maxActiveStreams) {
    mostActive = maxActiveStreams;
  }

  @Override
  public int lastStreamCreated() {
    return Math.max(0, nextId - 2);
  }

  @Override
  public int lastStreamKnownByPeer() {
    return lastKnownByPeer;
  }

  boolean isPeerLeaving() {
    return lastKnownByPeer != NONE;
  }

  void lastStreamKnownByPeer(int last) {
    lastKnownByPeer = last;
  }

  @Override
  public F flowController() {
    return windows;
  }

  @Override
  public void flowController(F flowController) {
    windows = flowController;
  }

  @Override
  public Endpoint<? extends Http2FlowController> opposite() {
    return local ? connection.remote() : connection.local();
  }
}
