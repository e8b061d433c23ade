package dev.holdfast.gateway.call;

import dev.holdfast.core.annotation.Limit;
import dev.holdfast.gateway.call.MessageDeframer.InvalidGrpcMessageException;
import dev.holdfast.gateway.cluster.Cluster;
import dev.holdfast.gateway.cluster.EndpointPreference;
import dev.holdfast.gateway.gzip.AcceptEncoding;
import dev.holdfast.gateway.gzip.GzipException;
import dev.holdfast.gateway.gzip.GzipInflater;
import dev.holdfast.gateway.gzip.InflateScheduler;
import dev.holdfast.gateway.headers.CallEnd;
import dev.holdfast.gateway.headers.ClientIdentity;
import dev.holdfast.gateway.headers.HeaderNames;
import dev.holdfast.gateway.headers.LocalReplyStatus;
import dev.holdfast.gateway.headers.ReceivedHeaders;
import dev.holdfast.gateway.http2.codec.CallStream;
import dev.holdfast.gateway.http2.codec.WriteListener;
import dev.holdfast.gateway.limits.MemoryAccount;
import dev.holdfast.gateway.loop.ForwardingLoop;
import dev.holdfast.gateway.route.Route;
import dev.holdfast.gateway.route.RouteOptions;
import dev.holdfast.gateway.traffic.CallEndReason;
import dev.holdfast.gateway.traffic.CallRecord;
import dev.holdfast.gateway.upstream.UpstreamConnection;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.util.AsciiString;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/**
 * A gRPC call that the gateway makes itself, message by message, with the same connections, retries
 * and deadlines as forwarded calls. Confined to one event loop. Its listener is called only after
 * {@link #start} begins.
 */
public final class UpstreamCall implements OutgoingCall {
  /** The longest message of a response, unless the caller sets another limit. */
  @Limit(
      of = "bytes of one message that the gateway translates",
      then = "the call ends with RESOURCE_EXHAUSTED, the request with 413")
  public static final int MESSAGE_BYTES = 4_194_304;

  @Limit(
      of = "bytes of one call of the gateway's own that wait for the upstream",
      then = "its client is not read until they left")
  static final int UNSENT_BYTES = 262_144;

  private static final int USUAL_HEADERS = 8;

  private final ForwardingLoop loop;
  private final ClientIdentity clientIdentity;
  private final MemoryAccount memory;
  private final CallListener listener;
  private final ClientSide clientSide = new ClientSide();
  private final RoutedCall call;
  private final MessageDeframer assembler;
  private final int maxBytes;
  private final ArrayDeque<Piece> held = new ArrayDeque<>(2);
  private @Nullable CallEnd end;
  private int wanted;
  private int unsentBytes;
  private boolean unready;
  private boolean delivering;

  /** Whether the complete message has to be inflated, which may wait for its turn. */
  private boolean inflates;

  private boolean awaitsTurn;
  private boolean ended;
  private EndpointPreference preference = EndpointPreference.NONE;

  /**
   * Creates a call for a request; {@link #start} begins it.
   *
   * @param web the request, whose account is charged
   * @param headers of the request with :path and :authority, and :scheme if it is not http; become
   *     the call's
   */
  public UpstreamCall(HttpExchange web, Http2Headers headers, CallListener listener) {
    this(web, headers, listener, MESSAGE_BYTES);
  }

  /**
   * As {@link #UpstreamCall(HttpExchange, Http2Headers, CallListener)}.
   *
   * @param maxBytes the longest message of the response
   */
  public UpstreamCall(HttpExchange web, Http2Headers headers, CallListener listener, int maxBytes) {
    this(web.loop(), web.clientIdentity(), web.memory(), headers, listener, maxBytes);
  }

  /**
   * Creates a call of the gateway itself; {@link #start} begins it.
   *
   * @param headers of the request with :path and :authority, and :scheme if it is not http; become
   *     the call's
   * @param maxBytes the longest message of the response
   */
  public UpstreamCall(
      ForwardingLoop loop, Http2Headers headers, CallListener listener, int maxBytes) {
    this(loop, ClientIdentity.UNKNOWN, loop.memory().ownAccount(), headers, listener, maxBytes);
  }

