package dev.holdfast.streams.rehearsal;

/** What a session promises, by the names under which docs/guarantees.md has it. */
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

  /** As in the document. */
  @Override
  public String toString() {
    return name().replace('_', '-');
  }
}
