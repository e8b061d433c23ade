package dev.holdfast.micronaut;

import io.grpc.BindableService;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.ServerServiceDefinition;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.ServerCalls;
import io.grpc.stub.StreamObserver;
import io.micronaut.context.annotation.Value;
import jakarta.inject.Singleton;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CountDownLatch;

/** A service that says its name, without generated code: whatever protobuf runtime there is. */
@Singleton
final class EchoService implements BindableService {
  static final MethodDescriptor<String, String> SAY =
      MethodDescriptor.<String, String>newBuilder()
          .setType(MethodType.UNARY)
          .setFullMethodName("test.Echo/Say")
          .setRequestMarshaller(new Text())
          .setResponseMarshaller(new Text())
          .build();

  static final MethodDescriptor<String, String> CHAT =
      SAY.toBuilder()
          .setType(MethodType.BIDI_STREAMING)
          .setFullMethodName("test.Echo/Chat")
          .build();

  private final String name;
  private volatile CountDownLatch hold = new CountDownLatch(0);
  private volatile CountDownLatch held = new CountDownLatch(1);

  EchoService(@Value("${test.name:server}") String name) {
    this.name = name;
  }

  /** Calls that begin from now on wait for this latch. */
  CountDownLatch holdCalls() {
    held = new CountDownLatch(1);
    CountDownLatch latch = new CountDownLatch(1);
    hold = latch;
    return latch;
  }

  /** Counted down when a call waits. */
  CountDownLatch held() {
    return held;
  }

  static String say(Channel channel, String text) {
    return ClientCalls.blockingUnaryCall(channel, SAY, CallOptions.DEFAULT, text);
  }

  @Override
  public ServerServiceDefinition bindService() {
    return ServerServiceDefinition.builder("test.Echo")
        .addMethod(SAY, ServerCalls.asyncUnaryCall(this::onSay))
        .addMethod(CHAT, ServerCalls.asyncBidiStreamingCall(this::onChat))
        .build();
  }

  private void onSay(String text, StreamObserver<String> responses) {
    held.countDown();
    try {
      hold.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    responses.onNext(name + ":" + text);
    responses.onCompleted();
  }

  private StreamObserver<String> onChat(StreamObserver<String> responses) {
    return new StreamObserver<>() {
      @Override
      public void onNext(String text) {
        responses.onNext(name + ":" + text);
      }

      @Override
      public void onError(Throwable failure) {}

      @Override
      public void onCompleted() {
        responses.onCompleted();
      }
    };
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
