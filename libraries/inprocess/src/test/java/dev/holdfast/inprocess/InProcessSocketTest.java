package dev.holdfast.inprocess;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Calls over WebSockets to handlers of the same process, by the JDK's client. */
final class InProcessSocketTest {
  @Test
  void bothSidesTalkAsTheyLike() throws Exception {
    try (InProcessRig rig = new InProcessRig()) {
      Heard heard = new Heard();
      WebSocket socket =
          HttpClient.newHttpClient()
              .newWebSocketBuilder()
              .subprotocols("grpc+json")
              .header("x-token", "me")
              .buildAsync(
                  URI.create(
                      "ws://127.0.0.1:"
                          + rig.http.address().getPort()
                          + "/test.inprocess.Greeter/Chat"),
                  heard)
              .get(InProcessRig.PATIENCE.toSeconds(), TimeUnit.SECONDS);
      for (String name : new String[] {"a", "b"}) {
        socket.sendText("{\"name\":\"" + name + "\"}", true).join();
        assertThat(heard.next()).contains("hello " + name);
      }
      socket.sendText("", true).join();

      assertThat(heard.next()).startsWith("{\"@status\":{\"code\":0");
      assertThat(heard.next()).isEqualTo("close 1000");
    }
  }

  /** What the socket says, in whole messages. */
  private static final class Heard implements WebSocket.Listener {
    private final BlockingQueue<String> messages = new LinkedBlockingQueue<>();
    private final StringBuilder parts = new StringBuilder();

    @Override
    public @Nullable CompletionStage<?> onText(WebSocket socket, CharSequence text, boolean last) {
      parts.append(text);
      if (last) {
        messages.add(parts.toString());
        parts.setLength(0);
      }
      socket.request(1);
      return null;
    }

    @Override
    public @Nullable CompletionStage<?> onClose(WebSocket socket, int code, String reason) {
      messages.add("close " + code);
      return null;
    }

    String next() throws InterruptedException {
      String message = messages.poll(InProcessRig.PATIENCE.toSeconds(), TimeUnit.SECONDS);
      return message == null ? "nothing" : message;
    }
  }
}
