package dev.holdfast.lab;

/** The direction of bytes through a {@link TcpRelay} or a {@link Middlebox}. */
public enum RelayDirection {
  /** From the client to the server. */
  TO_SERVER,
  /** From the server back to the client. */
  TO_CLIENT;

  /** The opposite of this direction. */
  public RelayDirection opposite() {
    return this == TO_SERVER ? TO_CLIENT : TO_SERVER;
  }
}
