package dev.holdfast.transcoding.http.connect;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.rpc.Status;
import dev.holdfast.core.JsonTextWriter;
import dev.holdfast.transcoding.http.EnvelopeReader;
import dev.holdfast.transcoding.status.GrpcStatusCode;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Connect's errors, and the ends of its streams. */
public final class ConnectErrors {
  /** The flag of a stream's last envelope. */
  public static final int END_STREAM_FLAG = 0x02;

  /** The flag of an envelope whose message is compressed. */
  public static final int COMPRESSED_FLAG = 0x01;

  private static final Base64.Encoder UNPADDED = Base64.getEncoder().withoutPadding();

  private ConnectErrors() {}

  /**
   * The body of a failed unary response: {@code {"code":"not_found","message":"..","details":[
   * {"type":"google.rpc.ErrorInfo","value":"base64"}]}}. Its HTTP status is {@link
   * GrpcStatusCode#httpStatus}, its content type application/json.
   *
   * @param statusDetails the content of {@code grpc-status-details-bin}, decoded; null for none
   */
  public static byte[] json(GrpcStatusCode code, String message, byte @Nullable [] statusDetails) {
    return error(code, message, statusDetails).getBytes(StandardCharsets.UTF_8);
  }

  /**
   * The last envelope of a stream.
   *
   * @param error as {@link #json}; null when all went well
   * @param trailers metadata, without the status of gRPC
   */
  public static byte[] endStream(
      byte @Nullable [] error, Iterable<? extends Map.Entry<String, String>> trailers) {
    JsonTextWriter text = new JsonTextWriter().object();
    if (error != null) {
      text.withJson("error", new String(error, StandardCharsets.UTF_8));
    }
    Map<String, List<String>> metadata = new LinkedHashMap<>();
    for (Map.Entry<String, String> trailer : trailers) {
      metadata
          .computeIfAbsent(trailer.getKey().toLowerCase(Locale.ROOT), name -> new ArrayList<>())
          .add(trailer.getValue());
    }
    if (!metadata.isEmpty()) {
      text.withValue("metadata", metadata);
    }
    byte[] json = text.endObject().toByteArray();
    return EnvelopeReader.envelope(END_STREAM_FLAG, json, 0, json.length);
  }

  private static String error(
      GrpcStatusCode code, String message, byte @Nullable [] statusDetails) {
    JsonTextWriter json =
        new JsonTextWriter().object().with("code", code.connectName()).withAny("message", message);
    List<Any> details = details(statusDetails);
    if (!details.isEmpty()) {
      json.array("details");
      for (Any detail : details) {
        String type = detail.getTypeUrl();
        json.object()
            .with("type", type.substring(type.lastIndexOf('/') + 1))
            .with("value", UNPADDED.encodeToString(detail.getValue().toByteArray()))
            .endObject();
      }
      json.endArray();
    }
    return json.endObject().toString();
  }

  private static List<Any> details(byte @Nullable [] statusDetails) {
    if (statusDetails == null) {
      return List.of();
    }
    try {
      return Status.parseFrom(statusDetails).getDetailsList();
    } catch (InvalidProtocolBufferException e) {
      // Details that can't be read are none; code and message, which matter, come from elsewhere.
      return List.of();
    }
  }
}
