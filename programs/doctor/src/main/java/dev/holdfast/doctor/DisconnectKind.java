package dev.holdfast.doctor;

/** The way in which a connection was found dead. */
public enum DisconnectKind {
  /** Silence: the request got no response, no reset and no close. */
  SILENCE("nothing came back"),
  /** The connection was ended by a TCP reset. */
  RESET("a TCP reset"),
  /** The connection was closed in good order (TCP FIN). */
  CLOSE("the connection was closed"),
  /** The connection was ended by an HTTP/2 GOAWAY. */
  GOAWAY("a GOAWAY"),
  /** The connection answered, but a hop said that what is behind it can't be reached. */
  HOP_ERROR("an error of a hop in between");

  private final String words;

  DisconnectKind(String words) {
    this.words = words;
  }

  /** For people, as the end of "... was answered by". */
  public String words() {
    return words;
  }
}
