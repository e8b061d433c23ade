package dev.holdfast.duplex.conformance.reference;

import dev.holdfast.duplex.conformance.peer.PeerMethods;
import dev.holdfast.duplex.conformance.wire.WireFrame;
import dev.holdfast.duplex.conformance.wire.WireRefusal;
import dev.holdfast.duplex.conformance.wire.WireWelcome;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.Status;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** A physical call of a reference server. Used under the server's lock. */
final class ReferenceAttachment {
  private static final long LATE_MILLIS = 500;

  final long tag;
  private final ServerCall<byte[], byte[]> call;
  private final boolean namesRefusals;
  private @Nullable WireWelcome heldWelcome;
  private boolean closed;

  /** Headers that came on this call. */
  long headers;

  /** The position of the last message that came on this call. */
  long position;

  /** Whether its hello had a token. */
  boolean comesBack;

  /** Whether a message was written on this call. */
  boolean wrote;

  private long welcomedNanos;
  private long halfClosedNanos;
  private boolean halfClosed;

  ReferenceAttachment(ServerCall<byte[], byte[]> call, long tag, boolean namesRefusals) {
    this.call = call;
    this.tag = tag;
    this.namesRefusals = namesRefusals;
  }

  void welcome(WireWelcome welcome, boolean later) {
    heldWelcome = welcome;
    welcomedNanos = System.nanoTime();
    if (!later) {
      sendHeaders();
    }
  }

  private void sendHeaders() {
    WireWelcome welcome = heldWelcome;
    if (welcome != null) {
      heldWelcome = null;
      Metadata headers = new Metadata();
      headers.put(PeerMethods.HANDSHAKE, welcome.encode());
      call.sendHeaders(headers);
    }
  }

  void onHalfClosed() {
    halfClosed = true;
    halfClosedNanos = System.nanoTime();
  }

  /** Whether its client can say nothing more, and has not shown the welcome. */
  boolean isUnheard() {
    return halfClosed && headers < 2;
  }

  /** Whether the request side ended after the client had waited for the welcome. */
  boolean isHalfClosedLate() {
    return halfClosed
        && halfClosedNanos - welcomedNanos >= TimeUnit.MILLISECONDS.toNanos(LATE_MILLIS);
  }

  void send(WireFrame frame) {
    if (!closed) {
      wrote |= frame.seq() != 0;
      sendHeaders();
      call.sendMessage(frame.encode());
    }
  }

  void refuse(WireRefusal refusal) {
    Metadata trailers = new Metadata();
    if (namesRefusals) {
      trailers.put(PeerMethods.HANDSHAKE, refusal.encode());
    }
    long code = refusal.code();
    Status status = Status.FAILED_PRECONDITION;
    if (code == WireRefusal.FENCED) {
      status = Status.ABORTED;
    } else if (code == WireRefusal.MOVED || code == WireRefusal.BUSY) {
      status = Status.UNAVAILABLE;
    } else if (code == WireRefusal.DENIED) {
      status = Status.PERMISSION_DENIED;
    }
    close(status, trailers);
  }

  void close(Status status) {
    close(status, new Metadata());
  }

  private void close(Status status, Metadata trailers) {
    if (!closed) {
      closed = true;
      call.close(status, trailers);
    }
  }
}
