package dev.holdfast.liveness;

/** Who decides about one connection in a {@link Rehearsal}: our monitor, or stock keepalive. */
interface Keeper {

  /** What a keeper can do. */
  interface Stage {
    /** Sends a PING. */
    void ping();

    /** Makes the kernel send a keepalive probe. */
    void nudge();

    /** What the kernel knows. */
    KernelEvidence kernel();

    /** The connection became suspect: a client races a twin. */
    void suspect();

    /** The connection proved itself. */
    void proven();

    /** Closes the connection. */
    void close();
  }

  /** Bytes came; whether HEADERS or DATA were among them. */
  void onRead(long nowNanos, boolean callFrame);

  /** Something was written. */
  void onWritten(long nowNanos);

  /** Streams that are open now. */
  void onCalls(int calls);

  void onPingAnswered(long nowNanos, long roundTripNanos);

  void onTwin(long nowNanos, TwinState state);

  void onTimeout(long nowNanos);

  long nextDeadlineNanos();

  /** Whether a call may be sent now; if not, a proof is asked for where that is possible. */
  boolean admitsCall(long nowNanos);
}
