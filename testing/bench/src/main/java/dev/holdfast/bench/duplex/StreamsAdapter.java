package dev.holdfast.bench.duplex;

import dev.holdfast.duplex.conformance.implementation.JsonLine;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The adapter of the Java libraries to the conformance kit (docs/duplex-conformance.md): commands
 * on standard input, events on standard output.
 */
public final class StreamsAdapter {
  private AdapterOutput out = AdapterOutput.to(System.out);
  private final Map<String, ClientStreamAdapter> clients = new HashMap<>();
  private @Nullable ServerAdapter server;

  private StreamsAdapter() {}

  /** Reads commands until standard input ends. */
  public static void main(String[] args) throws IOException {
    StreamsAdapter adapter = new StreamsAdapter();
    BufferedReader in =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line = in.readLine(); line != null; line = in.readLine()) {
      try {
        adapter.command(JsonLine.parse(line));
      } catch (IOException | RuntimeException e) {
        adapter.out.event("error", "message", String.valueOf(e));
      }
    }
    System.exit(0);
  }

  private void command(JsonLine command) throws IOException {
    switch (command.text("do")) {
      case "describe" -> out.event("describe", "name", "java", "options", AdapterOptions.SUPPORTED);
      case "open" -> {
        ClientStreamAdapter client =
            new ClientStreamAdapter(out, command, clients.get(command.text("channel")));
        clients.put(command.text("stream"), client);
        client.start();
      }
      case "listen" -> server = new ServerAdapter(out, command.object("options"));
      case "reset" -> {
        clients.values().forEach(ClientStreamAdapter::close);
        clients.clear();
        if (server != null) {
          server.close();
          server = null;
        }
        // Callbacks of streams that have ended may still be on their way.
        out = out.reset();
        out.event("reset");
      }
      default -> {
        ClientStreamAdapter client = clients.get(command.text("stream"));
        if (client != null) {
          client.command(command);
        } else if (server != null) {
          server.command(command);
        } else {
          throw new IllegalArgumentException(command + " (expected: an open stream)");
        }
      }
    }
  }
}
