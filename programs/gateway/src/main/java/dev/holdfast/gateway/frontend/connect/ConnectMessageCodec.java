package dev.holdfast.gateway.frontend.connect;

import com.google.protobuf.Descriptors.Descriptor;
import dev.holdfast.gateway.frontend.codec.FrontendCodec;
import dev.holdfast.transcoding.http.UnreadableResponseException;
import dev.holdfast.transcoding.http.connect.ConnectRequest.Encoding;
import dev.holdfast.transcoding.json.CodecBuffer;
import dev.holdfast.transcoding.json.CodecException;
import dev.holdfast.transcoding.json.JsonCodec;
import dev.holdfast.transcoding.schema.RpcMethod;
import dev.holdfast.transcoding.status.RequestRefusedException;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** The codec of messages in one Connect call: binary, or JSON by the method's schema. */
public final class ConnectMessageCodec {
  private final Encoding encoding;
  private final String path;
  private final @Nullable RpcMethod method;
  private final @Nullable JsonCodec codec;
  private final CodecBuffer buffer = new CodecBuffer();

  private ConnectMessageCodec(
      Encoding encoding, String path, @Nullable RpcMethod method, @Nullable JsonCodec codec) {
    this.encoding = encoding;
    this.path = path;
    this.method = method;
    this.codec = codec;
  }

  /** The codec of binary messages, which pass unchanged and need no schema. */
  public static ConnectMessageCodec binary(String path) {
    return new ConnectMessageCodec(Encoding.PROTO, path, null, null);
  }

  /** The codec of JSON messages of a method. */
  public static ConnectMessageCodec json(RpcMethod method, JsonCodec codec) {
    return new ConnectMessageCodec(Encoding.JSON, method.path(), method, codec);
  }

  String path() {
    return path;
  }

  Encoding encoding() {
    return encoding;
  }

  void read(
      byte[] bytes, int offset, int length, FrontendCodec.RequestMessageSink requestMessageSink) {
    if (codec == null || method == null) {
      requestMessageSink.message(bytes, offset, length);
      return;
    }
    Descriptor type = method.input();
    try {
      codec.type(type).toProto(bytes, offset, length, buffer.reset());
    } catch (CodecException e) {
      throw RequestRefusedException.badRequest("body: " + e.getMessage());
    }
    requestMessageSink.message(buffer.array(), 0, buffer.size());
  }

  byte[] write(byte[] bytes, int offset, int length) throws UnreadableResponseException {
    if (codec == null || method == null) {
      return Arrays.copyOfRange(bytes, offset, offset + length);
    }
    try {
      codec.type(method.output()).toJson(bytes, offset, length, buffer.reset());
    } catch (CodecException e) {
      throw new UnreadableResponseException(path, e.getMessage());
    }
    return buffer.toByteArray();
  }
}
