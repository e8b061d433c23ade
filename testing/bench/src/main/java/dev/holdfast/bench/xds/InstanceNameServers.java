package dev.holdfast.bench.xds;

import dev.holdfast.bench.run.RunResources;
import dev.holdfast.lab.process.ChildJvm;
import dev.holdfast.lab.process.ParentLine;
import io.grpc.HandlerRegistry;
import io.grpc.MethodDescriptor;
import io.grpc.Server;
import io.grpc.ServerMethodDefinition;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.ServerCalls;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;

/**
 * The stock grpc-java servers that answer every method with their name, started and stopped one by
 * one. They use nothing of Holdfast.
 */
public final class InstanceNameServers implements AutoCloseable {
  /** The method that callers call unless told otherwise. */
  static final String WHO = "holdfast.interop.Names/Who";

  private static final Duration PATIENCE = Duration.ofMinutes(3);

  private final Map<String, Server> servers = new HashMap<>();

  /** Any method, its messages plain bytes. */
  static MethodDescriptor<byte[], byte[]> method(String name) {
    return MethodDescriptor.<byte[], byte[]>newBuilder()
        .setType(MethodDescriptor.MethodType.UNARY)
        .setFullMethodName(name)
        .setRequestMarshaller(new Bytes())
        .setResponseMarshaller(new Bytes())
        .build();
  }

  /**
   * Starts a server with a name.
   *
   * @return the port of the server on loopback
   */
  int start(String name) throws IOException {
    Server server =
        NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
            .directExecutor()
            .fallbackHandlerRegistry(answering(name.getBytes(StandardCharsets.UTF_8)))
            .build()
            .start();
    servers.put(name, server);
    return server.getPort();
  }

  /** Stops one as a program would: GOAWAY, and the end once its calls are over. */
  void stop(String name) {
    Server server = servers.remove(name);
    if (server != null) {
      server.shutdown();
    }
  }

  @Override
  public void close() {
    servers.values().forEach(Server::shutdownNow);
  }

  /** A child process with such servers. */
  static ChildJvm startProgram(RunResources runResources) throws IOException {
    return runResources.own(
        ChildJvm.start(
            "servers", InstanceNameServers.class, CallerLanguage.QUICK_START, java.util.List.of()));
  }

  /** Lets a child start a server, and waits for its port. */
  static int start(ChildJvm servers, String name) throws IOException, InterruptedException {
    servers.send("start " + name);
    return Integer.parseInt(servers.await(name, PATIENCE));
  }

  /**
   * The program: obeys {@code start NAME}, which it answers with the name and a port, and {@code
   * stop NAME}.
   */
  public static void main(String[] args) throws Exception {
    ParentLine parent = new ParentLine();
    try (InstanceNameServers servers = new InstanceNameServers()) {
      for (String line = parent.next(); !line.isEmpty(); line = parent.next()) {
        String name = line.substring(line.indexOf(' ') + 1);
        if (line.startsWith("start ")) {
          parent.say("%s %d", name, servers.start(name));
        } else {
          servers.stop(name);
        }
      }
    }
    System.exit(0);
  }

  private static HandlerRegistry answering(byte[] name) {
    return new HandlerRegistry() {
      @Override
      public ServerMethodDefinition<?, ?> lookupMethod(
          String methodName, @org.jspecify.annotations.Nullable String authority) {
        return ServerMethodDefinition.create(
            method(methodName),
            ServerCalls.asyncUnaryCall(
                (request, answer) -> {
                  answer.onNext(name);
                  answer.onCompleted();
                }));
      }
    };
  }

  private static final class Bytes implements MethodDescriptor.Marshaller<byte[]> {
    @Override
    public InputStream stream(byte[] value) {
      return new ByteArrayInputStream(value);
    }

    @Override
    public byte[] parse(InputStream stream) {
      try {
        return stream.readAllBytes();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }
}
