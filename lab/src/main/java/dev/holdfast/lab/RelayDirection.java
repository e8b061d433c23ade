package dev.holdfast.lab;

/** Which way bytes go through a {@link TcpRelay}. */
public enum RelayDirection {
  /** From who connected to whom the relay connects. */
  TO_SERVER,
  /** Back. */
  TO_CLIENT;

  /** The other way. */
  public RelayDirection opposite() {
    return this == TO_SERVER ? TO_CLIENT : TO_SERVER;
  }
}
