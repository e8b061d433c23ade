package dev.holdfast.transcoding.http.connect;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.rpc.Status;
import dev.holdfast.transcoding.http.EnvelopeReader;
import dev.holdfast.transcoding.http.JsonStrings;
import dev.holdfast.transcoding.status.GrpcStatusCode;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
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
    List<String> members = new ArrayList<>();
    if (error != null) {
      members.add("\"error\":" + new String(error, StandardCharsets.UTF_8));
    }
    Map<String, List<String>> metadata = new LinkedHashMap<>();
    for (Map.Entry<String, String> trailer : trailers) {
      metadata
          .computeIfAbsent(trailer.getKey().toLowerCase(Locale.ROOT), name -> new ArrayList<>())
          .add(JsonStrings.quote(trailer.getValue()));
    }
    if (!metadata.isEmpty()) {
      members.add(
          metadata.entrySet().stream()
              .map(entry -> JsonStrings.quote(entry.getKey()) + ":[" + join(entry.getValue()) + "]")
              .collect(Collectors.joining(",", "\"metadata\":{", "}")));
    }
    byte[] json = ("{" + join(members) + "}").getBytes(StandardCharsets.UTF_8);
    return EnvelopeReader.envelope(END_STREAM_FLAG, json, 0, json.length);
  }

  private static String join(List<String> parts) {
    return String.join(",", parts);
  }

  private static String error(
      GrpcStatusCode code, String message, byte @Nullable [] statusDetails) {
    StringBuilder json =
        new StringBuilder("{\"code\":").append(JsonStrings.quote(code.connectName()));
    if (!message.isEmpty()) {
      json.append(",\"message\":").append(JsonStrings.quote(message));
    }
    List<String> details = new ArrayList<>();
    for (Any detail : details(statusDetails)) {
      String type = detail.getTypeUrl();
      details.add(
          "{\"type\":%s,\"value\":\"%s\"}"
              .formatted(
                  JsonStrings.quote(type.substring(type.lastIndexOf('/') + 1)),
                  UNPADDED.encodeToString(detail.getValue().toByteArray())));
    }
    if (!details.isEmpty()) {
      json.append(",\"details\":[").append(join(details)).append(']');
    }
    return json.append('}').toString();
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
