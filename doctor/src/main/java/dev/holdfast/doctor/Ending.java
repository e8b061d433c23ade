package dev.holdfast.doctor;

/** How a connection was found to be dead. */
public enum Ending {
  /** What was sent vanished: no answer, and nobody said why. */
  SILENCE("nothing came back"),
  /** A TCP reset. */
  RESET("a TCP reset"),
  /** An orderly end of the TCP connection. */
  CLOSE("the connection was closed"),
  /** A GOAWAY of HTTP/2. */
  GOAWAY("a GOAWAY"),
  /** The connection answered, but a hop said that what is behind it can't be reached. */
  HOP_ERROR("an error of a hop in between");

  private final String words;

  Ending(String words) {
    this.words = words;
  }

  /** For people, as the end of "... was answered by". */
  public String words() {
    return words;
  }
}
