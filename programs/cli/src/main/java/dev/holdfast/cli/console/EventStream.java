package dev.holdfast.cli.console;

import dev.holdfast.core.annotation.Limit;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.handler.codec.http.DefaultHttpContent;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The server-sent events of one browser. Each event replaces the one before, so a browser that
 * reads slowly gets the newest, and holds no memory. Thread-safe.
 */
final class EventStream implements ConsoleFeed.Subscriber {
  @Limit(
      of = "time for which a browser of the console may leave its events unread",
      then = "its connection is closed; the page connects again")
  static final Duration UNREAD_PATIENCE = Duration.ofSeconds(60);

  /** An event stream's comment, which browsers skip. */
  private static final String COMMENT = ":\n\n";

  private final Channel channel;
  private final LongSupplier nanoTime;
  // Touched on the channel's event loop only.
  private @Nullable String waiting;
  private long waitingSinceNanos;

  EventStream(Channel channel, LongSupplier nanoTime) {
    this.channel = channel;
    this.nanoTime = nanoTime;
  }

  @Override
  public boolean isOpen() {
    return channel.isActive();
  }

  @Override
  public void offer(String event, String json) {
    String text = "event: " + event + "\ndata: " + json + "\n\n";
    channel.eventLoop().execute(() -> write(text));
  }

  @Override
  public void heartbeat() {
    channel
        .eventLoop()
        .execute(
            () -> {
              if (channel.isWritable()) {
                send(COMMENT);
              }
            });
  }

  /** Called when the channel can take more. On the event loop. */
  void onWritable() {
    String text = waiting;
    if (text != null && channel.isWritable()) {
      waiting = null;
      send(text);
    }
  }

  private void write(String text) {
    if (channel.isWritable()) {
      waiting = null;
      send(text);
      return;
    }
    if (waiting == null) {
      waitingSinceNanos = nanoTime.getAsLong();
    } else if (nanoTime.getAsLong() - waitingSinceNanos > UNREAD_PATIENCE.toNanos()) {
      var unused = channel.close();
      return;
    }
    waiting = text;
  }

  private void send(String text) {
    var unused =
        channel.writeAndFlush(
            new DefaultHttpContent(Unpooled.wrappedBuffer(text.getBytes(StandardCharsets.UTF_8))));
  }

  /** For messages. */
  @Override
  public String toString() {
    return "EventStream{" + channel.remoteAddress() + "}";
  }
}
