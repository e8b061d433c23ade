package dev.holdfast.duplex.conformance.reference;

import dev.holdfast.core.JsonTextWriter;
import dev.holdfast.duplex.conformance.implementation.JsonLine;
import dev.holdfast.duplex.conformance.wire.TextMessage;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.Reader;
import java.io.Writer;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The adapter of the reference server: it shows that the kit passes who keeps to the document. */
public final class ReferenceAdapter {
  private static final List<String> OPTIONS =
      List.of(
          "tokenKey",
          "address",
          "principalHeader",
          "onlyInstance",
          "reading",
          "ttlMs",
          "ackEvery",
          "ackDelayMs",
          "receiveMessages",
          "sendMessages",
          "drain",
          "cursor",
          "no-side-effects",
          "server-streaming",
          "client-streaming");

  private final PrintWriter out;
  private final Set<ServerFault> faults;
  private final Map<String, Handler> handlers = new HashMap<>();
  private @Nullable ReferenceServer server;
  private int streams;

  /**
   * Creates an adapter.
   *
   * @param out takes its events
   * @param faults mistakes that its servers make
   */
  public ReferenceAdapter(Writer out, Set<ServerFault> faults) {
    this.out = new PrintWriter(out, true);
    this.faults = Set.copyOf(faults);
  }

  /** Reads commands until the input ends. */
  public void run(Reader in) throws IOException {
    BufferedReader lines = new BufferedReader(in);
    for (String line = lines.readLine(); line != null; line = lines.readLine()) {
      try {
        command(JsonLine.parse(line));
      } catch (IOException | RuntimeException e) {
        event("error", "message", String.valueOf(e));
      }
    }
    reset();
  }

  private void command(JsonLine command) throws IOException {
    switch (command.text("do")) {
      case "describe" -> event("describe", "name", "reference", "options", OPTIONS);
      case "listen" -> {
        ReferenceServer started =
            new ReferenceServer(
                new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                ReferenceOptions.of(command.object("options"), faults),
                this::begin);
        server = started;
        event("listening", "port", (long) started.port());
      }
      case "reset" -> {
        reset();
        event("reset");
      }
      case "drain" -> listening().drain(command.number("graceMs"));
      default -> listening().locked(() -> handler(command).command(command));
    }
  }

  private ReferenceServer listening() {
    ReferenceServer started = server;
    if (started == null) {
      throw new IllegalStateException("no server (expected: listen before)");
    }
    return started;
  }

  private Handler handler(JsonLine command) {
    Handler handler = handlers.get(command.text("stream"));
    if (handler == null) {
      throw new IllegalArgumentException("stream: " + command.text("stream") + " (expected: one)");
    }
    return handler;
  }

  private void reset() {
    ReferenceServer started = server;
    if (started != null) {
      started.close();
      server = null;
    }
  }

  private ReferenceHandler begin(ReferenceStream stream, @Nullable String cursor) {
    streams++;
    Handler handler = new Handler("h" + streams, stream);
    handlers.put(handler.name, handler);
    if (cursor == null) {
      event("opened", "stream", handler.name);
    } else {
      event("opened", "stream", handler.name, "cursor", cursor);
    }
    return handler;
  }

  private void event(String event, Object... fields) {
    Map<String, Object> line = new LinkedHashMap<>();
    line.put("event", event);
    for (int i = 0; i < fields.length; i += 2) {
      line.put((String) fields[i], fields[i + 1]);
    }
    String text = new JsonTextWriter().value(line).toString();
    synchronized (out) {
      out.println(text);
    }
  }

  /** The application of one stream. */
  private final class Handler implements ReferenceHandler {
    private final String name;
    private final ReferenceStream stream;
    private final Deque<JsonLine> pending = new ArrayDeque<>();

    Handler(String name, ReferenceStream stream) {
      this.name = name;
      this.stream = stream;
    }

    void command(JsonLine command) {
      if (command.text("do").equals("read")) {
        stream.read((int) command.number("count"));
      } else {
        pending.add(command);
        onReady();
      }
    }

    @Override
    public void onReady() {
      while (!pending.isEmpty() && stream.isReady()) {
        JsonLine next = pending.remove();
        String text = next.text("text");
        switch (next.text("do")) {
          case "send" -> {
            stream.send(TextMessage.encode(TextMessage.filled(text, (int) next.number("size"))));
            event("sent", "stream", name, "text", text);
          }
          case "mark" -> {
            stream.mark(next.text("cursor"));
            event("marked", "stream", name);
          }
          default -> {
            Map<String, String> trailers = new LinkedHashMap<>();
            next.object("trailers").fields().forEach((k, v) -> trailers.put(k, v.toString()));
            stream.finish(next.number("status"), next.text("description"), trailers);
          }
        }
      }
    }

    @Override
    public void onMessage(byte[] message) {
      event("message", "stream", name, "text", TextMessage.decode(message));
    }

    @Override
    public void onHalfClose() {
      event("half-closed", "stream", name);
    }

    @Override
    public void onEnd(String reason) {
      event("closed", "stream", name, "reason", reason);
    }
  }
}
