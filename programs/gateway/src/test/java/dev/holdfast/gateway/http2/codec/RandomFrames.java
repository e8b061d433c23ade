package dev.holdfast.gateway.http2.codec;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.DefaultHttp2HeadersEncoder;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2Headers;
import java.util.Random;

/** A client that mostly does what a client does, and sometimes what none should. */
final class RandomFrames {
  private static final int END_STREAM = 1;
  private static final int END_HEADERS = 4;
  private static final int PADDED = 8;
  private static final int PRIORITY = 32;

  private final Random random;
  private final DefaultHttp2HeadersEncoder encoder = new DefaultHttp2HeadersEncoder();
  private int last = 1;

  RandomFrames(Random random) {
    this.random = random;
  }

  /** The next frame, or the frames of one block of headers. */
  ByteBuf next() throws Http2Exception {
    int what = random.nextInt(100);
    if (what < 35) {
      last += 2;
      return headers(last, request(), random.nextInt(4) == 0);
    } else if (what < 65) {
      return data();
    } else if (what < 72) {
      return headers(someStream(), new DefaultHttp2Headers().add("x-last", "1"), some(9));
    } else if (what < 78) {
      return frame(3, 0, someStream()).writeInt(random.nextInt(14));
    } else if (what < 88) {
      return update();
    } else if (what < 91) {
      return frame(6, random.nextInt(2), 0, 8).writeLong(random.nextLong());
    } else if (what < 94) {
      return frame(4, 0, 0, 6)
          .writeShort(some(5) ? 4 : 5)
          .writeInt(16_384 + random.nextInt(100_000));
    } else if (what < 96) {
      return frame(2, 0, someStream(), 5).writeInt(0).writeByte(7);
    } else if (what < 99 || some(7)) {
      return frame(0x42, random.nextInt(256), someStream(), 3).writeMedium(0);
    }
    return wrong();
  }

  /** A request as it should be, that goes on. */
  ByteBuf request(int id) throws Http2Exception {
    ByteBuf block = Unpooled.buffer();
    Http2Headers headers = new DefaultHttp2Headers();
    encoder.encodeHeaders(
        id, headers.method("POST").scheme("http").path("/a.B/C").authority("a"), block);
    return frame(1, END_HEADERS, id, block.readableBytes()).writeBytes(block);
  }

  private ByteBuf data() {
    int length = random.nextInt(5) == 0 ? 0 : random.nextInt(3_000);
    int padding = some(2) ? random.nextInt(20) : -1;
    int end = some(3) ? END_STREAM : 0;
    if (padding < 0) {
      return frame(0, end, someStream(), length).writeBytes(payload(length));
    }
    return frame(0, end | PADDED, someStream(), length + 1 + padding)
        .writeByte(padding)
        .writeBytes(payload(length))
        .writeZero(padding);
  }

  private byte[] payload(int length) {
    byte[] payload = new byte[length];
    random.nextBytes(payload);
    return payload;
  }

  private ByteBuf update() {
    int id = some(5) ? 0 : someStream();
    boolean odd = random.nextInt(40) == 0;
    int most = odd ? Integer.MAX_VALUE : 50_000;
    return frame(8, 0, id).writeInt(odd && some(5) ? 0 : 1 + random.nextInt(most));
  }

  private ByteBuf wrong() {
    return switch (random.nextInt(8)) {
      case 0 -> frame(0, 0, 0, 1).writeByte(0);
      case 1 -> frame(8, 0, 0, 3).writeMedium(1);
      case 2 -> frame(9, END_HEADERS, last, 1).writeByte(0x88);
      case 3 -> frame(0, 0, last, 16_385).writeZero(16_385);
      case 4 -> frame(5, END_HEADERS, last, 5).writeInt(2).writeByte(0x88);
      case 5 -> frame(1, END_HEADERS, last + 2, 1).writeByte(0xff);
      case 6 -> frame(0, PADDED, last, 2).writeByte(9).writeByte(0);
      default -> frame(1, END_HEADERS, last + 1, 1).writeByte(0x82);
    };
  }

  private Http2Headers request() {
    Http2Headers headers = new DefaultHttp2Headers(false);
    headers.method("POST").scheme("http").path("/a.B/C" + random.nextInt(3)).authority("a");
    headers.add("content-type", "application/grpc");
    switch (random.nextInt(16)) {
      case 0 -> headers.remove(":path");
      case 1 -> headers.method("CONNECT");
      case 2 -> headers.add("content-length", Integer.toString(random.nextInt(3_000)));
      case 3 -> headers.add("content-length", "0");
      case 4 -> headers.add("content-length", "x");
      case 5 -> headers.add("connection", "close");
      case 6 -> headers.add("x-other", Integer.toString(random.nextInt(50)));
      default -> headers.add("te", "trailers");
    }
    return headers;
  }

  private ByteBuf headers(int id, Http2Headers headers, boolean end) throws Http2Exception {
    ByteBuf block = Unpooled.buffer();
    encoder.encodeHeaders(id, headers, block);
    int flags = end ? END_STREAM : 0;
    if (some(2)) {
      int padding = random.nextInt(9);
      int length = block.readableBytes() + 1 + padding;
      return frame(1, flags | END_HEADERS | PADDED, id, length)
          .writeByte(padding)
          .writeBytes(block)
          .writeZero(padding);
    } else if (some(2)) {
      return frame(1, flags | END_HEADERS | PRIORITY, id, block.readableBytes() + 5)
          .writeInt(0)
          .writeByte(15)
          .writeBytes(block);
    } else if (some(2) && block.readableBytes() > 1) {
      int first = 1 + random.nextInt(block.readableBytes() - 1);
      ByteBuf both = frame(1, flags, id, first).writeBytes(block, first);
      return both.writeBytes(frame(9, END_HEADERS, id, block.readableBytes()).writeBytes(block));
    }
    return frame(1, flags | END_HEADERS, id, block.readableBytes()).writeBytes(block);
  }

  private int someStream() {
    return random.nextInt(300) == 0 ? last + 2 : Math.max(3, last - 2 * random.nextInt(6));
  }

  /** In so many of ten cases. */
  private boolean some(int tenths) {
    return random.nextInt(10) < tenths;
  }

  private static ByteBuf frame(int type, int flags, int id) {
    return frame(type, flags, id, Integer.BYTES);
  }

  private static ByteBuf frame(int type, int flags, int id, int length) {
    return Unpooled.buffer().writeMedium(length).writeByte(type).writeByte(flags).writeInt(id);
  }
}
