package dev.holdfast.core;

/**
 * A handle on a watch, a timer or a listener that goes on until it is closed.
 *
 * <p>Closing twice is the same as closing once. When closed from a task of the {@link Scheduler}
 * that delivers its callbacks, none follows; from another thread, one already under way may still
 * arrive.
 */
@FunctionalInterface
public interface Subscription extends AutoCloseable {

  @Override
  void close();
}
