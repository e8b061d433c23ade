package dev.holdfast.control;

import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.InsecureServerCredentials;
import io.grpc.MethodDescriptor;
import io.grpc.Server;
import io.grpc.ServerCallHandler;
import io.grpc.ServerServiceDefinition;
import io.grpc.Status;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.ServerCalls;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntFunction;

/** An instance of a service that answers with its name, by two methods. */
final class Backend implements AutoCloseable {
  static final MethodDescriptor<String, String> WHO = method("test.Backend/Who");
  static final MethodDescriptor<String, String> WHICH = method("test.Backend/Which");

  private final AtomicInteger calls;
  private final Server server;

  private Backend(AtomicInteger calls, Server server) {
    this.calls = calls;
    this.server = server;
  }

  private static MethodDescriptor<String, String> method(String name) {
    return MethodDescriptor.<String, String>newBuilder()
        .setType(MethodDescriptor.MethodType.UNARY)
        .setFullMethodName(name)
        .setRequestMarshaller(new Text())
        .setResponseMarshaller(new Text())
        .build();
  }

  static Backend start(String name) throws IOException {
    return start(name, call -> Status.OK);
  }

  /**
   * One that need not answer well.
   *
   * @param ends how a call ends, by its number, the first being 1
   */
  static Backend start(String name, IntFunction<Status> ends) throws IOException {
    AtomicInteger calls = new AtomicInteger();
    ServerCallHandler<String, String> handler =
        ServerCalls.asyncUnaryCall(
            (request, answer) -> {
              Status end = ends.apply(calls.incrementAndGet());
              if (end.isOk()) {
                answer.onNext(name);
                answer.onCompleted();
              } else {
                answer.onError(end.asRuntimeException());
              }
            });
    ServerServiceDefinition service =
        ServerServiceDefinition.builder("test.Backend")
            .addMethod(WHO, handler)
            .addMethod(WHICH, handler)
            .build();
    return new Backend(
        calls,
        NettyServerBuilder.forAddress(
                new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                InsecureServerCredentials.create())
            .addService(service)
            .build()
            .start());
  }

  /** How many calls came here, the failed ones among them. */
  int calls() {
    return calls.get();
  }

  /** Who answers a call that waits until somebody is there. */
  static String who(Channel channel) {
    return ask(channel, WHO);
  }

  /**
   * As {@link #who}, of a method.
   *
   * @throws io.grpc.StatusRuntimeException when the call fails
   */
  static String ask(Channel channel, MethodDescriptor<String, String> method) {
    return ClientCalls.blockingUnaryCall(
        channel,
        method,
        CallOptions.DEFAULT.withWaitForReady().withDeadlineAfter(30, TimeUnit.SECONDS),
        "who?");
  }

  int port() {
    return server.getPort();
  }

  String address() {
    return "127.0.0.1:" + server.getPort();
  }

  @Override
  public void close() {
    server.shutdownNow();
  }

  private static final class Text implements MethodDescriptor.Marshaller<String> {
    @Override
    public InputStream stream(String value) {
      return new ByteArrayInputStream(value.getBytes(StandardCharsets.UTF_8));
    }

    @Override
    public String parse(InputStream stream) {
      try {
        return new String(stream.readAllBytes(), StandardCharsets.UTF_8);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }
}
