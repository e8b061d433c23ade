package dev.holdfast.duplex.conformance.peer;

import io.grpc.HandlerRegistry;
import io.grpc.Server;
import io.grpc.ServerCallHandler;
import io.grpc.ServerMethodDefinition;
import io.grpc.netty.NettyServerBuilder;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/** Servers whose calls, of whatever method, are calls of bytes. */
public final class ByteCalls {
  private static final int LARGEST_MESSAGE = 16 << 20;

  private ByteCalls() {}

  /**
   * Starts a server on the loopback address.
   *
   * @param port 0 for a free one
   */
  public static Server serve(int port, ServerCallHandler<byte[], byte[]> handler)
      throws IOException {
    return serve(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), handler);
  }

  /** Starts a server. */
  public static Server serve(InetSocketAddress address, ServerCallHandler<byte[], byte[]> handler)
      throws IOException {
    return NettyServerBuilder.forAddress(address)
        .directExecutor()
        .maxInboundMessageSize(LARGEST_MESSAGE)
        .fallbackHandlerRegistry(new EveryMethod(handler))
        .build()
        .start();
  }

  /** Accepts calls of all methods. */
  private static final class EveryMethod extends HandlerRegistry {
    private final ServerCallHandler<byte[], byte[]> handler;

    EveryMethod(ServerCallHandler<byte[], byte[]> handler) {
      this.handler = handler;
    }

    @Override
    public ServerMethodDefinition<?, ?> lookupMethod(
        String methodName, @Nullable String authority) {
      return ServerMethodDefinition.create(PeerMethods.method(methodName), handler);
    }
  }
}
