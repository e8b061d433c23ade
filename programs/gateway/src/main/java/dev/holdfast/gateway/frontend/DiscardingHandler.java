package dev.holdfast.gateway.frontend;

import dev.holdfast.gateway.call.HttpExchange;
import dev.holdfast.gateway.call.HttpRequestHandler;
import io.netty.buffer.ByteBuf;

/** Handler that discards the rest of a request that was answered already. */
record DiscardingHandler(HttpExchange web) implements HttpRequestHandler {
  @Override
  public void onData(ByteBuf data, int bytes, boolean end) {
    web.giveBack(bytes);
  }

  @Override
  public void onGone() {}

  @Override
  public void onWritable() {}

  @Override
  public void onLeave() {}
}
