package dev.holdfast.gateway.http2.codec;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.DefaultHttp2HeadersEncoder;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2Headers;
import java.util.Random;

/** A server that mostly answers as servers do, and sometimes as none should. */
final class RandomAnswers {
  private static final int END_STREAM = 1;
  private static final int END_HEADERS = 4;
  private static final int PADDED = 8;

  private final Random random;
  private final DefaultHttp2HeadersEncoder encoder = new DefaultHttp2HeadersEncoder();

  RandomAnswers(Random random) {
    this.random = random;
  }

  /**
   * The next frame, or the frames of one block of headers.
   *
   * @param requests made so far; their streams are 3, 5, 7 and so on
   */
  ByteBuf next(int requests) throws Http2Exception {
    int last = 1 + 2 * requests;
    int id = random.nextInt(300) == 0 ? last + 2 : Math.max(3, last - 2 * random.nextInt(5));
    int what = random.nextInt(100);
    if (what < 30) {
      return headers(id, head(), random.nextInt(6) == 0);
    } else if (what < 60) {
      return data(id);
    } else if (what < 75) {
      return headers(id, new DefaultHttp2Headers().add("grpc-status", "0"), some(9));
    } else if (what < 79) {
      return frame(3, 0, id, 4).writeInt(random.nextInt(14));
    } else if (what < 87) {
      int to = some(5) ? 0 : id;
      int most = random.nextInt(40) == 0 ? Integer.MAX_VALUE : 50_000;
      return frame(8, 0, to, 4).writeInt(1 + random.nextInt(most));
    } else if (what < 90) {
      return frame(6, random.nextInt(2), 0, 8).writeLong(random.nextLong());
    } else if (what < 93) {
      return frame(4, 0, 0, 6)
          .writeShort(some(5) ? 4 : 5)
          .writeInt(16_384 + random.nextInt(100_000));
    } else if (what < 95) {
      return frame(2, 0, id, 5).writeInt(0).writeByte(7);
    } else if (what < 96) {
      return frame(7, 0, 0, 8).writeInt(last).writeInt(0);
    } else if (what < 99 || some(7)) {
      return frame(0x42, random.nextInt(256), id, 3).writeMedium(0);
    }
    return wrong(id, last);
  }

  private Http2Headers head() {
    Http2Headers headers = new DefaultHttp2Headers(false).status("200");
    headers.add("content-type", "application/grpc");
    switch (random.nextInt(14)) {
      case 0 -> headers.status("100");
      case 1 -> headers.remove(":status");
      case 2 -> headers.add("content-length", Integer.toString(random.nextInt(3_000)));
      case 3 -> headers.add("content-length", "x");
      case 4 -> headers.add("connection", "close");
      case 5 -> headers.path("/");
      case 6 -> headers.add("x-other", Integer.toString(random.nextInt(50)));
      default -> {}
    }
    return headers;
  }

  private ByteBuf data(int id) {
    byte[] payload = new byte[random.nextInt(5) == 0 ? 0 : random.nextInt(3_000)];
    random.nextBytes(payload);
    int end = random.nextInt(8) == 0 ? END_STREAM : 0;
    if (some(8)) {
      return frame(0, end, id, payload.length).writeBytes(payload);
    }
    int padding = random.nextInt(20);
    return frame(0, end | PADDED, id, payload.length + 1 + padding)
        .writeByte(padding)
        .writeBytes(payload)
        .writeZero(padding);
  }

  private ByteBuf wrong(int id, int last) {
    return switch (random.nextInt(9)) {
      case 0 -> frame(0, 0, 0, 1).writeByte(0);
      case 1 -> frame(8, 0, 0, 3).writeMedium(1);
      case 2 -> frame(9, END_HEADERS, last, 1).writeByte(0x88);
      case 3 -> frame(0, 0, last, 16_385).writeZero(16_385);
      case 4 -> frame(2, 0, id, 4).writeInt(0);
      case 5 -> frame(1, END_HEADERS, id, 1).writeByte(0xff);
      case 6 -> frame(0, PADDED, id, 2).writeByte(9).writeByte(0);
      case 7 -> frame(8, 0, 0, 4).writeInt(0);
      default -> frame(1, END_HEADERS, last + 2, 1).writeByte(0x88);
    };
  }

  private ByteBuf headers(int id, Http2Headers headers, boolean end) throws Http2Exception {
    ByteBuf block = Unpooled.buffer();
    encoder.encodeHeaders(id, headers, block);
    int flags = end ? END_STREAM : 0;
    if (some(2) && block.readableBytes() > 1) {
      int first = 1 + random.nextInt(block.readableBytes() - 1);
      ByteBuf both = frame(1, flags, id, first).writeBytes(block, first);
      return both.writeBytes(frame(9, END_HEADERS, id, block.readableBytes()).writeBytes(block));
    }
    return frame(1, flags | END_HEADERS, id, block.readableBytes()).writeBytes(block);
  }

  /** In so many of ten cases. */
  private boolean some(int tenths) {
    return random.nextInt(10) < tenths;
  }

  private static ByteBuf frame(int type, int flags, int id, int length) {
    return Unpooled.buffer().writeMedium(length).writeByte(type).writeByte(flags).writeInt(id);
  }
}
