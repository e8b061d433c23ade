package dev.holdfast.streams;

/**
 * A message at its position.
 *
 * @param flags FINAL, HALF_CLOSE, MOVED or none
 */
public record SequencedMessage(long seq, Payload body, int flags, int status) {}
