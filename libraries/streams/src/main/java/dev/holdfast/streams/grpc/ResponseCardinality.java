package dev.holdfast.streams.grpc;

import io.grpc.MethodDescriptor;
import io.grpc.Status;

/**
 * The check that a handler sends one response, where its method has one. grpc-java's own call
 * checks this by the method's type, and below the handler each method is bidirectional.
 *
 * <p>Used by the handler's thread, as its call is.
 */
final class ResponseCardinality {
  /** The end of a call whose handler sends a second response; as of grpc-java. */
  static final Status TOO_MANY_RESPONSES = Status.INTERNAL.withDescription("Too many responses");

  /** The end of a call whose client sends a second request; as of grpc-java. */
  static final Status TOO_MANY_REQUESTS = Status.INTERNAL.withDescription("Too many requests");

  private static final Status MISSING_RESPONSE =
      Status.INTERNAL.withDescription("Completed without a response");

  private final boolean one;
  private boolean sent;

  ResponseCardinality(MethodDescriptor<?, ?> method) {
    one = method.getType().serverSendsOneMessage();
  }

  /** Counts a response; returns whether it may be sent. */
  boolean admitsResponse() {
    boolean admitted = !(one && sent);
    sent = true;
    return admitted;
  }

  /** The status of a call that its handler ends with another one. */
  Status statusOf(Status said) {
    return one && !sent && said.isOk() ? MISSING_RESPONSE : said;
  }
}
