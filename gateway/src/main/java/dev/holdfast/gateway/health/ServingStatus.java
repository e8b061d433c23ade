package dev.holdfast.gateway.health;

import com.google.protobuf.CodedInputStream;
import com.google.protobuf.CodedOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;

/** What a server says of its health, and how that is written (grpc.health.v1). */
enum ServingStatus {
  UNKNOWN,
  SERVING,
  NOT_SERVING,
  SERVICE_UNKNOWN;

  // HealthCheckRequest.service and HealthCheckResponse.status.
  private static final int FIELD = 1;
  private static final int STATUS_TAG = FIELD << 3; // A varint.

  /** The question for one service, a HealthCheckRequest. */
  static byte[] question(String service) {
    byte[] name = service.getBytes(StandardCharsets.UTF_8);
    if (name.length == 0) {
      return name;
    }
    byte[] message = new byte[CodedOutputStream.computeByteArraySize(FIELD, name)];
    CodedOutputStream out = CodedOutputStream.newInstance(message);
    try {
      out.writeByteArray(FIELD, name);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return message;
  }

  /**
   * The answer, a HealthCheckResponse.
   *
   * @throws IOException when it is none
   */
  static ServingStatus of(byte[] bytes, int offset, int length) throws IOException {
    CodedInputStream in = CodedInputStream.newInstance(bytes, offset, length);
    int status = 0;
    for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
      if (tag == STATUS_TAG) {
        status = in.readEnum();
      } else {
        var unused = in.skipField(tag);
      }
    }
    // A status of a later version is at least not SERVING.
    return status >= 0 && status < values().length ? values()[status] : UNKNOWN;
  }
}
