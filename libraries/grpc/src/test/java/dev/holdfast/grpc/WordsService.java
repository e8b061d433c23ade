package dev.holdfast.grpc;

import dev.holdfast.core.DrainSignal;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.ServerServiceDefinition;
import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.ServerCalls;
import io.grpc.stub.StreamObserver;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BiConsumer;

/** A service of words for tests, without generated code: every answer is the instance's name. */
public final class WordsService {
  /** Declared idempotent. */
  public static final MethodDescriptor<String, String> GET = method("Get", MethodType.UNARY, true);

  /** Not declared idempotent. */
  public static final MethodDescriptor<String, String> PLACE =
      method("Place", MethodType.UNARY, false);

  /** One word per second of nobody's clock: whenever the test asks for one, until drained. */
  static final MethodDescriptor<String, String> FOLLOW =
      method("Follow", MethodType.SERVER_STREAMING, false);

  /** The instance's name at once, and then with every word of the client's. */
  static final MethodDescriptor<String, String> TALK =
      method("Talk", MethodType.BIDI_STREAMING, false);

  /** The last word of a stream whose server drains. */
  static final String LAST_WORD = "draining";

  private final String name;
  final AtomicInteger gets = new AtomicInteger();
  final AtomicInteger places = new AtomicInteger();
  volatile BiConsumer<String, StreamObserver<String>> handler = this::answer;

  public WordsService(String name) {
    this.name = name;
  }

  /** A service that answers the first call of GET with a pushback, and the others with its name. */
  static WordsService askingOnceMore(String name, String pushbackMillis) {
    WordsService words = new WordsService(name);
    words.handler =
        (request, responses) -> {
          if (words.gets.get() == 1) {
            Metadata trailers = new Metadata();
            trailers.put(RetryDecision.PUSHBACK_MILLIS, pushbackMillis);
            responses.onError(Status.UNAVAILABLE.asRuntimeException(trailers));
          } else {
            words.answer(request, responses);
          }
        };
    return words;
  }

  void answer(String request, StreamObserver<String> responses) {
    responses.onNext(name);
    responses.onCompleted();
  }

  ServerServiceDefinition definition() {
    return ServerServiceDefinition.builder("test.Words")
        .addMethod(
            GET,
            ServerCalls.asyncUnaryCall(
                (request, responses) -> {
                  gets.incrementAndGet();
                  handler.accept(request, responses);
                }))
        .addMethod(
            PLACE,
            ServerCalls.asyncUnaryCall(
                (request, responses) -> {
                  places.incrementAndGet();
                  handler.accept(request, responses);
                }))
        .addMethod(FOLLOW, ServerCalls.asyncServerStreamingCall(this::follow))
        .addMethod(TALK, ServerCalls.asyncBidiStreamingCall(this::talk))
        .build();
  }

  private void follow(String request, StreamObserver<String> responses) {
    DrainSignal drain = HoldfastServer.DRAIN.get();
    // Otherwise a message after the client went away is an exception in the log.
    ((ServerCallStreamObserver<String>) responses).setOnCancelHandler(() -> {});
    responses.onNext(name);
    if (!request.equals("deaf")) {
      var unused =
          drain.onDrain(
              () -> {
                responses.onNext(LAST_WORD);
                responses.onCompleted();
              });
    }
  }

  private StreamObserver<String> talk(StreamObserver<String> responses) {
    ((ServerCallStreamObserver<String>) responses).setOnCancelHandler(() -> {});
    responses.onNext(name);
    return new StreamObserver<>() {
      @Override
      public void onNext(String word) {
        responses.onNext(name + " " + word);
      }

      @Override
      public void onError(Throwable cancelled) {
        // Told to the handler above too; there is nobody to answer.
      }

      @Override
      public void onCompleted() {
        responses.onCompleted();
      }
    };
  }

  private static MethodDescriptor<String, String> method(
      String name, MethodType type, boolean idempotent) {
    return MethodDescriptor.<String, String>newBuilder()
        .setType(type)
        .setFullMethodName("test.Words/" + name)
        .setIdempotent(idempotent)
        .setSampledToLocalTracing(true)
        .setRequestMarshaller(new Text())
        .setResponseMarshaller(new Text())
        .build();
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
