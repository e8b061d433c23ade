package dev.holdfast.gateway.resume;

import dev.holdfast.gateway.call.HttpExchange;
import dev.holdfast.gateway.headers.ClientIdentity;
import dev.holdfast.gateway.limits.MemoryAccount;
import dev.holdfast.gateway.loop.ForwardingLoop;
import io.netty.handler.codec.http2.Http2Headers;
import org.jspecify.annotations.Nullable;

/**
 * The request that began a resumable stream, for the call that outlives it. Its bytes are charged
 * to an account of their own; it has no response.
 */
final class DetachedExchange implements HttpExchange {
  private final HttpExchange first;
  private final MemoryAccount memory;

  DetachedExchange(HttpExchange first, MemoryAccount memory) {
    this.first = first;
    this.memory = memory;
  }

  @Override
  public Http2Headers headers() {
    return first.headers();
  }

  @Override
  public ForwardingLoop loop() {
    return first.loop();
  }

  @Override
  public ClientIdentity clientIdentity() {
    return first.clientIdentity();
  }

  @Override
  public MemoryAccount memory() {
    return memory;
  }

  @Override
  public CharSequence path() {
    return first.path();
  }

  @Override
  public CharSequence authority() {
    return first.authority();
  }

  @Override
  public @Nullable CharSequence header(CharSequence name) {
    return first.header(name);
  }

  @Override
  public boolean isDuplex() {
    return true;
  }

  @Override
  public boolean isWritable() {
    return true;
  }

  @Override
  public void giveBack(int bytes) {
    throw noResponse();
  }

  @Override
  public void answer(Http2Headers head, byte[] body) {
    throw noResponse();
  }

  @Override
  public void begin(Http2Headers head) {
    throw noResponse();
  }

  @Override
  public void write(byte[] body, boolean last) {
    throw noResponse();
  }

  @Override
  public void abort() {
    throw noResponse();
  }

  private static UnsupportedOperationException noResponse() {
    return new UnsupportedOperationException("the call of a resumable stream has no response");
  }
}
