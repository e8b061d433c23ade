package dev.holdfast.bench.duplex;

import com.google.protobuf.BytesValue;
import dev.holdfast.core.Scheduler;
import dev.holdfast.core.SystemScheduler;
import dev.holdfast.duplex.conformance.implementation.JsonLine;
import dev.holdfast.duplex.conformance.peer.PeerMethods;
import dev.holdfast.streams.grpc.ServerStreams;
import dev.holdfast.streams.grpc.SessionEndedException;
import dev.holdfast.streams.grpc.StreamCursor;
import io.grpc.Context;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Server;
import io.grpc.ServerCall;
import io.grpc.ServerServiceDefinition;
import io.grpc.Status;
import io.grpc.netty.NettyServerBuilder;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HexFormat;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;

/** A server under test, and the handlers of its streams. */
final class ServerAdapter implements AutoCloseable {
  private static final AtomicInteger NUMBERS = new AtomicInteger();
  private static final int LARGEST_MESSAGE = 16 << 20;
  private static final Duration DRAIN_POLL = Duration.ofMillis(20);
  private static final Scheduler SCHEDULER = SystemScheduler.shared();

  private final AdapterOutput out;
  private final boolean byHand;
  private final ServerStreams streams;
  private final Server server;
  private final Map<String, HandlerAdapter> handlers = new ConcurrentHashMap<>();
  private volatile boolean closed;

  ServerAdapter(AdapterOutput out, JsonLine options) throws IOException {
    this.out = out;
    byHand = options.text("reading").equals("manual");
    ServerStreams.Builder builder = ServerStreams.builder().options(AdapterOptions.of(options));
    if (!options.text("tokenKey").isEmpty()) {
      builder.tokenKey(HexFormat.of().parseHex(options.text("tokenKey")));
    }
    builder.address(options.text("address"));
    if (options.number("onlyInstance") == 1) {
      builder.onlyInstance();
    }
    if (!options.text("principalHeader").isEmpty()) {
      Metadata.Key<String> key =
          Metadata.Key.of(options.text("principalHeader"), Metadata.ASCII_STRING_MARSHALLER);
      builder.principal((attributes, headers) -> headers.containsKey(key) ? headers.get(key) : "");
    }
    streams = builder.build();
    MethodDescriptor<BytesValue, BytesValue> talk = TextMethod.of(PeerMethods.TALK);
    ServerServiceDefinition service =
        ServerServiceDefinition.builder(talk.getServiceName())
            .addMethod(talk, this::startCall)
            .addMethod(TextMethod.of(PeerMethods.LIST), this::startCall)
            .addMethod(TextMethod.of(PeerMethods.COLLECT), this::startCall)
            .build();
    server =
        NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
            .maxInboundMessageSize(LARGEST_MESSAGE)
            .addService(streams.resumable(service))
            .build()
            .start();
    out.event("listening", "port", server.getPort());
  }

  private ServerCall.Listener<BytesValue> startCall(
      ServerCall<BytesValue, BytesValue> call, Metadata headers) {
    HandlerAdapter handler = new HandlerAdapter("h" + NUMBERS.incrementAndGet(), call);
    call.sendHeaders(new Metadata());
    handlers.put(handler.stream, handler);
    handler.cursor.resumedFrom().ifPresentOrElse(handler::openedFrom, handler::opened);
    if (!byHand) {
      call.request(1);
    }
    return handler;
  }

  void command(JsonLine command) {
    if (command.text("do").equals("drain")) {
      streams.drain(Duration.ofMillis(command.number("graceMs")));
      awaitDrained();
      return;
    }
    HandlerAdapter handler = handlers.get(command.text("stream"));
    if (handler == null) {
      throw new IllegalArgumentException("stream: " + command.text("stream") + " (expected: one)");
    }
    handler.command(command);
  }

  private void awaitDrained() {
    if (closed) {
      return;
    }
    if (streams.sessions().isEmpty()) {
      out.event("drained", "port", server.getPort());
    } else {
      var unused = SCHEDULER.schedule(DRAIN_POLL, this::awaitDrained);
    }
  }

  @Override
  public void close() {
    closed = true;
    server.shutdownNow();
    streams.close();
  }

  /** The handler of one stream. */
  private final class HandlerAdapter extends ServerCall.Listener<BytesValue> {
    private final String stream;
    private final ServerCall<BytesValue, BytesValue> call;
    private final PendingSends sends;
    private final Context context = Context.current();
    private final StreamCursor cursor = StreamCursor.current();

    HandlerAdapter(String stream, ServerCall<BytesValue, BytesValue> call) {
      this.stream = stream;
      this.call = call;
      sends = new PendingSends(out, stream, call::isReady, call::sendMessage);
    }

    void opened() {
      out.event("opened", "stream", stream);
    }

    void openedFrom(byte[] mark) {
      String text = new String(mark, StandardCharsets.UTF_8);
      out.event("opened", "stream", stream, "cursor", text);
    }

    void command(JsonLine command) {
      switch (command.text("do")) {
        case "send" -> sends.send(command);
        case "mark" -> sends.add(() -> mark(command));
        case "read" -> call.request((int) command.number("count"));
        case "finish" -> sends.add(() -> finish(command));
        default -> throw new IllegalArgumentException("do: " + command.text("do"));
      }
    }

    private void mark(JsonLine command) {
      cursor.mark(command.text("cursor").getBytes(StandardCharsets.UTF_8));
      out.event("marked", "stream", stream);
    }

    private void finish(JsonLine command) {
      Metadata trailers = new Metadata();
      command
          .object("trailers")
          .fields()
          .forEach(
              (key, value) ->
                  trailers.put(
                      Metadata.Key.of(key, Metadata.ASCII_STRING_MARSHALLER), value.toString()));
      Status status = Status.fromCodeValue((int) command.number("status"));
      call.close(status.withDescription(command.text("description")), trailers);
    }

    @Override
    public void onMessage(BytesValue message) {
      out.event("message", "stream", stream, "text", message.getValue().toStringUtf8());
      if (!byHand) {
        call.request(1);
      }
    }

    @Override
    public void onHalfClose() {
      out.event("half-closed", "stream", stream);
    }

    @Override
    public void onReady() {
      sends.flush();
    }

    @Override
    public void onCancel() {
      Throwable cause = context.cancellationCause();
      // The deadline of the context may be noticed before that of the session.
      String reason =
          SessionEndedException.in(cause)
              .map(ended -> ended.end().kind().name().replace("LOST_", ""))
              .orElse(cause instanceof TimeoutException ? "DEADLINE" : "CANCELLED");
      out.event("closed", "stream", stream, "reason", reason);
    }

    @Override
    public void onComplete() {
      out.event("closed", "stream", stream, "reason", "FINISHED");
    }
  }
}
