package dev.holdfast.core;

/**
 * A listener for the endpoints of a service, as judged by {@code LastKnownGoodEndpoints}. Called on
 * the directory's {@link Scheduler}; must not block.
 */
public interface EndpointsListener {

  /** The list to use from now on: the first one known, or a real change. Never called in vain. */
  void onEndpoints(EndpointSet endpoints);

  /**
   * The registry can't be followed at the moment. A list that was delivered before stays good; when
   * none was, nothing is known yet. Informative: the watch is being restored.
   */
  default void onFailure(RegistryException cause) {}
}
