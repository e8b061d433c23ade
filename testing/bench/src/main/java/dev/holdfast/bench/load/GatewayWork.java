package dev.holdfast.bench.load;

import com.google.protobuf.ByteString;
import com.google.protobuf.Message;
import dev.holdfast.bench.v1.EchoReply;
import dev.holdfast.bench.v1.EchoRequest;
import java.nio.ByteBuffer;

/** The work that every proxy is given: unary echo calls. */
public enum GatewayWork {
  /** Small messages, few connections with many calls on each. */
  SMALL("64b", 64, 4, 50),
  /** As many calls, messages of a usual size. */
  KILOBYTE("1kb", 1_024, 4, 50),
  /** Small messages, many connections with one call on each. */
  CONNECTIONS("100conn", 64, 100, 1);

  /** The path of all calls. */
  public static final String PATH = "/holdfast.bench.v1.Echo/Call";

  private static final int FRAME_PREFIX_BYTES = 5;

  private final String key;
  private final int payloadBytes;
  private final int connections;
  private final int streams;

  GatewayWork(String key, int payloadBytes, int connections, int streams) {
    this.key = key;
    this.payloadBytes = payloadBytes;
    this.connections = connections;
    this.streams = streams;
  }

  /** The name of the work in figures. */
  public String key() {
    return key;
  }

  public int connections() {
    return connections;
  }

  /** Calls under way on each connection. */
  int streams() {
    return streams;
  }

  public EchoRequest request() {
    return EchoRequest.newBuilder().setPayload(payload()).build();
  }

  /** The request as gRPC sends it: a flag, four bytes of length, the message. */
  byte[] requestBody() {
    return framed(request());
  }

  /** The number of DATA bytes in every correct answer, so that an error can't pass for one. */
  int responseBodyBytes() {
    return framed(EchoReply.newBuilder().setPayload(payload()).build()).length;
  }

  private ByteString payload() {
    byte[] bytes = new byte[payloadBytes];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = (byte) (i + 1);
    }
    return ByteString.copyFrom(bytes);
  }

  private static byte[] framed(Message message) {
    byte[] bytes = message.toByteArray();
    return ByteBuffer.allocate(FRAME_PREFIX_BYTES + bytes.length)
        .put((byte) 0)
        .putInt(bytes.length)
        .put(bytes)
        .array();
  }
}
