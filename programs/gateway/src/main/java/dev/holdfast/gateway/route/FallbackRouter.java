package dev.holdfast.gateway.route;

import org.jspecify.annotations.Nullable;

/** Two routers in a row: the second one is asked if the first has no route. */
public final class FallbackRouter implements Router {
  private final Router first;
  private final Router second;

  /** Creates the combination; the first router is asked first. */
  public FallbackRouter(Router first, Router second) {
    this.first = first;
    this.second = second;
  }

  @Override
  public @Nullable Route find(RequestHead head) {
    Route found = first.find(head);
    return found == null ? second.find(head) : found;
  }

  @Override
  public boolean isCacheable() {
    return first.isCacheable() && second.isCacheable();
  }

  @Override
  public boolean isLearning() {
    return first.isLearning() || second.isLearning();
  }

  @Override
  public boolean awaitsServices() {
    return first.awaitsServices() || second.awaitsServices();
  }

  @Override
  public String expectation() {
    return first.expectation() + "; or " + second.expectation();
  }

  @Override
  public String expectation(RequestHead head) {
    return first.expectation(head) + "; or " + second.expectation(head);
  }
}
