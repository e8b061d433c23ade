package dev.holdfast.gateway.frontend.openapi;

import dev.holdfast.gateway.route.RequestHead;
import org.jspecify.annotations.Nullable;

/** A request of which nothing is known but its path. */
record PathOnlyRequest(String path) implements RequestHead {
  @Override
  public CharSequence authority() {
    return "";
  }

  @Override
  public @Nullable CharSequence header(CharSequence name) {
    return null;
  }
}
