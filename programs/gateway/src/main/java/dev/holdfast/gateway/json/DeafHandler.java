package dev.holdfast.gateway.json;

import dev.holdfast.gateway.http2.WebExchange;
import dev.holdfast.gateway.http2.WebHandler;
import io.netty.buffer.ByteBuf;

/** Handler that discards the rest of a request that was answered already. */
record DeafHandler(WebExchange web) implements WebHandler {
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
