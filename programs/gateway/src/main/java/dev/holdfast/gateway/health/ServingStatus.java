package dev.holdfast.gateway.health;

import com.google.protobuf.CodedInputStream;
import com.google.protobuf.CodedOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;

/** The serving status of a server, and the codec of its messages (grpc.health.v1). */
enum ServingStatus {
  UNKNOWN,
  SERVING,
  NOT_SERVING,
  SERVICE_UNKNOWN;

  // HealthCheckRequest.service and HealthCheckResponse.status.
  private static final int FIELD = 1;
  private static final int STATUS_TAG = FIELD << 3; // A varint.

  /**
   * Encodes a HealthCheckRequest for a service.
   *
   * @param service "" for the whole server, which encodes to no bytes
   */
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
   * Decodes a HealthCheckResponse. A status of a later version decodes to {@link #UNKNOWN}.
   *
   * @throws IOException when the bytes are not a valid message
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
