package dev.holdfast.gateway.traffic;

/** The listener for calls and connections. Called on their event loops; must not block. */
public interface CallSink {
  /** A call ended, or has been open for long. */
  void onCall(CallRecord call);

  /** A proxied connection ended, has been open for long, or was refused. */
  default void onConnection(ConnectionRecord connection) {
    // Who cares for calls only need not hear of it.
  }
}
