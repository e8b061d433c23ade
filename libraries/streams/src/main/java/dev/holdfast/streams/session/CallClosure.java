package dev.holdfast.streams.session;

import dev.holdfast.streams.Payload;
import dev.holdfast.streams.SessionEnd;

/**
 * The end of an attachment's physical call, as its shell reports it.
 *
 * @param kind the scope of the end
 * @param status the gRPC status code that the call ended with
 * @param trailers the trailers of the call, for {@link SessionEnd.SessionEndKind#PLAIN}
 */
public record CallClosure(ClosureScope kind, int status, Payload trailers) {
  static final int OK = 0;
  static final int PERMISSION_DENIED = 7;
  static final int RESOURCE_EXHAUSTED = 8;
  static final int UNIMPLEMENTED = 12;
  static final int UNAVAILABLE = 14;
  static final int UNAUTHENTICATED = 16;

  /** The scope of an end: connection, stream or call. */
  public enum ClosureScope {
    /**
     * The connection below, with all its streams, or there was none: says nothing of this stream.
     */
    CONNECTION,
    /** The connection is gone, and certainly no server got anything of the call. */
    UNREACHED,
    /** The stream alone ended, by a reset without a status. */
    STREAM,
    /** The stream ended with a status of the peer or of a hop. */
    STATUS
  }

  /** An end with a broken connection. */
  public static CallClosure connection() {
    return new CallClosure(ClosureScope.CONNECTION, UNAVAILABLE, Payload.EMPTY);
  }

  /** An end of a call that reached no server. */
  public static CallClosure unreached() {
    return new CallClosure(ClosureScope.UNREACHED, UNAVAILABLE, Payload.EMPTY);
  }

  /** An end by a reset of the stream. */
  public static CallClosure stream(int status) {
    return new CallClosure(ClosureScope.STREAM, status, Payload.EMPTY);
  }

  /** The stream ended with a status. */
  public static CallClosure status(int status, Payload trailers) {
    return new CallClosure(ClosureScope.STATUS, status, trailers);
  }

  /** Whether the peer ended the call, and not because there is to be another one. */
  boolean isOfPeer() {
    return kind == ClosureScope.STATUS && status != UNAVAILABLE;
  }

  /** Whether it says nothing of this stream. */
  boolean isConnection() {
    return kind == ClosureScope.CONNECTION || kind == ClosureScope.UNREACHED;
  }

  /**
   * Whether the next attempt may well be let in: load shedders answer RESOURCE_EXHAUSTED in a
   * storm, and who checks credentials answers UNAUTHENTICATED or PERMISSION_DENIED while it can't.
   */
  public boolean isTransient() {
    return kind == ClosureScope.STATUS
        && (status == RESOURCE_EXHAUSTED
            || status == UNAUTHENTICATED
            || status == PERMISSION_DENIED);
  }

  /** Whether another attempt would end the same way. */
  boolean isPermanent() {
    return kind == ClosureScope.STATUS
        && (status == RESOURCE_EXHAUSTED
            || status == UNIMPLEMENTED
            || status == UNAUTHENTICATED
            || status == PERMISSION_DENIED);
  }
}
