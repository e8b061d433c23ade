package dev.holdfast.hooks;

import io.grpc.ClientInterceptor;
import io.grpc.ServerServiceDefinition;
import java.util.Map;

/**
 * A provider of resumable streams that are switched on by configuration, without a change of the
 * program. Found by {@link java.util.ServiceLoader}; the streams module provides an implementation.
 */
public interface StreamsProvider {
  /**
   * The client interceptor and the service definitions that result from one setting. Thread-safe.
   */
  interface StreamsConfiguration {
    /** The interceptor that every channel installs. */
    ClientInterceptor client();

    /**
     * The service with those of its methods made resumable that the setting names.
     *
     * @throws IllegalArgumentException when the setting names a method of the service that it does
     *     not have, or that can't be resumed
     */
    ServerServiceDefinition resumable(ServerServiceDefinition service);
  }

  /**
   * Parses a setting into the configuration of channels and servers.
   *
   * @param text the methods and their levels, such as {@code chat.Chat/*=resume}
   * @param environment the environment variables that hold the other settings
   * @throws IllegalArgumentException naming what was said and what was expected
   */
  StreamsConfiguration configure(String text, Map<String, String> environment);
}
