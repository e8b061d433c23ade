package dev.holdfast.matrix;

/** The implementations of client and server in a cell. */
public enum MatrixPair {
  /** grpc-java as it comes on both sides. */
  STOCK("stock", false, false),
  /**
   * grpc-java with what the field note set: server keepalive 800 s with a timeout of 5 s, permitted
   * without calls, and TCP keepalive 800/15/3 on both hosts.
   */
  FIXED("stock, fixed", false, false),
  /** Only the client can be changed. */
  HOLDFAST_CLIENT("holdfast client", true, false),
  /** Only the server can be changed. */
  HOLDFAST_SERVER("holdfast server", false, true),
  /** Both, and so the stream is a resumable one, whose heartbeats come from the path. */
  HOLDFAST("holdfast both", true, true),
  /**
   * Holdfast's client with no keepalive of any kind and no word about the path, and a stock server:
   * the proof before the first call alone. It keeps no stream, so only the first call counts.
   */
  VERIFY("verify only", true, false);

  private final String title;
  private final boolean isHoldfastClient;
  private final boolean isHoldfastServer;

  MatrixPair(String title, boolean clientIsOurs, boolean serverIsOurs) {
    this.title = title;
    this.isHoldfastClient = clientIsOurs;
    this.isHoldfastServer = serverIsOurs;
  }

  /** The head of its column. */
  public String title() {
    return title;
  }

  boolean isHoldfastClient() {
    return isHoldfastClient;
  }

  boolean isHoldfastServer() {
    return isHoldfastServer;
  }

  /** Whether both sides have sessions. */
  boolean hasSessions() {
    return this == HOLDFAST;
  }

  /** Whether a stream that is quiet can be expected to be kept. */
  boolean keepsStreams() {
    return this != VERIFY;
  }

  /** Whether Holdfast stands on one side only, with all it has. */
  public boolean isOneSided() {
    return this == HOLDFAST_CLIENT || this == HOLDFAST_SERVER;
  }
}
