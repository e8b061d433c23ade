package dev.holdfast.streams.grpc;

import dev.holdfast.streams.SessionStore;
import java.util.Set;

/** The provider of the store that HOLDFAST_STREAMS_STORE names. Found by ServiceLoader. */
public interface SessionStoreProvider {
  /** The schemes of URIs that it knows. */
  Set<String> schemes();

  /**
   * A store, for as long as the process lives.
   *
   * @throws IllegalArgumentException naming what was said and what was expected
   */
  SessionStore open(String uri);
}
