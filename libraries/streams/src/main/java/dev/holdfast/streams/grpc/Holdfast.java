package dev.holdfast.streams.grpc;

import io.grpc.BindableService;
import io.grpc.ClientInterceptor;
import io.grpc.ServerServiceDefinition;

/**
 * The entry point for resumable streams: with one line on each side, streams outlive their
 * connections.
 *
 * <pre>{@code
 * server.addService(Holdfast.resumable(new ChatService()));
 * channel.intercept(Holdfast.resumable());
 * }</pre>
 *
 * <p>{@link ServerStreams} and {@link ClientStreams} have all settings. Unary calls are not
 * changed. With a peer without Holdfast a stream runs as plain gRPC.
 */
public final class Holdfast {
  private static final class Standard {
    static final ClientStreams CLIENT = ClientStreams.builder().build();
    static final ServerStreams SERVER = ServerStreams.builder().build();
  }

  private Holdfast() {}

  /**
   * An interceptor for {@code ManagedChannelBuilder.intercept}: level resume, for every method that
   * supports it.
   */
  public static ClientInterceptor resumable() {
    return Standard.CLIENT;
  }

  /**
   * A resumable service for {@code ServerBuilder.addService}: level resume, sessions in the memory
   * of this process.
   *
   * @throws IllegalArgumentException when messages of a stream are not protobuf
   */
  public static ServerServiceDefinition resumable(BindableService service) {
    return Standard.SERVER.resumable(service);
  }

  /**
   * As {@link #resumable(BindableService)}, for a service with interceptors. These see one call for
   * each session, and those of the server see one for each attachment.
   */
  public static ServerServiceDefinition resumable(ServerServiceDefinition service) {
    return Standard.SERVER.resumable(service);
  }

  /** The sessions of services that were made resumable here. */
  public static ServerStreams server() {
    return Standard.SERVER;
  }

  /** The sessions of channels that were made resumable here. */
  public static ClientStreams client() {
    return Standard.CLIENT;
  }
}
