package dev.holdfast.gateway.frontend.codec;

import dev.holdfast.gateway.call.HttpExchange;
import dev.holdfast.gateway.headers.ClientIdentity;
import dev.holdfast.gateway.limits.MemoryAccount;
import dev.holdfast.gateway.loop.ForwardingLoop;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.Http2Headers;
import org.jspecify.annotations.Nullable;

/** A simulated request whose response is checked as it is written. */
final class SimulatedExchange implements HttpExchange {
  private final FrontendCallSimulation world;
  private final ForwardingLoop loop;
  private final Http2Headers headers;
  private final MemoryAccount memory;
  boolean writable = true;
  boolean gone;
  boolean begun;
  boolean ended;

  /** Bytes of the body that the handler has not given back. */
  int owedBytes;

  SimulatedExchange(FrontendCallSimulation world, ForwardingLoop loop, String method, String path) {
    this.world = world;
    this.loop = loop;
    this.headers = new DefaultHttp2Headers().method(method).path(path);
    this.memory = loop.memory().ownAccount();
  }

  @Override
  public Http2Headers headers() {
    return headers;
  }

  @Override
  public ForwardingLoop loop() {
    return loop;
  }

  @Override
  public ClientIdentity clientIdentity() {
    return ClientIdentity.UNKNOWN;
  }

  @Override
  public MemoryAccount memory() {
    return memory;
  }

  @Override
  public boolean isDuplex() {
    return true;
  }

  @Override
  public void giveBack(int bytes) {
    owedBytes -= bytes;
    world.require(
        FrontendGuarantee.FRONTEND_RELEASES_ALL, owedBytes >= 0, "gives back more than came");
  }

  @Override
  public void answer(Http2Headers head, byte[] body) {
    requireOpen("answers");
    world.require(FrontendGuarantee.FRONTEND_ENDS_ONCE, !begun, "answers after the head");
    ended = true;
  }

  @Override
  public void begin(Http2Headers head) {
    requireOpen("begins");
    world.require(FrontendGuarantee.FRONTEND_ENDS_ONCE, !begun, "begins twice");
    begun = true;
  }

  @Override
  public void write(byte[] body, boolean last) {
    requireOpen("writes");
    world.require(FrontendGuarantee.FRONTEND_ENDS_ONCE, begun, "writes before the head");
    ended = last;
    if (!last && world.chance(4)) {
      writable = false;
    }
  }

  @Override
  public boolean isWritable() {
    return writable;
  }

  @Override
  public void abort() {
    requireOpen("aborts");
    ended = true;
  }

  @Override
  public CharSequence path() {
    return headers.path();
  }

  @Override
  public CharSequence authority() {
    return "x";
  }

  @Override
  public @Nullable CharSequence header(CharSequence name) {
    return headers.get(name);
  }

  private void requireOpen(String what) {
    world.require(FrontendGuarantee.FRONTEND_ENDS_ONCE, !ended, what + " after the end");
    world.require(FrontendGuarantee.FRONTEND_ENDS_ONCE, !gone, what + " though the client is gone");
  }
}
