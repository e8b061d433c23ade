package dev.holdfast.hooks;

/**
 * On the marshaller of a method whose messages carry something of Holdfast's before the
 * application's bytes: how a server recognises a resumable stream.
 */
public interface HeaderedMarshaller {
  /** The most bytes that come on top of the application's. */
  int headerBytes();
}
