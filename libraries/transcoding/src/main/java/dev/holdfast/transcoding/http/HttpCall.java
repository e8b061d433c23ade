package dev.holdfast.transcoding.http;

import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import dev.holdfast.transcoding.json.CodecBuffer;
import dev.holdfast.transcoding.json.CodecException;
import dev.holdfast.transcoding.json.JsonCodec;
import dev.holdfast.transcoding.schema.RpcMethod;
import dev.holdfast.transcoding.status.RequestRefusedException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * A request with its resolved method. Translates bodies to protobuf messages and response messages
 * to bodies. The caller owns and may reuse the buffers. Used by one thread at a time.
 */
public final class HttpCall {
  private final HttpBinding binding;
  private final HttpRequestHead head;
  private final JsonCodec codec;
  private final RequestWriter first;
  private final RequestWriter later;
  private final boolean lenient;
  private boolean begun;

  HttpCall(
      HttpBinding binding,
      HttpRequestHead head,
      JsonCodec codec,
      RequestWriter first,
      RequestWriter later,
      boolean lenient) {
    this.binding = binding;
    this.head = head;
    this.codec = codec;
    this.first = first;
    this.later = later;
    this.lenient = lenient;
  }

  /** The gRPC method; its {@code path()} is the {@code :path} of the call. */
  public RpcMethod method() {
    return binding.method();
  }

  /** The codec of the method's types. */
  public JsonCodec codec() {
    return codec;
  }

  /** The binding that matched the request. */
  public HttpBinding binding() {
    return binding;
  }

  /**
   * Appends the protobuf message of a body, or of one element of a streamed body. Fields from path
   * and query are in the first message only.
   *
   * @throws RequestRefusedException 400 when the body does not fit the type, 413 when it is too
   *     large
   */
  public void request(byte[] body, int offset, int length, CodecBuffer out) {
    int most = codec.options().maxInputBytes();
    if (length > most) {
      throw RequestRefusedException.tooLarge(
          "body: %d bytes (expected: <= %d)".formatted(length, most));
    }
    RequestWriter writer = begun ? later : first;
    begun = true;
    try {
      writer.write(body, offset, length, out);
    } catch (CodecException e) {
      throw RequestRefusedException.tooLarge("body: " + e.getMessage());
    } catch (IOException e) {
      throw new UncheckedIOException("writing into memory (expected: no failure)", e);
    }
  }

  /** The decoder of a streamed request body, by its content type. Call at most once. */
  public StreamedRequestDecoder requestDecoder() {
    Descriptor type = bodyType();
    if (type != null && HttpBodyCodec.is(type)) {
      return new StreamedRequestDecoder(this, null);
    }
    int most = codec.options().maxInputBytes();
    return new StreamedRequestDecoder(this, splitter(most));
  }

  private JsonSplitter splitter(int most) {
    if (MediaType.isNdjson(head.contentType())) {
      return JsonSplitter.lines(most);
    }
    return lenient
        ? JsonSplitter.arrayOrValues(most, JsonCodec.MAX_DEPTH)
        : JsonSplitter.array(most, JsonCodec.MAX_DEPTH);
  }

  private @Nullable Descriptor bodyType() {
    FieldDescriptor field = binding.bodyField();
    if (field == null) {
      return binding.method().input();
    }
    return isMessage(field) ? field.getMessageType() : null;
  }

  /** The framing of a streamed response, by the client's accept header. */
  public StreamFraming responseStream() {
    if (isRaw()) {
      return StreamFraming.raw();
    }
    if (MediaType.accepts(head.accept(), MediaType.SSE)) {
      return StreamFraming.serverSentEvents();
    }
    boolean array =
        MediaType.accepts(head.accept(), MediaType.JSON)
            && !MediaType.accepts(head.accept(), MediaType.NDJSON);
    return array ? StreamFraming.jsonArray() : StreamFraming.lines();
  }

  /**
   * Appends the body of a response message, as JSON or as the bytes of an HttpBody.
   *
   * @return the content type: that of the HttpBody, else application/json
   * @throws UnreadableResponseException when the message does not parse as its type, or holds an
   *     Any of unknown type; {@code out} is unchanged then
   */
  public String response(byte[] message, int offset, int length, CodecBuffer out)
      throws UnreadableResponseException {
    try {
      return render(message, offset, length, out);
    } catch (CodecException e) {
      throw new UnreadableResponseException(method().fullName(), e.getMessage());
    } catch (IOException e) {
      throw new UnreadableResponseException(
          method().fullName(), e.getMessage() + " (expected: protobuf)");
    }
  }

  private String render(byte[] message, int offset, int length, CodecBuffer out)
      throws IOException, CodecException {
    FieldDescriptor field = binding.responseField();
    Descriptor type = binding.method().output();
    if (field == null) {
      return body(type, message, offset, length, out);
    }
    if (!isMessage(field)) {
      return value(field, message, offset, length, out);
    }
    byte[] inner = ProtoFieldScanner.content(message, offset, offset + length, field.getNumber());
    if (inner != null) {
      return body(field.getMessageType(), inner, 0, inner.length, out);
    }
    append(isRaw() ? "" : "null", out);
    return isRaw() ? HttpBodyCodec.DEFAULT_CONTENT_TYPE : MediaType.JSON;
  }

  private boolean isRaw() {
    FieldDescriptor field = binding.responseField();
    if (field == null) {
      return HttpBodyCodec.is(binding.method().output());
    }
    return isMessage(field) && HttpBodyCodec.is(field.getMessageType());
  }

  private String body(Descriptor type, byte[] message, int offset, int length, CodecBuffer out)
      throws IOException, CodecException {
    if (HttpBodyCodec.is(type)) {
      return HttpBodyCodec.decode(message, offset, length, out);
    }
    codec.type(type).toJson(message, offset, length, out);
    return MediaType.JSON;
  }

  /**
   * Appends the JSON of a field that is not a message. The field is written within its message,
   * then cut out.
   */
  private String value(
      FieldDescriptor field, byte[] message, int offset, int length, CodecBuffer out)
      throws IOException, CodecException {
    byte[] only = ProtoFieldScanner.only(message, offset, offset + length, field.getNumber());
    CodecBuffer whole = new CodecBuffer();
    codec.type(binding.method().output()).toJson(only, 0, only.length, whole);
    String name = codec.options().protoNames() ? field.getName() : field.getJsonName();
    int[] range = JsonSpans.member(whole.array(), 0, whole.size(), name);
    if (range == null) {
      append(DefaultJson.of(field, codec.options().enumsAsNumbers()), out);
    } else {
      out.append(whole.array(), range[0], range[1] - range[0]);
    }
    return MediaType.JSON;
  }

  private static void append(String text, CodecBuffer out) throws CodecException {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    out.append(bytes, 0, bytes.length);
  }

  private static boolean isMessage(FieldDescriptor field) {
    return field.getJavaType() == FieldDescriptor.JavaType.MESSAGE && !field.isRepeated();
  }
}
