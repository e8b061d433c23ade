package dev.holdfast.bench.events;

import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.DefaultHttp2HeadersFrame;
import io.netty.handler.codec.http2.DefaultHttp2WindowUpdateFrame;
import io.netty.handler.codec.http2.Http2ChannelDuplexHandler;
import io.netty.handler.codec.http2.Http2DataFrame;
import io.netty.handler.codec.http2.Http2FrameCodec;
import io.netty.handler.codec.http2.Http2FrameCodecBuilder;
import io.netty.handler.codec.http2.Http2FrameStream;
import io.netty.handler.codec.http2.Http2FrameStreamEvent;
import io.netty.handler.codec.http2.Http2FrameStreamException;
import io.netty.handler.codec.http2.Http2GoAwayFrame;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2HeadersFrame;
import io.netty.handler.codec.http2.Http2ResetFrame;
import io.netty.handler.codec.http2.Http2Settings;
import io.netty.handler.codec.http2.Http2Stream;
import io.netty.handler.codec.http2.Http2StreamFrame;
import io.netty.util.ReferenceCountUtil;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** An HTTP/2 connection of a {@link Browser}. Confined to the browser's event loop. */
final class BrowserConnection extends Http2ChannelDuplexHandler {
  private static final String AGENT = "Mozilla/5.0 (bench) event-sources";

  private final Browser browser;
  private final Http2FrameCodec codec =
      Http2FrameCodecBuilder.forClient()
          .initialSettings(new Http2Settings().pushEnabled(false))
          .build();
  private final Map<Http2FrameStream, EventSourceReader> readers = new HashMap<>();
  private @Nullable Channel channel;

  BrowserConnection(Browser browser) {
    this.browser = browser;
  }

  /** Adds the handlers to a new channel. */
  void begin(Channel opened) {
    channel = opened;
    var unused = opened.pipeline().addLast(codec, this);
  }

  /** Sends a request for events. */
  void ask(EventSourceReader reader) {
    Channel to = Objects.requireNonNull(channel);
    Http2Headers headers =
        new DefaultHttp2Headers(false)
            .method("GET")
            .scheme("http")
            .authority("bench")
            .path(reader.path())
            .set("accept", "text/event-stream")
            .set("cache-control", "no-store")
            .set("user-agent", AGENT);
    if (!reader.lastId().isEmpty()) {
      headers.set("last-event-id", reader.lastId());
    }
    Http2FrameStream stream = newStream();
    readers.put(stream, reader);
    var unused =
        to.writeAndFlush(new DefaultHttp2HeadersFrame(headers, true).stream(stream))
            .addListener(
                written -> {
                  if (!written.isSuccess()) {
                    onEnd(stream);
                  }
                });
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object frame) {
    try {
      if (frame instanceof Http2GoAwayFrame) {
        browser.onLeaving(this);
      } else if (frame instanceof Http2StreamFrame of && of.stream() != null) {
        onFrame(ctx, of);
      }
    } finally {
      ReferenceCountUtil.release(frame);
    }
  }

  private void onFrame(ChannelHandlerContext ctx, Http2StreamFrame frame) {
    Http2FrameStream stream = frame.stream();
    EventSourceReader reader = readers.get(stream);
    if (reader == null) {
      return;
    }
    if (frame instanceof Http2HeadersFrame head) {
      if (head.headers().status() != null) {
        reader.onHead(Integer.parseInt(head.headers().status().toString()));
      }
      if (head.isEndStream()) {
        onEnd(stream);
      }
    } else if (frame instanceof Http2DataFrame data) {
      reader.onBytes(data.content());
      if (data.isEndStream()) {
        onEnd(stream);
      } else {
        var unused =
            ctx.write(
                new DefaultHttp2WindowUpdateFrame(data.initialFlowControlledBytes())
                    .stream(stream));
      }
    } else if (frame instanceof Http2ResetFrame) {
      onEnd(stream);
    }
  }

  private void onEnd(Http2FrameStream stream) {
    EventSourceReader reader = readers.remove(stream);
    if (reader != null) {
      reader.onEnd();
    }
  }

  @Override
  public void channelReadComplete(ChannelHandlerContext ctx) {
    ctx.flush();
  }

  @Override
  public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
    if (event instanceof Http2FrameStreamEvent changed
        && changed.type() == Http2FrameStreamEvent.Type.State
        && changed.stream().state() == Http2Stream.State.CLOSED) {
      // Frames of the stream that were read in the same turn come first.
      ctx.channel().eventLoop().execute(() -> onEnd(changed.stream()));
    }
  }

  @Override
  public void channelInactive(ChannelHandlerContext ctx) {
    browser.onLeaving(this);
    List<Http2FrameStream> all = new ArrayList<>(readers.keySet());
    all.forEach(this::onEnd);
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    if (cause instanceof Http2FrameStreamException failed) {
      onEnd(failed.stream());
    } else {
      var unused = ctx.close();
    }
  }
}
