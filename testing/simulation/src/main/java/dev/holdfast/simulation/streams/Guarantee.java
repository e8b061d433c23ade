package dev.holdfast.simulation.streams;

/** A guarantee of sessions, by its name in docs/guarantees.md. */
public enum Guarantee {
  STREAM_IN_ORDER,
  STREAM_NOTHING_LOST,
  STREAM_NOTHING_TWICE,
  STREAM_ACKED_IS_PROCESSED,
  STREAM_ACKS_AS_ASKED,
  STREAM_BUFFERS_BOUNDED,
  STREAM_ONE_OWNER,
  STREAM_ONE_END,
  STREAM_NO_VAIN_LOSS,
  STREAM_GOES_ON;

  /** The name as in docs/guarantees.md. */
  @Override
  public String toString() {
    return name().replace('_', '-');
  }
}
