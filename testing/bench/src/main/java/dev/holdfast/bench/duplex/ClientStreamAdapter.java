package dev.holdfast.bench.duplex;

import com.google.protobuf.BytesValue;
import dev.holdfast.duplex.conformance.implementation.JsonLine;
import dev.holdfast.streams.SessionEnd;
import dev.holdfast.streams.grpc.ClientStreams;
import dev.holdfast.streams.grpc.SessionEndedException;
import dev.holdfast.streams.grpc.StreamEvents;
import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.ClientInterceptors;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.netty.NettyChannelBuilder;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** A stream of a client under test, with a channel of its own or that of another stream. */
final class ClientStreamAdapter extends ClientCall.Listener<BytesValue> implements AutoCloseable {
  private static final String LOST = "LOST_";

  private final AdapterOutput out;
  private final String stream;
  private final boolean byHand;
  private final ClientStreams streams;
  private final ManagedChannel channel;
  private final List<ManagedChannel> channels = new CopyOnWriteArrayList<>();
  private final MethodDescriptor<BytesValue, BytesValue> method;
  private final ClientCall<BytesValue, BytesValue> call;
  private final PendingSends sends;

  /**
   * Creates a stream.
   *
   * @param shared the stream whose channel it uses; null for a channel of its own
   */
  ClientStreamAdapter(AdapterOutput out, JsonLine command, @Nullable ClientStreamAdapter shared) {
    this.out = out;
    stream = command.text("stream");
    JsonLine options = command.object("options");
    byHand = options.text("reading").equals("manual");
    streams =
        shared == null
            ? ClientStreams.builder()
                .options(AdapterOptions.of(options))
                .redirects((address, usual) -> channelTo(address))
                .build()
            : shared.streams;
    channel = shared == null ? channelTo(command.text("target")) : shared.channel;
    method = TextMethod.of(command.text("method"));
    Moves moves = new Moves(options.number("restart") == 1);
    CallOptions callOptions = CallOptions.DEFAULT.withOption(StreamEvents.KEY, moves);
    if (options.number("deadlineMs") > 0) {
      callOptions =
          callOptions.withDeadlineAfter(options.number("deadlineMs"), TimeUnit.MILLISECONDS);
    }
    call = ClientInterceptors.intercept(channel, streams).newCall(method, callOptions);
    sends = new PendingSends(out, stream, call::isReady, call::sendMessage);
  }

  void start() {
    call.start(this, new Metadata());
    if (!byHand) {
      call.request(1);
    }
  }

  void command(JsonLine command) {
    switch (command.text("do")) {
      case "send" -> {
        sends.send(command);
        if (method.getType().clientSendsOneMessage()) {
          sends.add(call::halfClose);
        }
      }
      case "half-close" -> sends.add(call::halfClose);
      case "cancel" -> call.cancel("cancelled by the scenario", null);
      case "read" -> call.request((int) command.number("count"));
      default -> throw new IllegalArgumentException("do: " + command.text("do"));
    }
  }

  @Override
  public void onMessage(BytesValue message) {
    out.event("message", "stream", stream, "text", message.getValue().toStringUtf8());
    if (!byHand) {
      call.request(1);
    }
  }

  @Override
  public void onReady() {
    sends.flush();
  }

  @Override
  public void onClose(Status status, Metadata trailers) {
    SessionEnd end =
        SessionEndedException.in(status.getCause()).map(SessionEndedException::end).orElse(null);
    if (end != null && end.kind().isLost()) {
      out.event(
          "lost",
          "stream",
          stream,
          "reason",
          end.kind().name().substring(LOST.length()),
          "status",
          status.getCode().value(),
          "processed",
          end.processedByPeer());
    } else if (end == null || end.kind() != SessionEnd.SessionEndKind.MOVED) {
      String description = status.getDescription();
      out.event(
          "ended",
          "stream",
          stream,
          "status",
          status.getCode().value(),
          "description",
          description == null ? "" : description,
          "trailers",
          texts(trailers));
    }
  }

  static Map<String, String> texts(Metadata metadata) {
    Map<String, String> texts = new LinkedHashMap<>();
    for (String key : new ArrayList<>(metadata.keys())) {
      String value =
          key.endsWith(Metadata.BINARY_HEADER_SUFFIX)
              ? null
              : metadata.get(Metadata.Key.of(key, Metadata.ASCII_STRING_MARSHALLER));
      if (value != null) {
        texts.put(key, value);
      }
    }
    return texts;
  }

  @Override
  public void close() {
    streams.close();
    channels.forEach(ManagedChannel::shutdownNow);
  }

  private ManagedChannel channelTo(String target) {
    ManagedChannel channel = NettyChannelBuilder.forTarget(target).usePlaintext().build();
    channels.add(channel);
    return channel;
  }

  /** The listener of what no status of the call says. */
  private final class Moves implements StreamEvents {
    private final boolean acceptsRestart;

    Moves(boolean acceptsRestart) {
      this.acceptsRestart = acceptsRestart;
    }

    @Override
    public boolean acceptsRestart() {
      return acceptsRestart;
    }

    @Override
    public void onRestarted(long messages) {
      out.event("restarted", "stream", stream, "messages", messages);
    }

    @Override
    public void onMoved(long lastProcessed) {
      out.event("moved", "stream", stream, "processed", lastProcessed);
    }
  }
}
