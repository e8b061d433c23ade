package dev.holdfast.gateway.http2.codec;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http2.Http2Exception;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The gateway's connection, with the codec of this process, and Netty's handler in the same role.
 * Both are told the same bytes and must do the same with them: what they pass on, what they send,
 * and which error ends a stream or the connection.
 */
final class CodecPair implements AutoCloseable {
  private static final int SHOWN_BYTES = 64;

  private static final Pattern BLANK_FIRST = Pattern.compile("character 0x(20|9) at index 0");
  private static final Pattern GOAWAY = Pattern.compile("G\\d+ after \\d+");

  private final CodecEnd ours;
  private final CodecEnd theirs;
  private boolean differs;

  private CodecPair(CodecEnd ours, CodecEnd theirs) {
    this.ours = ours;
    this.theirs = theirs;
  }

  /** The differences between the two codecs that are known and meant. */
  private boolean mayDiffer() {
    // Push is switched off; Netty reads a promise before it refuses it (RFC 9113, 8.4).
    boolean push = ours.reason().contains("PUSH_PROMISE");
    // Netty lets a server open streams by HEADERS alone (but: RFC 9113, 5.1.1).
    boolean opened = ours.reason().contains("can't be opened by a server");
    // Our codec strips the whitespace before a value, for which Netty refuses it (8.2.1).
    boolean stripped = BLANK_FIRST.matcher(theirs.reason()).find();
    // SETTINGS are not those of one stream, which Netty resets (but: RFC 9113, 6.9.2).
    boolean settings = ours.reason().contains("SETTINGS make the window");
    return push
        || opened
        || stripped
        || settings
        || (theirs.isGone() && end(ours.story()).equals(end(theirs.story())));
  }

  /**
   * What was seen until the end of a connection, and its GOAWAY: Netty drops answers that wait to
   * be written then.
   */
  private static String end(String story) {
    int sent = story.lastIndexOf(" sent {");
    Matcher goAway = GOAWAY.matcher(story);
    return story.substring(0, sent) + (goAway.find(sent) ? goAway.group() : "");
  }

  /** A pair of servers; the client's preface is theirs to be fed. */
  static CodecPair ofServers() {
    return new CodecPair(CodecServer.ofGateway(), CodecServer.ofNetty());
  }

  /** A pair of clients without a request. */
  static CodecPair ofClients() throws Http2Exception {
    return new CodecPair(CodecClient.ofGateway(), CodecClient.ofNetty());
  }

  /** Whether Netty's has sent GOAWAY, or the two may differ from here on. */
  boolean isOver() {
    return differs || theirs.isGone();
  }

  /** Makes the same request on both, of a client; see {@link CodecClient#request}. */
  boolean request(int bytes) {
    boolean made = theirs.request(bytes);
    require(ours.request(bytes) == made, () -> "only one of the two could make a request");
    return made;
  }

  @Override
  public void close() {
    ours.close();
    theirs.close();
  }

  /**
   * Feeds both, and compares.
   *
   * @param what tells how to replay a failure
   */
  void feed(byte[] bytes, String what) throws Exception {
    ByteBuf read = Unpooled.wrappedBuffer(bytes);
    ours.feed(read);
    theirs.feed(read);
    String shown = ByteBufUtil.hexDump(bytes, 0, Math.min(SHOWN_BYTES, bytes.length));
    if (!ours.story().equals(theirs.story()) && mayDiffer()) {
      differs = true;
      return;
    }
    require(
        ours.story().equals(theirs.story()),
        () ->
            "%s, after %s:%nours '%s' %s%nNetty's '%s' %s"
                .formatted(
                    what, shown, ours.reason(), ours.story(), theirs.reason(), theirs.story()));
  }

  /** A failure without a test's library: a fuzzer runs this, too. */
  private static void require(boolean holds, Supplier<String> message) {
    if (!holds) {
      throw new AssertionError(message.get());
    }
  }
}
