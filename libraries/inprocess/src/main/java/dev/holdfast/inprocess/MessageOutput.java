package dev.holdfast.inprocess;

import io.grpc.Drainable;
import io.grpc.KnownLength;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;

/** The serialized bytes of one message, from a marshaller's stream. */
final class MessageOutput extends ByteArrayOutputStream {
  private static final int UNKNOWN_BYTES = 1_024;

  private MessageOutput(int bytes) {
    super(bytes);
  }

  /** Reads a marshaller's stream to its end and closes it. */
  static MessageOutput of(InputStream message) throws IOException {
    try (message) {
      int bytes = message instanceof KnownLength ? message.available() : UNKNOWN_BYTES;
      MessageOutput output = new MessageOutput(bytes);
      if (message instanceof Drainable drainable) {
        drainable.drainTo(output);
      } else {
        message.transferTo(output);
      }
      return output;
    }
  }

  /** The backing array, whose first {@link #size} bytes are valid. */
  byte[] array() {
    return buf;
  }
}
