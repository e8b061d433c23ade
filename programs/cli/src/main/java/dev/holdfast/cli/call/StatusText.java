package dev.holdfast.cli.call;

import dev.holdfast.cli.CallFailureText;
import dev.holdfast.core.JsonTextWriter;
import dev.holdfast.transcoding.http.ErrorBody;
import dev.holdfast.transcoding.json.JsonCodec;
import dev.holdfast.transcoding.status.GrpcStatusCode;
import io.grpc.Metadata;
import io.grpc.Status;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** The text and JSON formats of a call's status. */
final class StatusText {
  private static final Metadata.Key<byte[]> DETAILS =
      Metadata.Key.of("grpc-status-details-bin", Metadata.BINARY_BYTE_MARSHALLER);

  private StatusText() {}

  /** Code, message and, where it never left this program, the cause. */
  static String line(Status status) {
    return CallFailureText.of(status);
  }

  /** The line, and google.rpc.Status with its details below if there are some. */
  static List<String> lines(Status status, Metadata trailers, JsonCodec codec) {
    List<String> lines = new ArrayList<>();
    lines.add(line(status));
    if (trailers.containsKey(DETAILS)) {
      lines.add("  " + body(status, trailers, codec));
    }
    return lines;
  }

  /** {@code {"error":{"code":5,"message":"..","details":[..]}}}, as the gateway ends streams. */
  static String json(Status status, Metadata trailers, JsonCodec codec) {
    return new JsonTextWriter()
        .object()
        .withJson("error", body(status, trailers, codec))
        .endObject()
        .toString();
  }

  private static String body(Status status, Metadata trailers, JsonCodec codec) {
    String message = status.getDescription() == null ? "" : status.getDescription();
    return new String(
        ErrorBody.json(
            GrpcStatusCode.of(status.getCode().value()), message, trailers.get(DETAILS), codec),
        StandardCharsets.UTF_8);
  }
}
