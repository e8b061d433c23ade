package dev.holdfast.cli.console;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.core.testkit.VirtualScheduler;
import io.netty.buffer.ByteBuf;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.http.HttpContent;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

/** A browser that does not read. */
class EventStreamTest {
  private final VirtualScheduler time = new VirtualScheduler();
  private final EmbeddedChannel channel = new EmbeddedChannel();
  private final EventStream stream = new EventStream(channel, time.clock()::nanoTime);

  @Test
  void slowBrowserGetsTheNewestEventOnly() {
    setWritable(false);
    for (int i = 0; i < 1_000; i++) {
      stream.offer("rows", "{\"number\":" + i + "}");
      channel.runPendingTasks();
    }
    assertThat(channel.<Object>readOutbound()).isNull();

    setWritable(true);
    stream.onWritable();
    channel.runPendingTasks();
    assertThat(text()).isEqualTo("event: rows\ndata: {\"number\":999}\n\n");
    assertThat(channel.<Object>readOutbound()).isNull();
  }

  @Test
  void heartbeatIsACommentAndNothingToABrowserThatIsBehind() {
    stream.heartbeat();
    channel.runPendingTasks();
    assertThat(text()).isEqualTo(":\n\n");

    setWritable(false);
    stream.offer("rows", "{}");
    stream.heartbeat();
    channel.runPendingTasks();
    assertThat(channel.<Object>readOutbound()).isNull();
  }

  @Test
  void browserThatNeverReadsIsLeft() {
    setWritable(false);
    stream.offer("rows", "{}");
    channel.runPendingTasks();
    time.advance(EventStream.UNREAD_PATIENCE);
    stream.offer("rows", "{}");
    channel.runPendingTasks();
    assertThat(stream.isOpen()).isTrue();

    time.advance(java.time.Duration.ofNanos(1));
    stream.offer("rows", "{}");
    channel.runPendingTasks();
    assertThat(stream.isOpen()).isFalse();
  }

  private void setWritable(boolean writable) {
    channel.config().setWriteBufferWaterMark(new WriteBufferWaterMark(1, 2));
    channel.unsafe().outboundBuffer().setUserDefinedWritability(1, writable);
    channel.runPendingTasks();
  }

  private String text() {
    HttpContent content = channel.readOutbound();
    ByteBuf bytes = content.content();
    try {
      return bytes.toString(StandardCharsets.UTF_8);
    } finally {
      content.release();
    }
  }
}