  private UpstreamCall(
      ForwardingLoop loop,
      ClientIdentity clientIdentity,
      MemoryAccount memory,
      Http2Headers headers,
      CallListener listener,
      int maxBytes) {
    this.loop = loop;
    this.clientIdentity = clientIdentity;
    this.memory = memory;
    this.listener = listener;
    this.maxBytes = maxBytes;
    this.assembler = new MessageDeframer(maxBytes, memory);
    headers.method(HeaderNames.POST).set(HeaderNames.TE, HeaderNames.TRAILERS);
    if (headers.scheme() == null) {
      headers.scheme(HeaderNames.HTTP);
    }
    if (!headers.contains(HeaderNames.CONTENT_TYPE)) {
      headers.set(HeaderNames.CONTENT_TYPE, HeaderNames.APPLICATION_GRPC);
    }
    this.call = new RoutedCall(clientSide, headers, false);
  }

  /** Creates the headers of a call without metadata. */
  public static Http2Headers headers(CharSequence path, CharSequence authority) {
    // As clients' headers are: one class of headers and of text keeps what is compiled for them.
    return new ReceivedHeaders(false, false, USUAL_HEADERS)
        .path(AsciiString.of(path))
        .authority(AsciiString.of(authority));
  }

  /** Begins the call on a cluster; a grpc-timeout in the headers counts from now. */
  public void start(Cluster cluster, RouteOptions options) {
    start(cluster, new Route(cluster.name(), cluster.name(), options));
  }

  /** Begins the call on a cluster with a named route. */
  public void start(Cluster cluster, Route route) {
    call.begin(cluster, route);
  }

  /** Sets the endpoints that the call prefers or avoids; before it begins. */
  public void prefer(EndpointPreference value) {
    preference = value;
  }

  /** The record of the call for statistics and logs. */
  public CallRecord trace() {
    return call.trace();
  }

  @Override
  public void send(byte[] bytes, int offset, int length, boolean last) {
    ByteBuf data = loop.allocator().buffer(MessageDeframer.PREFIX_BYTES + length);
    data.writeByte(0).writeInt(length).writeBytes(bytes, offset, length);
    send(data, last);
  }

  @Override
  public void halfClose() {
    send(Unpooled.EMPTY_BUFFER, true);
  }

  @Override
  public boolean isReady() {
    if (unsentBytes < UNSENT_BYTES) {
      return true;
    }
    unready = true;
    return false;
  }

  @Override
  public void request(int messages) {
    loop.assertInLoop();
    wanted += messages;
    deliver();
  }

  @Override
  public void cancel() {
    loop.assertInLoop();
    ended = true;
    dropHeld();
    call.onDownstreamClosed();
  }

  private void send(ByteBuf data, boolean last) {
    if (ended) {
      data.release();
      return;
    }
    int done = call.onRequestData(data, data.readableBytes(), last);
    data.release();
    if (done > 0) {
      clientSide.keep(done);
      clientSide.giveBack(done);
    }
  }

  private void deliver() {
    if (delivering) {
      return;
    }
    delivering = true;
    try {
      while (!ended && wanted > 0 && !awaitsTurn && (inflates || !held.isEmpty())) {
        deliverOne();
      }
    } catch (InvalidGrpcMessageException e) {
      LocalReplyStatus status =
          e.isTooLarge() ? LocalReplyStatus.RESOURCE_EXHAUSTED : LocalReplyStatus.INTERNAL;
      breakOff(status, String.valueOf(e.getMessage()));
    } finally {
      delivering = false;
      if (ended) {
        assembler.release();
      }
    }
    CallEnd known = end;
    if (held.isEmpty() && !inflates && known != null) {
      boolean cut = known.isOk() && assembler.hasPartialMessage();
      finish(
          cut
              ? CallEnd.of(
                  LocalReplyStatus.INTERNAL.code(), "gateway: the response ended within a message")
              : known);
    }
  }

  private void deliverOne() throws InvalidGrpcMessageException {
    if (inflates) {
      inflate();
      return;
    }
    Piece first = held.element();
    boolean whole = assembler.take(first.data);
    if (!first.data.isReadable()) {
      held.remove().done();
    }
    if (whole && assembler.isCompressed()) {
      inflates = true;
    } else if (whole) {
      deliver(assembler.message(), assembler.length());
    }
  }

