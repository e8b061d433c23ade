package dev.holdfast.cli.control;

import dev.holdfast.admin.AdminOptions;
import dev.holdfast.admin.ConnectionLog;
import dev.holdfast.admin.ProcessState;
import dev.holdfast.cli.UserError;
import dev.holdfast.grpc.admin.ProcessAdmin;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.Map;
import java.util.Optional;

/**
 * The admin service of a program's own process, where the environment asks for one ({@link
 * AdminOptions#VARIABLE}).
 */
public final class AdminServiceSetting {
  private final Optional<AdminOptions> options;
  private volatile Optional<InetSocketAddress> address = Optional.empty();

  private AdminServiceSetting(Optional<AdminOptions> options) {
    this.options = options;
  }

  /**
   * The setting of the environment.
   *
   * @throws UserError when a variable makes no sense, or everyone could read there
   */
  public static AdminServiceSetting of(Map<String, String> environment) {
    try {
      Optional<AdminOptions> options = AdminOptions.ofEnvironment(environment);
      options.ifPresent(AdminOptions::listenAddress);
      return new AdminServiceSetting(options);
    } catch (IllegalArgumentException e) {
      throw UserError.usage(String.valueOf(e.getMessage()));
    }
  }

  /** The connections that the service shows; empty without a service. */
  public Optional<ConnectionLog> connections() {
    return options.map(wanted -> ProcessState.activate().connections());
  }

  /**
   * Starts the service, which lasts as long as the process; without the setting nothing happens.
   *
   * @throws IOException when its address can't be bound
   */
  public void start() throws IOException {
    if (options.isPresent()) {
      address = Optional.of(ProcessAdmin.start(options.get()));
    }
  }

  /** Where the service listens; empty without one, and until it does. */
  public Optional<InetSocketAddress> address() {
    return address;
  }
}
