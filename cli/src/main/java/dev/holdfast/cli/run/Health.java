package dev.holdfast.cli.run;

/** Whether a program wants calls. */
public enum Health {
  /** It answers, and says that it serves if it says anything. */
  SERVING,
  /** It does not answer, or says that it does not serve. */
  NOT_SERVING
}
