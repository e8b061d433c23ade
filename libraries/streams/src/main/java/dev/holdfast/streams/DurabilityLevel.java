package dev.holdfast.streams;

/** The durability level of a method's streams: the failures that they survive. */
public enum DurabilityLevel {
  /** A cut stream is opened again and the application sends its first messages anew. */
  REOPEN,
  /** The session lives in its server's memory: exactly once through all but the instance's end. */
  RESUME,
  /** The session's state is in a store and survives the instance as well. */
  DURABLE
}
