package dev.holdfast.gateway.http2.codec;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http2.Http2Exception;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Our codec and Netty's in the same role, which are told the same bytes and must do the same with
 * them: what they pass on, what they send, and which error ends a stream or the connection.
 */
abstract class CodecPair implements AutoCloseable {
  private static final int SHOWN_BYTES = 64;

  private static final Pattern BLANK_FIRST = Pattern.compile("character 0x(20|9) at index 0");
  private static final Pattern GOAWAY = Pattern.compile("G\\d+ after \\d+");

  private boolean differs;

  /** The differences between the two codecs that are known and meant. */
  private boolean mayDiffer() {
    // Push is switched off; Netty reads a promise before it refuses it (RFC 9113, 8.4).
    boolean push = ourReason().contains("PUSH_PROMISE");
    // Netty lets a server open streams by HEADERS alone (but: RFC 9113, 5.1.1).
    boolean opened = ourReason().contains("can't be opened by a server");
    // Our codec strips the whitespace before a value, for which Netty refuses it (8.2.1).
    boolean stripped = BLANK_FIRST.matcher(theirReason()).find();
    // SETTINGS are not those of one stream, which Netty resets (but: RFC 9113, 6.9.2).
    boolean settings = ourReason().contains("SETTINGS make the window");
    return push
        || opened
        || stripped
        || settings
        || (isGone() && end(ours()).equals(end(theirs())));
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
    return new Servers();
  }

  /** A pair of clients without a request. */
  static CodecPair ofClients() throws Http2Exception {
    return new Clients();
  }

  abstract void feedBoth(ByteBuf bytes) throws Exception;

  abstract String ours();

  abstract String theirs();

  /** The words of our GOAWAY. */
  abstract String ourReason();

  /** The words of Netty's GOAWAY or last reset. */
  abstract String theirReason();

  /** Whether Netty's has sent GOAWAY, or the two may differ from here on. */
  final boolean isOver() {
    return differs || isGone();
  }

  abstract boolean isGone();

  /** Makes the same request on both, of a client; see {@link CodecClient#request}. */
  abstract boolean request(int bytes);

  @Override
  public abstract void close();

  /**
   * Feeds both, and compares.
   *
   * @param what tells how to replay a failure
   */
  final void feed(byte[] bytes, String what) throws Exception {
    ByteBuf read = Unpooled.wrappedBuffer(bytes);
    feedBoth(read);
    String shown = ByteBufUtil.hexDump(bytes, 0, Math.min(SHOWN_BYTES, bytes.length));
    if (!ours().equals(theirs()) && mayDiffer()) {
      differs = true;
      return;
    }
    require(
        ours().equals(theirs()),
        () ->
            "%s, after %s:%nours '%s' %s%nNetty's '%s' %s"
                .formatted(what, shown, ourReason(), ours(), theirReason(), theirs()));
  }

  /** A failure without a test's library: a fuzzer runs this, too. */
  private static void require(boolean holds, Supplier<String> message) {
    if (!holds) {
      throw new AssertionError(message.get());
    }
  }

  private static final class Servers extends CodecPair {
    private final CodecServer ours = CodecServer.ofOurs();
    private final CodecServer theirs = CodecServer.ofNetty();

    @Override
    void feedBoth(ByteBuf bytes) throws Exception {
      ours.feed(bytes);
      theirs.feed(bytes);
    }

    @Override
    String ours() {
      return ours.story();
    }

    @Override
    String theirs() {
      return theirs.story();
    }

    @Override
    String ourReason() {
      return ours.reason();
    }

    @Override
    String theirReason() {
      return theirs.reason();
    }

    @Override
    boolean isGone() {
      return theirs.isGone();
    }

    @Override
    boolean request(int bytes) {
      return false;
    }

    @Override
    public void close() {
      ours.close();
      theirs.close();
    }
  }

  private static final class Clients extends CodecPair {
    private final CodecClient ours = CodecClient.ofOurs();
    private final CodecClient theirs = CodecClient.ofNetty();

    Clients() throws Http2Exception {}

    @Override
    void feedBoth(ByteBuf bytes) {
      ours.feed(bytes);
      theirs.feed(bytes);
    }

    @Override
    String ours() {
      return ours.story();
    }

    @Override
    String theirs() {
      return theirs.story();
    }

    @Override
    String ourReason() {
      return ours.reason();
    }

    @Override
    String theirReason() {
      return theirs.reason();
    }

    @Override
    boolean isGone() {
      return theirs.isGone();
    }

    @Override
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
  }
}
