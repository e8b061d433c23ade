package dev.holdfast.duplex.conformance.reference;

import java.util.Map;

/** A stream as the application of a reference server sees it. Used under the server's lock. */
public interface ReferenceStream {
  /** Whether another message is welcome. */
  boolean isReady();

  void send(byte[] message);

  void finish(long status, String description, Map<String, String> trailers);

  /** Marks a cursor, from which a handler of another instance can go on. */
  void mark(String cursor);

  /** Takes so many messages more, when messages are taken by hand. */
  void read(int count);
}
