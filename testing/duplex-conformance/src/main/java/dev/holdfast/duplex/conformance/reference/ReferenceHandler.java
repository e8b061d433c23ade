package dev.holdfast.duplex.conformance.reference;

import org.jspecify.annotations.Nullable;

/**
 * The application of a reference server: one for each session. Called under the server's lock, in
 * order.
 */
public interface ReferenceHandler {
  void onMessage(byte[] message);

  void onHalfClose();

  /** The session is over, for one of the reasons of the adapter's event {@code closed}. */
  void onEnd(String reason);

  /** More messages may be sent. */
  default void onReady() {}

  /** Makes the application of a session. */
  @FunctionalInterface
  interface Factory {
    /**
     * Starts the handler of a session.
     *
     * @param cursor the one from which it goes on; null for a handler that begins anew
     */
    ReferenceHandler begin(ReferenceStream stream, @Nullable String cursor);
  }
}
