package dev.holdfast.hooks;

/**
 * A marshaller whose messages carry a Holdfast header before the application's bytes. A server
 * recognizes a resumable method by this interface.
 */
public interface HeaderedMarshaller {
  /** The most bytes that come on top of the application's. */
  int headerBytes();

  /**
   * The most bytes that a call's metadata has on top of the application's, as HTTP/2 counts them.
   */
  int metadataBytes();

  /**
   * Called when a server that has a method with this marshaller listens, before any call comes.
   * Must not block.
   */
  default void onServing(ServerHooks host) {}
}
