package dev.holdfast.bench.spring;

import java.io.IOException;

/** The server processes of one side: how one starts, is found by clients, and leaves. */
interface OrdersServers {
  /**
   * A server process.
   *
   * @param process under the name by which it answers calls
   * @param address of its gRPC server, as {@code host:port}
   */
  record Instance(BootProcess process, String address) {
    String name() {
      return process.name();
    }
  }

  /** Starts the next instance, at an address that none had before, and does not wait. */
  Instance begin() throws IOException;

  /** Waits until an instance is ready and is where clients look for it. */
  void awaitFound(Instance instance) throws Exception;

  /** Tells an instance to stop, as an orchestrator does; does not wait. */
  void beginStop(Instance instance) throws IOException;

  /** Waits until a stopped instance is no longer where clients look. */
  void awaitForgotten(Instance instance) throws Exception;

  /** Kills an instance with SIGKILL. */
  void kill(Instance instance) throws Exception;
}