  /**
   * Inflates a message when it is the call's turn: a few compressed bytes may become megabytes.
   * Upstreams may compress without being asked.
   */
  private void inflate() throws InvalidGrpcMessageException {
    InflateScheduler turns = InflateScheduler.of(loop.eventLoop());
    if (!turns.hasBudget()) {
      awaitsTurn = true;
      turns.await(
          memory,
          () -> {
            awaitsTurn = false;
            deliver();
          });
      return;
    }
    long begun = System.nanoTime();
    int size = maxBytes;
    try {
      byte[] message = GzipInflater.inflate(assembler.message(), 0, assembler.length(), maxBytes);
      size = Math.max(assembler.length(), message.length);
      inflates = false;
      deliver(message, message.length);
    } catch (GzipException e) {
      inflates = false;
      throw new InvalidGrpcMessageException(e.isTooLarge(), "a message: " + e.getMessage());
    } finally {
      turns.charge(size, System.nanoTime() - begun);
    }
  }

  private void deliver(byte[] message, int length) {
    wanted--;
    listener.onMessage(message, 0, length);
    assembler.trim();
  }

  /** Ends the call because of an invalid response. */
  private void breakOff(LocalReplyStatus status, String what) {
    call.fail(CallEndReason.HTTP, status, what);
    finish(CallEnd.of(status.code(), "gateway: " + what));
  }

  private void finish(CallEnd how) {
    if (!ended) {
      ended = true;
      dropHeld();
      listener.onEnd(how);
    }
  }

  private void dropHeld() {
    for (Piece each = held.poll(); each != null; each = held.poll()) {
      each.done();
    }
    if (!delivering) {
      assembler.release();
    }
  }

  /** DATA of the upstream that waits until the listener requests a message. */
  private record Piece(ByteBuf data, UpstreamConnection from, CallStream stream, int bytes) {
    void done() {
      data.release();
      from.giveBack(stream, bytes);
    }
  }

  /** The end of the call that its listener is at. */
  private final class ClientSide implements Downstream {
    @Override
    public ForwardingLoop loop() {
      return loop;
    }

    @Override
    public ClientIdentity clientIdentity() {
      return clientIdentity;
    }

    @Override
    public MemoryAccount memory() {
      return memory;
    }

    @Override
    public EndpointPreference preference() {
      return preference;
    }

    @Override
    public void onAttempt(String address) {
      listener.onAttempt(address);
    }

    @Override
    public void keep(int bytes) {
      unsentBytes += bytes;
      memory.charge(bytes);
    }

    @Override
    public void giveBack(int bytes) {
      unsentBytes -= bytes;
      memory.credit(bytes);
      if (unready && unsentBytes < UNSENT_BYTES && !ended) {
        unready = false;
        listener.onReady();
      }
    }

    @Override
    public WriteListener windowCredit(int bytes) {
      return success -> giveBack(bytes);
    }

    @Override
    public void begin(Http2Headers headers) {
      CharSequence coding = headers.get(HeaderNames.GRPC_ENCODING);
      if (coding != null && AsciiString.contentEqualsIgnoreCase(coding, AcceptEncoding.GZIP)) {
        assembler.mayCompress();
      }
      listener.onHeaders(headers);
    }

    @Override
    public void pass(ByteBuf data, UpstreamConnection from, CallStream stream, int bytes) {
      if (ended || !data.isReadable()) {
        from.giveBack(stream, bytes);
      } else {
        // What may wait for long does not hold the whole buffer of a socket read.
        ByteBuf kept = wanted > 0 ? data.retainedSlice() : data.copy();
        held.add(new Piece(kept, from, stream, bytes));
        deliver();
      }
    }

    @Override
    public void endWith(ByteBuf data, UpstreamConnection from, CallStream stream, int bytes) {
      from.giveBack(stream, bytes);
      endWith(LocalReplyStatus.UNKNOWN, "gateway: the response ended without trailers", true);
    }

    @Override
    public void endWith(Http2Headers trailers) {
      end = CallEnd.of(trailers);
      deliver();
    }

    @Override
    public void endWith(LocalReplyStatus status, String message, boolean began) {
      CallEnd known = CallEnd.of(status.code(), message);
      call.withChallenge(known.trailers());
      finish(known);
    }

    @Override
    public void onGivenUp(boolean attempted) {
      listener.onGivenUp(attempted);
    }

    @Override
    public void endRefused() {
      endWith(LocalReplyStatus.UNAVAILABLE, "gateway: the upstream refused the call", false);
    }
  }
}
