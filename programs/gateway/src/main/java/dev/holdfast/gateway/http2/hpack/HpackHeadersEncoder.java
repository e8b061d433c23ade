package dev.holdfast.gateway.http2.hpack;

import dev.holdfast.core.annotation.Limit;
import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.http2.Http2CodecUtil;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2HeadersEncoder;
import io.netty.util.AsciiString;
import java.util.Map.Entry;

/**
 * An encoder of header blocks (RFC 7541) for Netty's writer of frames. {@link HpackIndexingPolicy}
 * decides which fields enter the peer's table. Confined to the event loop of the connection.
 */
public class HpackHeadersEncoder implements Http2HeadersEncoder, Http2HeadersEncoder.Configuration {
  @Limit(
      of = "bytes of the HPACK table that is kept for a peer, however large its own is",
      then = "the oldest fields leave it")
  static final int TABLE_BYTES = 4_096;

  private final boolean ignoresListSize;
  private final HpackIndexingPolicy policy = new HpackIndexingPolicy();
  private final EncoderTable table = new EncoderTable(TABLE_BYTES);
  private long maxHeaderListSize = Http2CodecUtil.MAX_HEADER_LIST_SIZE;

  /** The capacity that the table gets with the next block, which announces it. */
  private int capacity = TABLE_BYTES;

  /** The smallest capacity since the last block, which is announced too (RFC 7541, 4.2). */
  private int smallest = TABLE_BYTES;

  /**
   * @param ignoresListSize whether the largest header list of the peer is not heeded
   */
  public HpackHeadersEncoder(boolean ignoresListSize) {
    this.ignoresListSize = ignoresListSize;
  }

  @Override
  public void encodeHeaders(int streamId, Http2Headers headers, ByteBuf out) throws Http2Exception {
    if (!ignoresListSize) {
      requireListSize(streamId, headers);
    }
    HeaderBlockWriter writer = HeaderBlockWriter.begin();
    if (capacity != table.capacity() || smallest < capacity) {
      writeResizes(writer);
    }
    for (Entry<CharSequence, CharSequence> each : headers) {
      write(writer, AsciiString.of(each.getKey()), AsciiString.of(each.getValue()));
    }
    writer.finish(out);
  }

  @Override
  public Configuration configuration() {
    return this;
  }

  @Override
  public void maxHeaderTableSize(long max) throws Http2Exception {
    HpackHeadersDecoder.requireUnsigned("SETTINGS_HEADER_TABLE_SIZE", max);
    capacity = (int) Math.min(max, TABLE_BYTES);
    smallest = Math.min(smallest, capacity);
  }

  @Override
  public long maxHeaderTableSize() {
    return capacity;
  }

  @Override
  public void maxHeaderListSize(long max) throws Http2Exception {
    HpackHeadersDecoder.requireUnsigned("SETTINGS_MAX_HEADER_LIST_SIZE", max);
    maxHeaderListSize = max;
  }

  @Override
  public long maxHeaderListSize() {
    return maxHeaderListSize;
  }

  /** The size of a header list in bytes, as SETTINGS_MAX_HEADER_LIST_SIZE counts it. */
  public static long listSize(Http2Headers headers) {
    long bytes = 0;
    for (Entry<CharSequence, CharSequence> each : headers) {
      bytes += EncoderTable.sizeOf(each.getKey(), each.getValue());
    }
    return bytes;
  }

  /**
   * The number of changes of the peer's table. Equal headers have equal blocks, and equal blocks
   * mean equal headers, as long as it stays the same.
   */
  protected final long tableChanges() {
    return table.changes();
  }

  private void write(HeaderBlockWriter writer, AsciiString name, AsciiString value) {
    int nameIndex = StaticTable.indexOfName(name);
    if (HpackIndexingPolicy.isSecret(name, value)) {
      writer.neverIndexed(nameIndex, name, value);
      return;
    }
    int index = nameIndex == 0 ? 0 : StaticTable.indexOf(nameIndex, value);
    if (index != 0) {
      writer.indexed(index);
      return;
    }
    int hash = HpackIndexingPolicy.hash(name, value);
    boolean repeated = policy.isRepeated(hash);
    index = table.indexOf(hash, name, value);
    if (index != 0) {
      writer.indexed(index);
    } else if (repeated && EncoderTable.sizeOf(name, value) <= table.capacity()) {
      writer.added(nameIndex, name, value);
      table.add(hash, name, value);
    } else {
      writer.unindexed(nameIndex, name, value);
    }
  }

  private void writeResizes(HeaderBlockWriter writer) {
    if (smallest < Math.min(capacity, table.capacity())) {
      resize(writer, smallest);
    }
    resize(writer, capacity);
    smallest = capacity;
  }

  private void resize(HeaderBlockWriter writer, int newCapacity) {
    writer.resize(newCapacity);
    table.resize(newCapacity);
  }

  private void requireListSize(int streamId, Http2Headers headers) throws Http2Exception {
    if (listSize(headers) > maxHeaderListSize) {
      Http2CodecUtil.headerListSizeExceeded(streamId, maxHeaderListSize, false);
    }
  }
}
