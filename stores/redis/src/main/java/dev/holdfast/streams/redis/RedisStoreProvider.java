package dev.holdfast.streams.redis;

import dev.holdfast.streams.SessionStore;
import dev.holdfast.streams.grpc.SessionStoreProvider;
import java.util.Set;

/** The provider of Redis as the store that HOLDFAST_STREAMS_STORE names. Found by ServiceLoader. */
public final class RedisStoreProvider implements SessionStoreProvider {
  @Override
  public Set<String> schemes() {
    return Set.of("redis", "rediss", "redis-sentinel", "rediss-sentinel");
  }

  @Override
  public SessionStore open(String uri) {
    return RedisSessionStore.open(uri);
  }
}
