package dev.holdfast.gateway.access;

import dev.holdfast.gateway.call.HttpExchange;
import dev.holdfast.gateway.call.HttpRequestHandler;
import dev.holdfast.gateway.headers.CallEnd;
import dev.holdfast.gateway.headers.ClientIdentity;
import dev.holdfast.gateway.limits.MemoryAccount;
import dev.holdfast.gateway.loop.ForwardingLoop;
import dev.holdfast.gateway.traffic.CallRecord;
import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.http2.Http2Headers;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** An exchange with a frontend that is logged when its response is complete or aborted. */
final class LoggedExchange implements HttpExchange {
  /** The logged status of a client that left before its response, as in nginx. */
  private static final int CLIENT_LEFT = 499;

  private final HttpExchange web;
  private final Consumer<AccessLogEntry> log;
  private final long beganNanos = System.nanoTime();
  private @Nullable CallRecord call;
  private int status;
  private long requestBytes;
  private long answerBytes;
  private boolean over;

  LoggedExchange(HttpExchange web, Consumer<AccessLogEntry> log) {
    this.web = web;
    this.log = log;
  }

  HttpRequestHandler handledBy(HttpRequestHandler handler) {
    return new Handler(handler);
  }

  @Override
  public void onCall(CallRecord trace) {
    call = trace;
    // Its end is not that of the request; while it goes on the request does.
    trace.setSink(
        told -> {
          if (told.status() == null) {
            log.accept(entry());
          }
        });
  }

  @Override
  public Http2Headers headers() {
    return web.headers();
  }

  @Override
  public ForwardingLoop loop() {
    return web.loop();
  }

  @Override
  public ClientIdentity clientIdentity() {
    return web.clientIdentity();
  }

  @Override
  public MemoryAccount memory() {
    return web.memory();
  }

  @Override
  public String malformed() {
    return web.malformed();
  }

  @Override
  public boolean isDuplex() {
    return web.isDuplex();
  }

  @Override
  public boolean isWebSocketUpgrade() {
    return web.isWebSocketUpgrade();
  }

  @Override
  public void giveBack(int bytes) {
    web.giveBack(bytes);
  }

  @Override
  public void answer(Http2Headers head, byte[] body) {
    web.answer(head, body);
    status = statusOf(head);
    answerBytes += body.length;
    end();
  }

  @Override
  public void begin(Http2Headers head) {
    web.begin(head);
    status = statusOf(head);
  }

  @Override
  public void write(byte[] body, boolean last) {
    web.write(body, last);
    answerBytes += body.length;
    if (last) {
      end();
    }
  }

  @Override
  public void writeText(byte[] text) {
    web.writeText(text);
    answerBytes += text.length;
  }

  @Override
  public void end(byte[] body, CallEnd ended) {
    web.end(body, ended);
    answerBytes += body.length;
    end();
  }

  @Override
  public boolean isWritable() {
    return web.isWritable();
  }

  @Override
  public void abort() {
    web.abort();
    end();
  }

  @Override
  public CharSequence path() {
    return web.path();
  }

  @Override
  public CharSequence authority() {
    return web.authority();
  }

  @Override
  public @Nullable CharSequence header(CharSequence name) {
    return web.header(name);
  }

  private void end() {
    if (!over) {
      over = true;
      log.accept(entry());
    }
  }

  private AccessLogEntry entry() {
    AccessLogEntry.TransferredBytes transferredBytes =
        new AccessLogEntry.TransferredBytes(requestBytes, answerBytes);
    int known = status == 0 && over ? CLIENT_LEFT : status;
    return AccessLogEntry.of(web, call, known, transferredBytes, System.nanoTime() - beganNanos);
  }

  private static int statusOf(Http2Headers head) {
    CharSequence status = head.status();
    return status == null ? 0 : Integer.parseInt(status.toString());
  }

  /** Counts the body, and sees the client leave. */
  private final class Handler implements HttpRequestHandler {
    private final HttpRequestHandler handler;

    Handler(HttpRequestHandler handler) {
      this.handler = handler;
    }

    @Override
    public void onData(ByteBuf data, int bytes, boolean end) {
      requestBytes += data.readableBytes();
      handler.onData(data, bytes, end);
    }

    @Override
    public void onGone() {
      handler.onGone();
      end();
    }

    @Override
    public void onWritable() {
      handler.onWritable();
    }

    @Override
    public void onOverload() {
      handler.onOverload();
    }

    @Override
    public void onLeave() {
      handler.onLeave();
    }
  }
}
