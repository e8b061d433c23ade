package dev.holdfast.streams.redis;

import com.google.protobuf.StringValue;
import dev.holdfast.core.Backoff;
import dev.holdfast.streams.SessionOptions;
import dev.holdfast.streams.grpc.ServerStreams;
import dev.holdfast.streams.grpc.SessionEndedException;
import io.grpc.Context;
import io.grpc.MethodDescriptor;
import io.grpc.Server;
import io.grpc.ServerServiceDefinition;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.protobuf.ProtoUtils;
import io.grpc.stub.ServerCalls;
import io.grpc.stub.StreamObserver;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;

/**
 * A server process whose effects are lines of a file: each message is written there, and said back.
 * {@code RecordingServer redis-uri effects-file ttl-seconds}
 */
public final class RecordingServer {
  static final byte[] KEY = "the one key of all instances....".getBytes(StandardCharsets.UTF_8);

  static final MethodDescriptor<StringValue, StringValue> TALK =
      MethodDescriptor.<StringValue, StringValue>newBuilder()
          .setType(MethodDescriptor.MethodType.BIDI_STREAMING)
          .setFullMethodName("test.Ledger/Talk")
          .setRequestMarshaller(ProtoUtils.marshaller(StringValue.getDefaultInstance()))
          .setResponseMarshaller(ProtoUtils.marshaller(StringValue.getDefaultInstance()))
          .build();

  private RecordingServer() {}

  /** Backs off little; patient with a busy machine. */
  static SessionOptions options(Duration ttl) {
    SessionOptions.Timing usual = SessionOptions.DEFAULT.timing();
    return SessionOptions.DEFAULT.withTiming(
        new SessionOptions.Timing(
            usual.ackDelay(),
            ttl,
            Duration.ofSeconds(30),
            Duration.ofSeconds(30),
            usual.heartbeat(),
            usual.suspect(),
            usual.race(),
            usual.dead(),
            usual.rotate(),
            new Backoff.BackoffOptions(Duration.ofMillis(20), Duration.ofMillis(200))));
  }

  public static void main(String[] args) throws Exception {
    RedisSessionStore store = RedisSessionStore.open(args[0]);
    if (!store.awaitConnected(Duration.ofSeconds(60))) {
      throw new IllegalStateException("no Redis at " + store);
    }
    try (FileOutputStream effects = new FileOutputStream(args[1], true)) {
      Server server = serve(store, effects, Duration.ofSeconds(Long.parseLong(args[2])));
      System.out.println("READY " + server.getPort());
      while (System.in.read() >= 0) {
        // Until the parent process is gone.
      }
      server.shutdownNow();
    }
  }

  private static Server serve(RedisSessionStore store, FileOutputStream effects, Duration ttl)
      throws IOException {
    ServerStreams streams =
        ServerStreams.builder().options(options(ttl)).store(store).tokenKey(KEY).build();
    ServerServiceDefinition service =
        ServerServiceDefinition.builder("test.Ledger")
            .addMethod(
                TALK, ServerCalls.asyncBidiStreamingCall(answers -> new Scribe(answers, effects)))
            .build();
    return NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
        .addService(streams.resumable(service))
        .build()
        .start();
  }

  private static final class Scribe implements StreamObserver<StringValue> {
    private final StreamObserver<StringValue> answers;
    private final FileOutputStream effects;
    private final Context context = Context.current();

    Scribe(StreamObserver<StringValue> answers, FileOutputStream effects) {
      this.answers = answers;
      this.effects = effects;
    }

    @Override
    public void onNext(StringValue message) {
      try {
        effects.write((message.getValue() + "\n").getBytes(StandardCharsets.UTF_8));
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
      answers.onNext(message);
    }

    @Override
    public void onError(Throwable failure) {
      System.out.println(
          "ENDED "
              + SessionEndedException.in(context.cancellationCause())
                  .map(why -> why.end().kind().name())
                  .orElse("?"));
    }

    @Override
    public void onCompleted() {
      answers.onCompleted();
    }
  }
}
