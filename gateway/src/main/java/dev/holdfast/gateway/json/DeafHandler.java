package dev.holdfast.gateway.json;

import dev.holdfast.gateway.http2.WebExchange;
import dev.holdfast.gateway.http2.WebHandler;
import io.netty.buffer.ByteBuf;

/** Takes the rest of a request that has its answer. */
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
