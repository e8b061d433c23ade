import com.google.protobuf.StringValue;
import dev.holdfast.cli.demo.process.ScrapeTargets;
import dev.holdfast.grpc.DrainOptions;
import dev.holdfast.grpc.HoldfastChannelBuilder;
import dev.holdfast.grpc.HoldfastServer;
import dev.holdfast.grpc.HoldfastServerBuilder;
import dev.holdfast.grpc.RetryOptions;
import dev.holdfast.lab.TcpRelay;
import dev.holdfast.liveness.LivenessOptions;
import dev.holdfast.streams.DurabilityLevel;
import dev.holdfast.streams.grpc.ClientStreams;
import dev.holdfast.streams.grpc.ServerStreams;
import dev.holdfast.streams.grpc.StreamCursor;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.InsecureChannelCredentials;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.ServerCall;
import io.grpc.ServerServiceDefinition;
import io.grpc.Status;
import io.grpc.protobuf.ProtoUtils;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.ServerCalls;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/**
 * A program in which everything goes wrong that the demos have none of, so that its meters count
 * it. scripts/dashboards-check starts it; it serves its meters until its input ends.
 *
 * <pre>
 * java -cp CLASS_PATH FaultyProgram.java file:///folder
 * </pre>
 */
final class FaultyProgram {
  private static final MethodDescriptor<StringValue, StringValue> ASK =
      method("Ask", MethodDescriptor.MethodType.UNARY);
  private static final MethodDescriptor<StringValue, StringValue> TALK =
      method("Talk", MethodDescriptor.MethodType.BIDI_STREAMING);
  private static final MethodDescriptor<StringValue, StringValue> LATE =
      method("Late", MethodDescriptor.MethodType.BIDI_STREAMING);
  private static final StringValue WORD = StringValue.of("word");

  /** The request that gets no answer. */
  private static final StringValue HANG = StringValue.of("hang");

  private static final DrainOptions SHORT_DRAIN =
      DrainOptions.DEFAULT.withSpread(Duration.ofMillis(100)).withGrace(Duration.ofMillis(500));
  private static final byte[] KEY =
      "one key of both servers, for tests".getBytes(StandardCharsets.UTF_8);

  private final String registry;

  /** None is closed as long as the program is scraped. */
  private final List<Channel> channels = new ArrayList<>();

  private FaultyProgram(String registry) {
    this.registry = registry;
  }

  public static void main(String[] args) throws Exception {
    ScrapeTargets.serveAsChild();
    FaultyProgram program = new FaultyProgram(args[0]);
    program.channelWithoutList();
    program.retryBudgetSpent();
    program.callCutByDrain();
    program.connectionCheckedBeforeACall();
    program.lateHeaders();
    program.reopenedStream();
    program.movedStream();
    System.out.println("done");
    while (System.in.read() >= 0) {
      // Until whoever has started it closes it.
    }
  }

  /** The registry is away from the beginning. */
  private void channelWithoutList() {
    ask(
        open(
            HoldfastChannelBuilder.forTarget(
                "etcd://127.0.0.1:9/check/nobody", InsecureChannelCredentials.create())));
  }

  /** Five calls lose their connection, and one of them may be sent again. */
  private void retryBudgetSpent() throws Exception {
    HoldfastServer server = serve(HoldfastServerBuilder.forPort(0).addService(service()));
    TcpRelay relay = TcpRelay.toPort(server.getPort());
    RetryOptions one = new RetryOptions(2, RetryOptions.DEFAULT.backoff(), 1, 0);
    Channel channel = open(to(relay.port()).retryOptions(one));
    ask(channel);
    for (int i = 0; i < 5; i++) {
      var unused = ClientCalls.futureUnaryCall(channel.newCall(ASK, CallOptions.DEFAULT), HANG);
    }
    TimeUnit.SECONDS.sleep(1);
    relay.cut();
  }

  /** A call outlives the grace time of its server. */
  private void callCutByDrain() throws Exception {
    HoldfastServer server =
        serve(
            HoldfastServerBuilder.forPort(0)
                .addService(service())
                .register(registry + "/cut")
                .drain(SHORT_DRAIN));
    Channel channel = open(to(server.getPort()));
    ask(channel);
    var unused = ClientCalls.futureUnaryCall(channel.newCall(ASK, CallOptions.DEFAULT), HANG);
    TimeUnit.SECONDS.sleep(1);
    server.shutdown().awaitTermination(30, TimeUnit.SECONDS);
  }

  /**
   * A connection that was silent, and goes nowhere any more, has to answer before it gets a call.
   */
  private void connectionCheckedBeforeACall() throws Exception {
    HoldfastServer server = serve(HoldfastServerBuilder.forPort(0).addService(service()));
    TcpRelay relay = TcpRelay.toPort(server.getPort());
    LivenessOptions careful = LivenessOptions.DEFAULT.withSafeIdle(Duration.ofSeconds(2));
    Channel channel = open(to(relay.port()).liveness(careful));
    ask(channel);
    TimeUnit.SECONDS.sleep(4);
    relay.stall();
    ask(channel);
  }

  /** A handler sends its response headers behind the welcome. */
  private void lateHeaders() throws Exception {
    ServerStreams streams = ServerStreams.builder().tokenKey(KEY).build();
    HoldfastServer server =
        serve(HoldfastServerBuilder.forPort(0).addService(streams.resumable(service())));
    talk(open(to(server.getPort()).intercept(ClientStreams.builder().build())), LATE);
    TimeUnit.SECONDS.sleep(2);
  }

