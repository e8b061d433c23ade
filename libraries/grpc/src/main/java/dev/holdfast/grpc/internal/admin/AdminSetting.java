package dev.holdfast.grpc.internal.admin;

import dev.holdfast.admin.AdminOptions;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The admin service that a builder or the environment asks for. Not thread-safe. */
public final class AdminSetting {
  private @Nullable AdminOptions said;

  public void set(AdminOptions options) {
    said = options;
  }

  /**
   * Whether one is asked for.
   *
   * @throws IllegalArgumentException when the environment's options are malformed
   */
  public boolean isOn(Map<String, String> environment) {
    return said != null || AdminOptions.ofEnvironment(environment).isPresent();
  }

  /**
   * The started service; empty when none is asked for, or when that of the environment can't start.
   *
   * @throws UncheckedIOException when the address that the builder was given can't be bound
   * @throws IllegalArgumentException when its options can't be used
   */
  public Optional<ProcessAdminServer> start(Map<String, String> environment) {
    AdminOptions options = said;
    if (options == null) {
      return AdminOptions.ofEnvironment(environment).flatMap(ProcessAdminServer::tryStart);
    }
    try {
      return Optional.of(ProcessAdminServer.start(options));
    } catch (IOException e) {
      throw new UncheckedIOException(
          "admin: " + options.host() + ":" + options.port() + ": " + e.getMessage(), e);
    }
  }
}
