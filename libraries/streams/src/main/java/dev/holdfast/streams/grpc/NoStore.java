package dev.holdfast.streams.grpc;

import dev.holdfast.streams.SessionStore;
import dev.holdfast.streams.StoreAnswer;
import dev.holdfast.streams.StoreRequest;
import java.util.concurrent.CompletionStage;

/** The session store of servers without durable sessions, which is never asked. */
enum NoStore implements SessionStore {
  INSTANCE;

  @Override
  public CompletionStage<StoreAnswer> claim(StoreRequest.Claim request) {
    throw new IllegalStateException("no store");
  }

  @Override
  public CompletionStage<StoreAnswer> save(StoreRequest.Save request) {
    throw new IllegalStateException("no store");
  }
}