  /** A stream to a server without sessions loses its connection. */
  private void reopenedStream() throws Exception {
    HoldfastServer server = serve(HoldfastServerBuilder.forPort(0).addService(service()));
    TcpRelay relay = TcpRelay.toPort(server.getPort());
    ClientStreams streams = ClientStreams.builder().level(DurabilityLevel.REOPEN).build();
    talk(open(to(relay.port()).intercept(streams)), TALK);
    TimeUnit.SECONDS.sleep(1);
    relay.cut();
  }

  /** A stream whose handler marks a cursor is older than its server permits. */
  private void movedStream() throws Exception {
    for (int i = 0; i < 2; i++) {
      ServerStreams streams =
          ServerStreams.builder().tokenKey(KEY).maxStreamAge(Duration.ofSeconds(2)).build();
      serve(
          HoldfastServerBuilder.forPort(0)
              .addService(streams.resumable(service()))
              .register(registry + "/moving"));
    }
    Channel channel =
        open(
            HoldfastChannelBuilder.forTarget(
                    registry + "/moving", InsecureChannelCredentials.create())
                .intercept(ClientStreams.builder().build()));
    StreamObserver<StringValue> requests = talk(channel, TALK);
    for (int i = 0; i < 15; i++) {
      TimeUnit.SECONDS.sleep(1);
      requests.onNext(WORD);
    }
  }

  private Channel open(HoldfastChannelBuilder builder) {
    Channel channel = builder.build();
    channels.add(channel);
    return channel;
  }

  private static HoldfastServer serve(HoldfastServerBuilder builder) throws IOException {
    return builder.build().start();
  }

  private static HoldfastChannelBuilder to(int port) {
    return HoldfastChannelBuilder.forTarget(
        "dns:///127.0.0.1:" + port, InsecureChannelCredentials.create());
  }

  private static void ask(Channel channel) {
    CallOptions options = CallOptions.DEFAULT.withDeadlineAfter(5, TimeUnit.SECONDS);
    try {
      System.out.println(ClientCalls.blockingUnaryCall(channel, ASK, options, WORD).getValue());
    } catch (io.grpc.StatusRuntimeException e) {
      System.out.println(e.getStatus());
    }
  }

  private static StreamObserver<StringValue> talk(
      Channel channel, MethodDescriptor<StringValue, StringValue> method) {
    StreamObserver<StringValue> requests =
        ClientCalls.asyncBidiStreamingCall(
            channel.newCall(method, CallOptions.DEFAULT), new Printing());
    requests.onNext(WORD);
    return requests;
  }

  private static ServerServiceDefinition service() {
    return ServerServiceDefinition.builder("check.Faults")
        .addMethod(
            ASK,
            ServerCalls.asyncUnaryCall(
                (word, answer) -> {
                  if (!word.equals(HANG)) {
                    answer.onNext(word);
                    answer.onCompleted();
                  }
                }))
        .addMethod(TALK, ServerCalls.asyncBidiStreamingCall(Marking::new))
        .addMethod(LATE, FaultyProgram::late)
        .build();
  }

  private static ServerCall.Listener<StringValue> late(
      ServerCall<StringValue, StringValue> call, Metadata headers) {
    call.request(10);
    return new ServerCall.Listener<>() {
      @Override
      public void onMessage(StringValue message) {
        CompletableFuture.delayedExecutor(500, TimeUnit.MILLISECONDS)
            .execute(
                () -> {
                  Metadata own = new Metadata();
                  own.put(Metadata.Key.of("late", Metadata.ASCII_STRING_MARSHALLER), "yes");
                  call.sendHeaders(own);
                  call.sendMessage(message);
                });
      }
    };
  }

  /** Says messages back, and marks a cursor behind each where streams have one. */
  private static final class Marking implements StreamObserver<StringValue> {
    private final StreamObserver<StringValue> answers;
    private final StreamCursor cursor = StreamCursor.current();

    Marking(StreamObserver<StringValue> answers) {
      this.answers = answers;
    }

    @Override
    public void onNext(StringValue word) {
      answers.onNext(word);
      cursor.mark(word.toByteArray());
    }

    @Override
    public void onError(Throwable failure) {
      // The stream goes on elsewhere, or its client is gone.
    }

    @Override
    public void onCompleted() {
      answers.onCompleted();
    }
  }

  private static final class Printing implements StreamObserver<StringValue> {
    @Override
    public void onNext(StringValue word) {
      System.out.println(word.getValue());
    }

    @Override
    public void onError(Throwable failure) {
      System.out.println(Status.fromThrowable(failure));
    }

    @Override
    public void onCompleted() {
      System.out.println("completed");
    }
  }

  /** Such methods may be called again, as calls and as streams. */
  private static MethodDescriptor<StringValue, StringValue> method(
      String name, MethodDescriptor.MethodType type) {
    return MethodDescriptor.<StringValue, StringValue>newBuilder()
        .setType(type)
        .setFullMethodName("check.Faults/" + name)
        .setRequestMarshaller(ProtoUtils.marshaller(StringValue.getDefaultInstance()))
        .setResponseMarshaller(ProtoUtils.marshaller(StringValue.getDefaultInstance()))
        .setSafe(true)
        .setIdempotent(true)
        .build();
  }
}
