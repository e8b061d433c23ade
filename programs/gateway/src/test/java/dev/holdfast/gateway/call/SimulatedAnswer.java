package dev.holdfast.gateway.call;

import dev.holdfast.gateway.headers.ResponseHeaders.ResponseFacts;
import dev.holdfast.gateway.route.RetryPolicy;
import dev.holdfast.transcoding.status.GrpcStatusCode;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Response headers or trailers of a simulated upstream.
 *
 * @param status the grpc-status; null for none
 * @param pushback the grpc-retry-pushback-ms; null for none
 */
record SimulatedAnswer(ResponseFacts facts, @Nullable String status, @Nullable String pushback) {
  private static final GrpcStatusCode[] STATUSES = {
    GrpcStatusCode.OK,
    GrpcStatusCode.UNAVAILABLE,
    GrpcStatusCode.UNAVAILABLE,
    GrpcStatusCode.RESOURCE_EXHAUSTED,
    GrpcStatusCode.INTERNAL
  };
  private static final String[] PUSHBACKS = {"0", "20", "400", "70000", "-1", "soon"};
  private static final int LONGEST_PUSHBACK_MILLIS = 60_000;

  /** The headers of a response that goes on. */
  static SimulatedAnswer head() {
    return new SimulatedAnswer(
        new ResponseFacts(false, false, false, "", false, GrpcStatusCode.OK), null, null);
  }

  static SimulatedAnswer informational() {
    return new SimulatedAnswer(
        new ResponseFacts(false, true, true, "", false, GrpcStatusCode.UNKNOWN), null, null);
  }

  static SimulatedAnswer malformed() {
    return new SimulatedAnswer(
        new ResponseFacts(true, false, true, "", false, GrpcStatusCode.UNKNOWN), null, null);
  }

  /** The response of a server that does not speak gRPC. */
  static SimulatedAnswer page() {
    return new SimulatedAnswer(
        new ResponseFacts(false, false, true, "answered HTTP 503", false, GrpcStatusCode.UNKNOWN),
        null,
        null);
  }

  /** Trailers without a status. */
  static SimulatedAnswer bareTrailers() {
    return head();
  }

  /** Trailers with a status, and now and then with a pushback. */
  static SimulatedAnswer trailers(RandomGenerator random) {
    GrpcStatusCode status = STATUSES[random.nextInt(STATUSES.length)];
    String pushback = random.nextInt(3) == 0 ? PUSHBACKS[random.nextInt(PUSHBACKS.length)] : null;
    return new SimulatedAnswer(
        new ResponseFacts(false, false, false, "", true, status),
        Integer.toString(status.number()),
        pushback);
  }

  /** Whether a trailers-only response may be followed by another attempt (gRFC A6). */
  boolean mayBeRepeated(RetryPolicy policy) {
    if (status == null || facts.status() == GrpcStatusCode.OK || !policy.retriesOnStatus()) {
      return false;
    }
    if (pushback == null) {
      return policy.statuses().contains(facts.status());
    }
    return pushback.matches("[0-9]+") && Integer.parseInt(pushback) <= LONGEST_PUSHBACK_MILLIS;
  }
}
