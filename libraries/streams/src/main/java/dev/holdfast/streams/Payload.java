package dev.holdfast.streams;

/**
 * The bytes of one message as the application's marshaller made them, kept until the peer has
 * processed them: it may be written more than once, so it never changes.
 */
public interface Payload {
  /** The empty payload of frames without a message. */
  Payload EMPTY = of(new byte[0]);

  /** The size of the payload in bytes. */
  int sizeBytes();

  /** The bytes; receivers must not change them. */
  byte[] toByteArray();

  /** Creates a payload that owns the array. */
  static Payload of(byte[] bytes) {
    return new Payload() {
      @Override
      public int sizeBytes() {
        return bytes.length;
      }

      @Override
      public byte[] toByteArray() {
        return bytes;
      }

      @Override
      public String toString() {
        return "Payload(" + bytes.length + " bytes)";
      }
    };
  }
}
