package dev.holdfast.gateway.traffic;

/** Hears of calls and connections, on their event loops; must not block. */
public interface CallSink {
  /** A call ended, or goes on for long. */
  void onCall(CallTrace call);

  /** A connection that is passed through ended or goes on for long, or one was turned away. */
  default void onConnection(ConnectionTrace connection) {
    // Who cares for calls only need not hear of it.
  }
}
