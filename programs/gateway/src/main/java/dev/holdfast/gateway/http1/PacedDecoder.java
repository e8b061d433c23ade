package dev.holdfast.gateway.http1;

/** A decoder that buffers bytes while it must not decode them. Confined to its event loop. */
interface PacedDecoder {
  /** Decodes the buffered bytes, as far as the input permits. */
  void resume();

  /** The capacity of the buffer of undecoded bytes; 0 when there are none. */
  int bufferBytes();

  /** Whether a part was begun and is not complete. */
  boolean isWithinPart();

  /** A counter that grows with each decoded part, and with each step of a long part. */
  long progress();
}
