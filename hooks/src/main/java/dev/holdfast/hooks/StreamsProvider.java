package dev.holdfast.hooks;

import io.grpc.ClientInterceptor;
import io.grpc.ServerServiceDefinition;
import java.util.Map;

/**
 * Makes streams resumable by configuration, for programs that have nothing of it in their code.
 * Found by ServiceLoader; the streams room is one.
 */
public interface StreamsProvider {
  /** What one setting makes of channels and servers. Thread-safe. */
  interface Configured {
    /** For every channel. */
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
   * Reads a setting.
   *
   * @param text such as {@code chat.Chat/*=resume}
   * @param environment where what else it needs is said
   * @throws IllegalArgumentException naming what was said and what was expected
   */
  Configured configure(String text, Map<String, String> environment);
}
