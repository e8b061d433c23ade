package dev.holdfast.gateway.resume;

import dev.holdfast.core.annotation.Limit;
import dev.holdfast.gateway.headers.CallEnd;
import dev.holdfast.transcoding.status.GrpcStatusCode;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.channel.ChannelHandler;
import io.netty.handler.codec.LengthFieldBasedFrameDecoder;
import io.netty.handler.codec.LengthFieldPrepender;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.Http2Headers;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/**
 * The frames between a gateway that a reader came to and the one that has the reader's stream: four
 * bytes of length, one of the kind, then the fields. One connection is one reader; its end is the
 * reader's, or that of the gateway with the stream.
 */
enum RelayFrame {
  /** From the reader, first of all: version, id, position, path and digests. */
  ATTACH('A'),
  /** From the reader: the number of messages that it takes. */
  DEMAND('D'),
  /** From the reader: a message of the client. */
  REQUEST('R'),
  /** From the reader: the client sends no more. */
  HALF_CLOSE('C'),
  /** From the reader: the position up to which the client has processed everything. */
  ACKNOWLEDGE('K'),
  /** To the reader: no stream with this id and this key is here. */
  UNKNOWN('U'),
  /** To the reader: its position, the client's messages that arrived, and the TTL. */
  ATTACHED('a'),
  /** To the reader: the response headers. */
  HEADERS('h'),
  /** To the reader: the position of a message, and the message. */
  MESSAGE('m'),
  /** To the reader: bytes of the client's messages that left. */
  SENT('s'),
  /** To the reader: the call was given up. */
  GIVEN_UP('g'),
  /** To the reader, last of all: what the end is, and the end. */
  END('e');

  /** The version of all frames. */
  static final int VERSION = 1;

  @Limit(
      of = "bytes of a message that a gateway passes on to the one that took its place",
      then = "the reader's connection ends; the stream is kept")
  static final int MAX_BYTES = 64 << 20;

  private static final int LENGTH_BYTES = 4;

  private final char letter;

  RelayFrame(char letter) {
    this.letter = letter;
  }

  /** Splits a connection into frames. */
  static ChannelHandler decoder() {
    return new LengthFieldBasedFrameDecoder(MAX_BYTES, 0, LENGTH_BYTES, 0, LENGTH_BYTES);
  }

  /** Writes the length before each frame. */
  static ChannelHandler encoder() {
    return new LengthFieldPrepender(LENGTH_BYTES);
  }

  /**
   * Reads the kind of a frame.
   *
   * @throws IllegalArgumentException for no known one
   */
  static RelayFrame read(ByteBuf frame) {
    char letter = (char) frame.readUnsignedByte();
    for (RelayFrame each : values()) {
      if (each.letter == letter) {
        return each;
      }
    }
    throw new IllegalArgumentException("frame: " + (int) letter + " (expected: a known kind)");
  }

  /** Begins a frame. */
  ByteBuf write(ByteBuf frame) {
    return frame.writeByte(letter);
  }

  static void writeBytes(ByteBuf frame, byte[] bytes) {
    frame.writeInt(bytes.length).writeBytes(bytes);
  }

  static byte[] readBytes(ByteBuf frame) {
    int length = frame.readInt();
    return ByteBufUtil.getBytes(frame.readSlice(length));
  }

  static void writeText(ByteBuf frame, CharSequence text) {
    writeBytes(frame, text.toString().getBytes(StandardCharsets.UTF_8));
  }

  static String readText(ByteBuf frame) {
    return new String(readBytes(frame), StandardCharsets.UTF_8);
  }

  static void writeHeaders(ByteBuf frame, Http2Headers headers) {
    frame.writeInt(headers.size());
    for (Map.Entry<CharSequence, CharSequence> each : headers) {
      writeText(frame, each.getKey());
      writeText(frame, each.getValue());
    }
  }

  static Http2Headers readHeaders(ByteBuf frame) {
    Http2Headers headers = new DefaultHttp2Headers(false);
    for (int left = frame.readInt(); left > 0; left--) {
      String name = readText(frame);
      headers.add(name, readText(frame));
    }
    return headers;
  }

  static void writeEnd(ByteBuf frame, CallEnd end) {
    frame.writeInt(end.status().number());
    writeText(frame, end.message());
    writeHeaders(frame, end.trailers());
  }

  static CallEnd readEnd(ByteBuf frame) {
    GrpcStatusCode status = GrpcStatusCode.of(frame.readInt());
    String message = readText(frame);
    return new CallEnd(status, message, readHeaders(frame));
  }
}
