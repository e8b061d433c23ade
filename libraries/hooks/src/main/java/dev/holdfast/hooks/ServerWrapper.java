package dev.holdfast.hooks;

import io.grpc.Server;

/** A server that is another one, but for how it starts and stops. */
public interface ServerWrapper {
  /** The server that takes the calls. */
  Server wrapped();
}
