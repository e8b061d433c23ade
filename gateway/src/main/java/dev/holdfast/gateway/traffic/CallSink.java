package dev.holdfast.gateway.traffic;

/** Hears of calls, on their event loops; must not block. */
public interface CallSink {
  /** A call ended, or goes on for long. */
  void onCall(CallTrace call);
}
