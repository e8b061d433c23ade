package dev.holdfast.streams.grpc;

import dev.holdfast.streams.SessionStore;
import dev.holdfast.streams.StoreAnswer;
import dev.holdfast.streams.StoreRequest;
import java.util.concurrent.CompletionStage;

/** Where there is no level durable, nobody asks a store. */
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
