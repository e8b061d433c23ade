package dev.holdfast.gateway.http1;

/** A decoder that keeps bytes when it may not decode them. On its event loop only. */
interface PacedDecoder {
  /** Decodes what it keeps. */
  void resume();

  /** The size of the buffer in which it keeps bytes; 0 if it keeps none. */
  int bufferBytes();

  /** Whether it has the beginning of a part, and not its end. */
  boolean isWithinPart();

  /** Grows with each part that ends, and with each step of a part that may be long. */
  long progress();
}
