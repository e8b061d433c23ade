package dev.holdfast.streams;

/**
 * The bytes of one message as the application's marshaller made them, kept until the peer has
 * processed them: it may be written more than once, so it never changes.
 */
public interface Payload {
  /** Nothing: the body of frames without a message. */
  Payload EMPTY = of(new byte[0]);

  /** How many bytes there are. */
  int sizeBytes();

  /** The bytes; whoever gets them must not change them. */
  byte[] toByteArray();

  /** Of these bytes, which are taken over. */
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
