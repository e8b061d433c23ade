package dev.holdfast.gateway.http2.hpack;

import static io.netty.handler.codec.http2.Http2Error.INTERNAL_ERROR;
import static io.netty.handler.codec.http2.Http2Error.PROTOCOL_ERROR;

import dev.holdfast.gateway.headers.ReceivedHeaders;
import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.http2.Http2CodecUtil;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2HeadersDecoder;

/**
 * A decoder of header blocks (RFC 7541) for Netty's reader of frames. It refuses what Netty's own
 * decoder refuses, and takes a third of its time for the headers of gRPC clients: a field is
 * validated once, when it enters the table, and two symbols of Huffman code are decoded at once.
 *
 * <p>Errors: a block that can't be decoded is a connection error of type COMPRESSION_ERROR; a
 * malformed section (RFC 9113, 8.1.1) and one that is too large are stream errors, after the block
 * was decoded as a whole. Confined to the event loop of the connection.
 */
public abstract class HpackHeadersDecoder
    implements Http2HeadersDecoder, Http2HeadersDecoder.Configuration {
  private static final int INDEXED = 0x80;
  private static final int INDEXED_BITS = 7;
  private static final int ADDED = 0x40;
  private static final int ADDED_BITS = 6;
  private static final int RESIZE = 0x20;
  private static final int RESIZE_BITS = 5;
  private static final int LITERAL_BITS = 4;
  private static final int USUAL_FIELDS = 8;

  private final HeaderTable table = new HeaderTable(Http2CodecUtil.DEFAULT_HEADER_TABLE_SIZE);
  private long maxHeaderListSize;
  private long maxHeaderListSizeGoAway;

  /** The largest capacity of the table that the peer may choose. */
  private long maxTableSize = Http2CodecUtil.DEFAULT_HEADER_TABLE_SIZE;

  /** The number of fields in the headers that were decoded last. */
  private int lastSize = USUAL_FIELDS;

  /** Whether the peer has to begin its next block with a smaller capacity (RFC 7541, 4.2). */
  private boolean awaitsResize;

  /**
   * @param maxHeaderListSize the largest header list in bytes (RFC 9113, 6.5.2)
   * @param maxHeaderListSizeGoAway the largest header list in bytes that is read although it is too
   *     large; beyond it, the connection is closed
   */
  public HpackHeadersDecoder(long maxHeaderListSize, long maxHeaderListSizeGoAway) {
    this.maxHeaderListSize = maxHeaderListSize;
    this.maxHeaderListSizeGoAway = maxHeaderListSizeGoAway;
  }

  @Override
  public Http2Headers decodeHeaders(int streamId, ByteBuf block) throws Http2Exception {
    ReceivedHeaders headers = newHeaders(lastSize);
    FieldSection section = new FieldSection(headers, maxHeaderListSize);
    HeaderBlockReader reader = new HeaderBlockReader(block);
    readResizes(reader);
    while (!reader.isAtEnd()) {
      section.add(readField(reader));
    }
    if (section.isTooLarge()) {
      Http2CodecUtil.headerListSizeExceeded(streamId, maxHeaderListSize, true);
    }
    String fault = section.fault();
    if (fault != null) {
      throw Http2Exception.streamError(streamId, PROTOCOL_ERROR, "%s", fault);
    }
    if (section.isPlain()) {
      headers.markPlain();
    }
    lastSize = headers.size();
    return headers;
  }

  /**
   * Creates the headers that take the fields of a block, which are validated already.
   *
   * @param sizeHint a likely number of fields
   */
  protected abstract ReceivedHeaders newHeaders(int sizeHint);

  @Override
  public Configuration configuration() {
    return this;
  }

  @Override
  public void maxHeaderTableSize(long max) throws Http2Exception {
    requireUnsigned("SETTINGS_HEADER_TABLE_SIZE", max);
    maxTableSize = max;
    if (max < table.capacity()) {
      awaitsResize = true;
      table.resize(max);
    }
  }

  @Override
  public long maxHeaderTableSize() {
    return table.capacity();
  }

  @Override
  public void maxHeaderListSize(long max, long goAwayMax) throws Http2Exception {
    requireUnsigned("SETTINGS_MAX_HEADER_LIST_SIZE", max);
    if (goAwayMax < max) {
      throw Http2Exception.connectionError(
          INTERNAL_ERROR, "maxHeaderListSizeGoAway: %d (expected: >= %d)", goAwayMax, max);
    }
    maxHeaderListSize = max;
    maxHeaderListSizeGoAway = goAwayMax;
  }

  @Override
  public long maxHeaderListSize() {
    return maxHeaderListSize;
  }

  @Override
  public long maxHeaderListSizeGoAway() {
    return maxHeaderListSizeGoAway;
  }

  /**
   * The number of changes of the dynamic table. Equal bytes mean equal headers as long as it stays
   * the same.
   */
  protected final long tableChanges() {
    return table.changes();
  }

  private void readResizes(HeaderBlockReader reader) throws Http2Exception {
    while (!reader.isAtEnd() && isResize(reader.peek())) {
      int size = reader.integer(RESIZE_BITS);
      if (size > maxTableSize) {
        throw HeaderBlockReader.malformed(
            "the table's size: " + size + " (expected: <= " + maxTableSize + ")");
      }
      awaitsResize = false;
      table.resize(size);
    }
    if (awaitsResize && !reader.isAtEnd()) {
      throw HeaderBlockReader.malformed("the table's size was reduced, which it does not follow");
    }
  }

  private static boolean isResize(int first) {
    return (first & (INDEXED | ADDED | RESIZE)) == RESIZE;
  }

  private HeaderField readField(HeaderBlockReader reader) throws Http2Exception {
    int first = reader.peek();
    if ((first & INDEXED) != 0) {
      return field(reader.integer(INDEXED_BITS));
    }
    if (isResize(first)) {
      throw HeaderBlockReader.malformed("the table's size changes after the first field");
    }
    boolean added = (first & ADDED) != 0;
    int index = reader.integer(added ? ADDED_BITS : LITERAL_BITS);
    FieldName name = index == 0 ? new FieldName(reader.string()) : field(index).name();
    HeaderField field = new HeaderField(name, reader.string());
    if (added) {
      table.add(field);
    }
    return field;
  }

  private HeaderField field(int index) throws Http2Exception {
    HeaderField known = table.get(index);
    if (known == null) {
      throw HeaderBlockReader.malformed("there is no field of index " + index);
    }
    return known;
  }

  static void requireUnsigned(String what, long value) throws Http2Exception {
    if (value < 0 || value > Http2CodecUtil.MAX_UNSIGNED_INT) {
      throw Http2Exception.connectionError(
          PROTOCOL_ERROR,
          "%s: %d (expected: 0 to %d)",
          what,
          value,
          Http2CodecUtil.MAX_UNSIGNED_INT);
    }
  }
}
