package dev.holdfast.gateway.http2.codec;

import static dev.holdfast.gateway.http2.codec.CaseFrames.END_STREAM;
import static dev.holdfast.gateway.http2.codec.CaseFrames.block;
import static dev.holdfast.gateway.http2.codec.CaseFrames.headers;
import static dev.holdfast.gateway.http2.codec.CaseFrames.settings;
import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.gateway.http2.codec.CaseConnection.Feeding;
import io.netty.buffer.ByteBufUtil;
import io.netty.handler.codec.http2.Http2CodecUtil;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A header block announces the table sizes that the peer's SETTINGS had (RFC 7541, 4.2). */
class HeaderTableSizeTest {
  private static final byte[] REQUEST =
      block(":method", "POST", ":scheme", "http", ":path", CaseConnection.ANSWERED_PATH);

  /** The field :status 200, as the codec of our own and as Netty's writes it. */
  private static final String INDEXED_200 = "88";

  private static final String LITERAL_200 = "1803323030";

  /** Updates to 0, 100 and 4,096 are 20, 3f45 and 3fe11f. */
  @ParameterizedTest
  @CsvSource({
    "'100, 4096', 3f453fe11f",
    "'0, 4096', 203fe11f",
    "'4096, 0, 100, 4096', 203fe11f",
    "'4096, 100', 3f45",
    "'100, 100', 3f45",
    "'0', 20",
    "'4096', ''",
  })
  void blockAnnouncesTheSmallestSizeAndTheLast(String sizes, String updates) throws Exception {
    long[] values =
        List.of(sizes.split(", ")).stream()
            .flatMapToLong(
                size ->
                    LongStream.of(Http2CodecUtil.SETTINGS_HEADER_TABLE_SIZE, Long.parseLong(size)))
            .toArray();
    for (Feeding feeding : List.of(Feeding.WHOLE, Feeding.BYTE_BY_BYTE, Feeding.PAST_PIPELINE)) {
      try (CaseConnection connection = new CaseConnection(true, feeding)) {
        connection.feed(ByteBufUtil.getBytes(Http2CodecUtil.connectionPrefaceBuf()));
        connection.feed(settings(values));
        connection.feed(headers(1, END_STREAM, REQUEST));
        assertThat(ByteBufUtil.hexDump(connection.sentBlock()))
            .as("%s", feeding)
            .isIn(updates + INDEXED_200, updates + LITERAL_200);
      }
    }
  }
}
