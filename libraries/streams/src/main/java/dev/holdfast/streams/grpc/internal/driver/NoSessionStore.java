package dev.holdfast.streams.grpc.internal.driver;

import dev.holdfast.streams.SessionStore;
import dev.holdfast.streams.StoreRequest;
import dev.holdfast.streams.StoreResponse;
import java.util.concurrent.CompletionStage;

/** The session store of servers without durable sessions, which is never asked. */
public enum NoSessionStore implements SessionStore {
  INSTANCE;

  @Override
  public CompletionStage<StoreResponse> claim(StoreRequest.Claim request) {
    throw new IllegalStateException("no store");
  }

  @Override
  public CompletionStage<StoreResponse> save(StoreRequest.Save request) {
    throw new IllegalStateException("no store");
  }
}
