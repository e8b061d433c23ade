package dev.holdfast.transcoding.http;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.rpc.Status;
import dev.holdfast.core.JsonTextWriter;
import dev.holdfast.transcoding.json.CodecBuffer;
import dev.holdfast.transcoding.json.CodecException;
import dev.holdfast.transcoding.json.JsonCodec;
import dev.holdfast.transcoding.json.MessageType;
import dev.holdfast.transcoding.status.GrpcStatusCode;
import dev.holdfast.transcoding.status.RequestRefusedException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Formatter of failures as a google.rpc.Status in JSON: {@code
 * {"code":5,"message":"..","details":[..]}}. Details whose type is not in the schema are left out
 * and named in a google.rpc.DebugInfo at the end.
 */
public final class ErrorBody {
  private ErrorBody() {}

  /**
   * The body of a failed call.
   *
   * @param message decoded
   * @param statusDetails the content of {@code grpc-status-details-bin}, decoded from base64; null
   *     for none. Its details are taken, its code and message are not.
   */
  public static byte[] json(
      GrpcStatusCode code, String message, byte @Nullable [] statusDetails, JsonCodec codec) {
    JsonTextWriter json =
        new JsonTextWriter().object().with("code", code.number()).with("message", message);
    List<String> details = details(statusDetails, codec);
    if (!details.isEmpty()) {
      json.array("details");
      details.forEach(json::json);
      json.endArray();
    }
    return json.endObject().toByteArray();
  }

  /** The body of a request that was refused. */
  public static byte[] json(RequestRefusedException refused) {
    return new JsonTextWriter()
        .object()
        .with("code", refused.code().number())
        .with("message", refused.getMessage())
        .endObject()
        .toByteArray();
  }

  private static List<String> details(byte @Nullable [] statusDetails, JsonCodec codec) {
    List<String> details = new ArrayList<>();
    if (statusDetails == null || statusDetails.length == 0) {
      return details;
    }
    Status status;
    try {
      status = Status.parseFrom(statusDetails);
    } catch (InvalidProtocolBufferException e) {
      details.add(note("grpc-status-details-bin is no google.rpc.Status"));
      return details;
    }
    MessageType any = codec.type(Any.getDescriptor());
    List<String> omitted = new ArrayList<>();
    for (Any detail : status.getDetailsList()) {
      byte[] proto = detail.toByteArray();
      CodecBuffer json = new CodecBuffer();
      try {
        any.toJson(proto, 0, proto.length, json);
        details.add(new String(json.array(), 0, json.size(), StandardCharsets.UTF_8));
      } catch (CodecException e) {
        omitted.add(detail.getTypeUrl());
      }
    }
    if (!omitted.isEmpty()) {
      details.add(note("details left out, not in the schema: " + String.join(", ", omitted)));
    }
    return details;
  }

  private static String note(String text) {
    return new JsonTextWriter()
        .object()
        .with("@type", "type.googleapis.com/google.rpc.DebugInfo")
        .with("detail", text)
        .endObject()
        .toString();
  }
}
