package dev.holdfast.streams.grpc;

import com.google.protobuf.StringValue;
import dev.holdfast.core.Backoff;
import dev.holdfast.lab.TcpRelay;
import dev.holdfast.streams.SessionOptions;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientInterceptor;
import io.grpc.ManagedChannel;
import io.grpc.MethodDescriptor;
import io.grpc.Server;
import io.grpc.ServerServiceDefinition;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.protobuf.ProtoUtils;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.ServerCalls;
import io.grpc.stub.StreamObserver;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.logging.Level;
import java.util.logging.Logger;

/** A server, a relay before it and channels through it, all of them real. */
public final class StreamTopology implements AutoCloseable {
  /** Backs off little, so that tests of many cuts are short. */
  static final SessionOptions QUICK =
      SessionOptions.DEFAULT.withTiming(
          timing(Duration.ofMinutes(2), Duration.ofMillis(20), Duration.ofMillis(200)));

  static final MethodDescriptor<StringValue, StringValue> TALK = method("test.Talk/Talk");

  static final MethodDescriptor<StringValue, StringValue> ASK =
      method("test.Talk/Ask").toBuilder().setType(MethodDescriptor.MethodType.UNARY).build();

  /** grpc's server reports each cut with a stack trace, and cuts are what happens here. */
  private static final Logger CUTS = Logger.getLogger("io.grpc.netty");

  static {
    CUTS.setLevel(Level.SEVERE);
  }

  final MeterRegistry meters = new SimpleMeterRegistry();
  private final List<AutoCloseable> open = new ArrayList<>();

  static SessionOptions.Timing timing(Duration ttl, Duration base, Duration cap) {
    SessionOptions.Timing usual = SessionOptions.DEFAULT.timing();
    return new SessionOptions.Timing(
        usual.ackDelay(),
        ttl,
        Duration.ofSeconds(30),
        // A busy machine is no plain peer.
        Duration.ofSeconds(30),
        usual.heartbeat(),
        usual.suspect(),
        usual.race(),
        usual.dead(),
        usual.rotate(),
        new Backoff.BackoffOptions(base, cap));
  }

  static MethodDescriptor<StringValue, StringValue> method(String name) {
    return MethodDescriptor.<StringValue, StringValue>newBuilder()
        .setType(MethodDescriptor.MethodType.BIDI_STREAMING)
        .setFullMethodName(name)
        .setRequestMarshaller(ProtoUtils.marshaller(StringValue.getDefaultInstance()))
        .setResponseMarshaller(ProtoUtils.marshaller(StringValue.getDefaultInstance()))
        .build();
  }

  /** What a generated service with one bidirectional method is. */
  public static ServerServiceDefinition talk(
      Function<StreamObserver<StringValue>, StreamObserver<StringValue>> handler) {
    return ServerServiceDefinition.builder("test.Talk")
        .addMethod(TALK, ServerCalls.asyncBidiStreamingCall(handler::apply))
        .addMethod(
            ASK,
            ServerCalls.asyncUnaryCall(
                (asked, answer) -> {
                  answer.onNext(asked);
                  answer.onCompleted();
                }))
        .build();
  }

  /** Says back what it is told. */
  static StreamObserver<StringValue> echo(StreamObserver<StringValue> answers) {
    return recording(new ArrayList<>(), answers);
  }

  /** Says back what it is told, with something before it. */
  static StreamObserver<StringValue> prefixing(String prefix, StreamObserver<StringValue> answers) {
    return new StreamObserver<>() {
      @Override
      public void onNext(StringValue message) {
        answers.onNext(StringValue.of(prefix + message.getValue()));
      }

      @Override
      public void onError(Throwable failure) {
        // The client is gone; there is nobody to tell.
      }

      @Override
      public void onCompleted() {
        answers.onCompleted();
      }
    };
  }

  /** Says nothing. */
  static StreamObserver<StringValue> silent() {
    return recording(new ArrayList<>(), Optional.empty());
  }

  /** Writes down what it is told, and says it back. */
  static StreamObserver<StringValue> recording(
      List<String> heard, StreamObserver<StringValue> answers) {
    return recording(heard, Optional.of(answers));
  }

  private static StreamObserver<StringValue> recording(
      List<String> heard, Optional<StreamObserver<StringValue>> answers) {
    return new StreamObserver<>() {
      @Override
      public void onNext(StringValue message) {
        heard.add(message.getValue());
        answers.ifPresent(to -> to.onNext(message));
      }

      @Override
      public void onError(Throwable failure) {
        // The client is gone; there is nobody to tell.
      }

      @Override
      public void onCompleted() {
        answers.ifPresent(StreamObserver::onCompleted);
      }
    };
  }

  /** What a generated asynchronous stub does. */
  static ClientCallStreamObserver<StringValue> open(
      Channel channel, CallOptions options, StreamObserver<StringValue> answers) {
    return (ClientCallStreamObserver<StringValue>)
        ClientCalls.asyncBidiStreamingCall(channel.newCall(TALK, options), answers);
  }

  public static ClientCallStreamObserver<StringValue> open(
      Channel channel, StreamObserver<StringValue> answers) {
    return open(channel, CallOptions.DEFAULT, answers);
  }

  public ServerStreams.Builder serverStreams() {
    return ServerStreams.builder().options(QUICK).meters(meters);
  }

  public ClientStreams.Builder clientStreams() {
    return ClientStreams.builder().options(QUICK).meters(meters);
  }

  public Server serve(ServerServiceDefinition service) {
    return serve(builder -> builder.addService(service));
  }

  Server serve(Consumer<NettyServerBuilder> settings) {
    return serveAt(0, settings);
  }

  Server serveAt(int port, Consumer<NettyServerBuilder> settings) {
    NettyServerBuilder builder =
        NettyServerBuilder.forAddress(
            new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
    settings.accept(builder);
    try {
      Server server = builder.build().start();
      open.add(() -> stop(server));
      return server;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  TcpRelay relayTo(Server server) {
    return closing(TcpRelay.toPort(server.getPort()));
  }

  public ManagedChannel channelTo(int port, ClientInterceptor... interceptors) {
    ManagedChannel channel =
        NettyChannelBuilder.forAddress("127.0.0.1", port)
            .usePlaintext()
            .intercept(interceptors)
            .build();
    open.add(channel::shutdownNow);
    return channel;
  }

  <T extends AutoCloseable> T closing(T resource) {
    open.add(resource);
    return resource;
  }

  static void stop(Server server) throws InterruptedException {
    if (!server.shutdownNow().awaitTermination(60, TimeUnit.SECONDS)) {
      throw new IllegalStateException("the server did not stop");
    }
  }

  @Override
  public void close() throws Exception {
    for (int i = open.size() - 1; i >= 0; i--) {
      open.get(i).close();
    }
  }
}
