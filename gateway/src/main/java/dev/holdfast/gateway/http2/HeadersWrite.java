package dev.holdfast.gateway.http2;

import io.netty.channel.DefaultChannelPromise;

/**
 * The write of a request's headers: as long as it has not succeeded, not all of them left this
 * machine and nobody can have processed them.
 */
final class HeadersWrite extends DefaultChannelPromise {
  HeadersWrite(FrameConnection to) {
    super(to.channel(), to.context().executor());
  }
}
