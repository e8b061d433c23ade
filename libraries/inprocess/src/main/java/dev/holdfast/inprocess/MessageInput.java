package dev.holdfast.inprocess;

import io.grpc.KnownLength;
import java.io.ByteArrayInputStream;

/** The bytes of one message, as marshallers read them: of known length, not copied. */
final class MessageInput extends ByteArrayInputStream implements KnownLength {
  MessageInput(byte[] bytes, int offset, int length) {
    super(bytes, offset, length);
  }
}
