package dev.holdfast.gateway.resume;

import com.google.protobuf.Any;
import com.google.rpc.ErrorInfo;
import com.google.rpc.Status;
import dev.holdfast.gateway.headers.CallEnd;
import dev.holdfast.transcoding.status.GrpcStatusCode;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import java.util.Base64;
import java.util.Locale;
import java.util.Map;

/**
 * The reasons for which a reader does not get the rest of a stream. Each is a status with a
 * google.rpc.ErrorInfo of domain {@code holdfast}; ABORTED is 409 in HTTP.
 */
enum ResumeRefusal {
  /**
   * No stream with this id is kept for this client. A stream of another principal has the same
   * refusal, so that nobody learns that it exists.
   */
  UNKNOWN(GrpcStatusCode.ABORTED),
  /** Messages behind the reader's position are no longer kept. */
  TOO_LATE(GrpcStatusCode.ABORTED),
  /** Another reader took the stream over. */
  SUPERSEDED(GrpcStatusCode.ABORTED),
  /** No reader was sent as many messages as this one claims to have. */
  BEYOND(GrpcStatusCode.INVALID_ARGUMENT),
  /** The request is not the one that began the stream. */
  OTHER_REQUEST(GrpcStatusCode.INVALID_ARGUMENT);

  private final GrpcStatusCode status;

  ResumeRefusal(GrpcStatusCode status) {
    this.status = status;
  }

  static CallEnd unknown() {
    return UNKNOWN.end(
        "the stream is not known: its time has passed, the gateway was restarted, or another"
            + " client began it (expected: a new request without an id)",
        Map.of());
  }

  static CallEnd tooLate(long asked, long firstKept) {
    return TOO_LATE.end(
        "messages "
            + (asked + 1)
            + " to "
            + (firstKept - 1)
            + " are no longer kept (expected: a new request without an id, or one after "
            + (firstKept - 1)
            + ")",
        Map.of("asked", Long.toString(asked), "firstKept", Long.toString(firstKept)));
  }

  static CallEnd superseded() {
    return SUPERSEDED.end(
        "another reader took the stream over (expected: one reader of a stream)", Map.of());
  }

  static CallEnd beyond(long asked, long sent) {
    return BEYOND.end(
        "after message " + asked + " (expected: at most " + sent + ", as no more was sent)",
        Map.of("asked", Long.toString(asked), "sent", Long.toString(sent)));
  }

  static CallEnd otherRequest(String what) {
    return OTHER_REQUEST.end(what, Map.of());
  }

  /** The value of the meter's tag. */
  String tag() {
    return name().toLowerCase(Locale.ROOT);
  }

  private CallEnd end(String what, Map<String, String> metadata) {
    String message = "gateway: resume: " + what;
    ErrorInfo info =
        ErrorInfo.newBuilder()
            .setReason("RESUME_" + name())
            .setDomain("holdfast")
            .putAllMetadata(metadata)
            .build();
    byte[] details =
        Status.newBuilder()
            .setCode(status.number())
            .setMessage(message)
            .addDetails(Any.pack(info))
            .build()
            .toByteArray();
    return new CallEnd(
        status,
        message,
        new DefaultHttp2Headers(false)
            .set("grpc-status-details-bin", Base64.getEncoder().encodeToString(details)));
  }
}
