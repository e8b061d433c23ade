package dev.holdfast.grpc.admin;

import dev.holdfast.admin.AdminOptions;
import dev.holdfast.grpc.internal.admin.ProcessAdminServer;
import java.io.IOException;
import java.net.InetSocketAddress;

/**
 * The admin service of a process that starts it without a builder of this library, such as a proxy.
 * Connections are listed as far as the program records them in {@link
 * dev.holdfast.admin.ProcessState}. Thread-safe.
 */
public final class ProcessAdmin {
  private ProcessAdmin() {}

  /**
   * Starts the service with these options; it lasts as long as the process. Where it was started
   * with the same options before, nothing happens.
   *
   * @return where it listens
   * @throws IOException when the address can't be bound
   * @throws IllegalArgumentException when the options would let everyone in, or a file is missing
   */
  public static InetSocketAddress start(AdminOptions options) throws IOException {
    return ProcessAdminServer.start(options).address();
  }
}
