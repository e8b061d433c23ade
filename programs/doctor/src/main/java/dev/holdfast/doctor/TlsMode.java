package dev.holdfast.doctor;

/** The choice of TLS or plaintext for an examination. */
public enum TlsMode {
  /** Plaintext is tried first, TLS when that is not answered with HTTP/2. */
  AUTO,
  /** Plaintext HTTP/2 with prior knowledge (h2c). */
  PLAINTEXT,
  /** TLS with ALPN; what is checked and shown, {@link ClientTlsFiles} say. */
  TLS
}
