package dev.holdfast.streams.grpc;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.StringValue;
import io.grpc.CallOptions;
import io.grpc.ManagedChannel;
import io.grpc.ServerServiceDefinition;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.stream.IntStream;

/**
 * A server-streaming handler that counts, and counts on from its cursor, until {@link #complete}.
 */
final class CursorFeed implements AutoCloseable {
  private static final int TICK_MILLIS = 5;

  /** Sends one number of a stream and marks the cursor behind it. */
  interface Step {
    void send(
        String name, ServerCallStreamObserver<StringValue> answers, StreamCursor to, int next);
  }

  private final Step step;
  private final Consumer<String> begun;
  private final List<String> handlers = new CopyOnWriteArrayList<>();
  private final AtomicBoolean complete = new AtomicBoolean();
  private final ScheduledExecutorService ticks = Executors.newScheduledThreadPool(2);

  /**
   * @param begun is told the name of each stream whose handler is called, and its first number
   */
  CursorFeed(Step step, Consumer<String> begun) {
    this.step = step;
    this.begun = begun;
  }

  CursorFeed(Step step) {
    this(step, name -> {});
  }

  /** Sends a number, and marks the cursor that a handler should: behind it. */
  static void sendAndMark(
      String name, ServerCallStreamObserver<StringValue> answers, StreamCursor cursor, int next) {
    answers.onNext(RecordingObserver.message(String.valueOf(next)));
    cursor.mark(bytes(next + 1));
  }

  ServerServiceDefinition service() {
    return OneWayTopology.service(this::count, answers -> answers);
  }

  /** Opens the stream of a name. */
  static RecordingObserver open(ManagedChannel channel, String name) {
    RecordingObserver answers = new RecordingObserver();
    ClientCalls.asyncServerStreamingCall(
        channel.newCall(OneWayTopology.COUNT, CallOptions.DEFAULT),
        RecordingObserver.message(name),
        answers);
    return answers;
  }

  /** The handlers that were called for a stream. */
  long handlersOf(String name) {
    return handlers.stream().filter(name::equals).count();
  }

  void complete() {
    complete.set(true);
  }

  private void count(StringValue request, StreamObserver<StringValue> answers) {
    String name = request.getValue();
    StreamCursor cursor = StreamCursor.current();
    ServerCallStreamObserver<StringValue> call = (ServerCallStreamObserver<StringValue>) answers;
    // With a handler of its own, a call that was cancelled drops messages instead of throwing.
    call.setOnCancelHandler(() -> {});
    handlers.add(name);
    int next = cursor.resumedFrom().map(CursorFeed::number).orElse(0);
    begun.accept(name + " " + next);
    tick(name, call, cursor, next);
  }

  private void tick(
      String name, ServerCallStreamObserver<StringValue> call, StreamCursor cursor, int next) {
    if (call.isCancelled()) {
      return;
    }
    if (complete.get()) {
      call.onCompleted();
      return;
    }
    boolean ready = call.isReady();
    if (ready) {
      step.send(name, call, cursor, next);
    }
    int following = ready ? next + 1 : next;
    var unused =
        ticks.schedule(
            () -> tick(name, call, cursor, following), TICK_MILLIS, TimeUnit.MILLISECONDS);
  }

  static byte[] bytes(int number) {
    return String.valueOf(number).getBytes(StandardCharsets.US_ASCII);
  }

  static int number(byte[] cursor) {
    return Integer.parseInt(new String(cursor, StandardCharsets.US_ASCII));
  }

  /** Asserts that an application has heard all numbers of such a stream, which may go on. */
  static void assertWhole(RecordingObserver stream) {
    List<String> heard = stream.heard();
    assertThat(heard).isEqualTo(numbers(heard.size()));
  }

  /** The first numbers of such a stream. */
  static List<String> numbers(int count) {
    return IntStream.range(0, count).mapToObj(String::valueOf).toList();
  }

  @Override
  public void close() {
    ticks.shutdownNow();
  }
}
