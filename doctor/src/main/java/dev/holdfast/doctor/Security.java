package dev.holdfast.doctor;

/** Whether a path is examined with TLS. */
public enum Security {
  /** Plaintext is tried first, TLS when that is not answered with HTTP/2. */
  AUTO,
  /** HTTP/2 with prior knowledge. */
  PLAINTEXT,
  /** TLS with ALPN; what is checked and shown, {@link TlsFiles} say. */
  TLS
}
