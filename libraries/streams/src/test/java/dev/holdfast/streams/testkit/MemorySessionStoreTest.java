package dev.holdfast.streams.testkit;

import dev.holdfast.streams.SessionStore;

class MemorySessionStoreTest extends SessionStoreContractTest {
  private final MemorySessionStore store = new MemorySessionStore();

  @Override
  protected SessionStore open() {
    return store;
  }

  @Override
  protected SessionStore openWithRecordsOfAtMost(int bytes) {
    return new MemorySessionStore(bytes);
  }
}
